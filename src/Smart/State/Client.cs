using HealthChain.Smart.Jose;

namespace HealthChain.Smart.State;

/// <summary>How a client proves who it is.</summary>
public enum ClientKind : byte
{
    /// <summary>It cannot keep a secret: apps in browsers and on phones.</summary>
    Public,

    /// <summary>By a secret that it shares with this server.</summary>
    ConfidentialSymmetric,

    /// <summary>By assertions that it signs with a key of its own.</summary>
    ConfidentialAsymmetric,
}

/// <summary>How a client came to be known.</summary>
public enum Registration : byte
{
    /// <summary>By the operator's file; it follows that file.</summary>
    Configured,

    /// <summary>By an administrator.</summary>
    Administrator,

    /// <summary>By itself, https://www.rfc-editor.org/rfc/rfc7591</summary>
    Dynamic,
}

/// <summary>An app or a system that may ask for access. Immutable.</summary>
public sealed record Client
{
    public required string Id { get; init; }

    public required ClientKind Kind { get; init; }

    /// <summary>What users are told it is called.</summary>
    public required string Name { get; init; }

    public Registration Registration { get; init; }

    public DateTimeOffset Registered { get; init; }

    /// <summary>Where users may be sent back to, as <see cref="MaySendBackTo"/> compares them; none for a client without users.</summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    /// <summary>Origins whose pages may call this server from a browser.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Grants that it may use: <c>authorization_code</c>, <c>refresh_token</c>, <c>client_credentials</c>.</summary>
    public IReadOnlyList<string> GrantTypes { get; init; } = [];

    /// <summary>The scopes that it may ask for, separated by spaces.</summary>
    public string AllowedScopes { get; init; } = "";

    /// <summary>SHA-256 of the secret of a symmetric client; the secret is made by this server and has 256 bits, so it needs no slow hash.</summary>
    public byte[]? SecretHash { get; init; }

    /// <summary>Its public keys, a JSON Web Key Set.</summary>
    public string? Jwks { get; init; }

    /// <summary>Where its public keys are published.</summary>
    public string? JwksUri { get; init; }

    /// <summary>On whose behalf it asks for itself, such as <c>Organization/1</c>.</summary>
    public string? Organisation { get; init; }

    /// <summary>In which capacity it asks for itself.</summary>
    public Role Role { get; init; } = Role.Backend;

    /// <summary>What it asks for itself for, a code of PurposeOfUse.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whether its tokens must be bound to a key (https://www.rfc-editor.org/rfc/rfc9449).</summary>
    public bool IsKeyBound { get; init; }

    /// <summary>Whether it belongs to the operator: it may start apps, ask about others' tokens, and its users are not asked for consent.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>A client that is blocked gets nothing, and what it had is revoked.</summary>
    public bool IsBlocked { get; init; }

    internal bool MaySendBackTo(string address) => RedirectUris.Any(registered => RedirectAddress.Fits(registered, address, Kind == ClientKind.Public));
}
