using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

/// <summary>What a user decided to give to a client.</summary>
public sealed record CodeRequest
{
    public required string Client { get; init; }

    public required string Account { get; init; }

    public required string RedirectUri { get; init; }

    /// <summary>The challenge of PKCE, made with S256.</summary>
    public required string CodeChallenge { get; init; }

    /// <summary>What was given: nothing that comes of the code is ever wider.</summary>
    public required ScopeSet Scopes { get; init; }

    public required DateTimeOffset Authenticated { get; init; }

    /// <summary>The cookie of the session in which the user decided; access that lasts while the user is online ends with it.</summary>
    public string? Session { get; init; }

    public LaunchContext Launch { get; init; } = LaunchContext.None;

    /// <summary>The id of the launch, which is used up by this.</summary>
    public string? LaunchId { get; init; }

    public string? Nonce { get; init; }

    /// <summary>Thumbprint of the key to which the code is bound.</summary>
    public string? KeyThumbprint { get; init; }

    public string? Purpose { get; init; }
}

/// <summary>A client that comes with a code.</summary>
/// <param name="Client">The client, authenticated if it is confidential.</param>
/// <param name="KeyThumbprint">Thumbprint of the key whose possession it proved.</param>
public sealed record CodeRedemption(string Client, string Code, string RedirectUri, string CodeVerifier, string? KeyThumbprint = null);

/// <summary>A client that comes with a refresh token.</summary>
/// <param name="Client">The client, authenticated if it is confidential; null when a public one did not say which it is.</param>
/// <param name="Scopes">What it wants now; null for all that it has.</param>
/// <param name="KeyThumbprint">Thumbprint of the key whose possession it proved.</param>
public sealed record RefreshRequest(string? Client, string Token, ScopeSet? Scopes = null, string? KeyThumbprint = null);

/// <summary>A system that asks for itself.</summary>
/// <param name="Client">The client, authenticated.</param>
/// <param name="Scopes">What it is to get; the caller has seen to it that the client may have it.</param>
public sealed record SystemRequest(string Client, ScopeSet Scopes, string? KeyThumbprint = null);

/// <summary>Tokens for a client. They are nowhere else in clear.</summary>
public sealed record IssuedTokens(string AccessToken, AccessGrant Grant)
{
    public required TimeSpan Lifetime { get; init; }

    public string? RefreshToken { get; init; }

    /// <summary>What the client sent with its request for the code, for the identity token; null after a refresh.</summary>
    public string? Nonce { get; init; }

    /// <summary>When the user logged in; null for a system.</summary>
    public DateTimeOffset? Authenticated { get; init; }
}

/// <summary>What a token is good for, for whoever may ask.</summary>
/// <param name="Grant">For a refresh token: what the access tokens may have that come of it.</param>
public sealed record Introspection(AccessGrant Grant, bool IsRefreshToken);

/// <summary>What came of a client's wish to revoke a token.</summary>
public enum RevocationOutcome
{
    Revoked,

    /// <summary>There is no such token, or none any more; the client is told that all is well.</summary>
    Unknown,

    /// <summary>It is another client's, and lives on.</summary>
    NotYours,
}
