using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

/// <summary>A request for access whose user has not decided yet. Immutable; kept in memory only.</summary>
public sealed record PendingRequest
{
    public required string Client { get; init; }

    public required string RedirectUri { get; init; }

    public required ScopeSet Scopes { get; init; }

    /// <summary>The challenge of PKCE, made with S256.</summary>
    public required string CodeChallenge { get; init; }

    public string? State { get; init; }

    public string? Nonce { get; init; }

    /// <summary>The id of the launch, as the client sent it.</summary>
    public string? LaunchId { get; init; }

    public LaunchContext Launch { get; init; } = LaunchContext.None;

    /// <summary>Thumbprint of the key to which the code shall be bound, <c>dpop_jkt</c>.</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary>Words of <c>prompt</c>.</summary>
    public IReadOnlyList<string> Prompt { get; init; } = [];

    public TimeSpan? MaxAge { get; init; }

    public string? LoginHint { get; init; }

    /// <summary>The account that logged in for it.</summary>
    public string? Account { get; init; }
}
