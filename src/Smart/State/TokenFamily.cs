using HealthChain.LedgerProofs;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

/// <summary>What came of one decision of a user, or of one request of a system: first a code, then tokens. Immutable.</summary>
internal sealed record TokenFamily
{
    /// <summary>The hash by which it is found, <see cref="FamilyKey"/>.</summary>
    public required Hash256 Key { get; init; }

    public required string Client { get; init; }

    /// <summary>The account whose owner decided; null for a system.</summary>
    public string? Account { get; init; }

    /// <summary>What no token of the family exceeds.</summary>
    public required ScopeSet Scopes { get; init; }

    public LaunchContext Launch { get; init; } = LaunchContext.None;

    public string? Purpose { get; init; }

    /// <summary>Thumbprint of the key without which nothing of the family can be used.</summary>
    public string? KeyThumbprint { get; init; }

    public DateTimeOffset? Authenticated { get; init; }

    /// <summary>The session with which it ends.</summary>
    public Hash256? Session { get; init; }

    /// <summary>The code, until it is redeemed.</summary>
    public AuthorisationCode? Code { get; init; }

    /// <summary>Hash of the refresh token's second half; null when there is none.</summary>
    public Hash256? Refresh { get; init; }

    /// <summary>Until when the refresh token can be used.</summary>
    public DateTimeOffset RefreshUntil { get; init; }

    /// <summary>Until when the family may last at most.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>When nothing of it can be used any more.</summary>
    public DateTimeOffset Expires { get; init; }
}

/// <summary>A code that nobody has come with. Immutable.</summary>
internal sealed record AuthorisationCode(Hash256 Secret, string RedirectUri, string Challenge, string? Nonce, DateTimeOffset Until);

/// <summary>An access token as it is kept. Immutable.</summary>
/// <param name="Scopes">What it has of the scopes of its family.</param>
internal sealed record AccessToken(Hash256 Hash, Hash256 Family, ScopeSet Scopes, string? KeyThumbprint, DateTimeOffset Expires);

/// <summary>A family and its tokens that live. Changed under the lock of <see cref="SmartState"/>.</summary>
internal sealed class FamilyNode(TokenFamily family)
{
    public TokenFamily Family { get; set; } = family;

    /// <summary>Hashes of its access tokens, the oldest first.</summary>
    public Hash256[] Tokens { get; set; } = [];
}
