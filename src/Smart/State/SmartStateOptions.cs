namespace HealthChain.Smart.State;

/// <summary>How long things live at the authorisation server, and how many of them there may be.</summary>
public sealed record SmartStateOptions
{
    /// <summary>From the redirect to the app until the app must have come with the code.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A refresh token that nobody used for so long is dead.</summary>
    public TimeSpan RefreshIdleLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long access lasts that the user gave for good (<c>offline_access</c>); then the app must ask again.</summary>
    public TimeSpan OfflineLifetime { get; init; } = TimeSpan.FromDays(180);

    /// <summary>How long access lasts at most that ends with the user's session (<c>online_access</c>).</summary>
    public TimeSpan OnlineLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>From the start of an app out of a health record until it must have begun to ask for access.</summary>
    public TimeSpan LaunchLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A session at the login pages ends when nothing was done in it for so long (45 CFR 164.312(a)(2)(iii)).</summary>
    public TimeSpan SessionIdleLifetime { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>A client that registered itself and was never given anything is forgotten after that.</summary>
    public TimeSpan UnusedRegistrationLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Clients that registered themselves and were never given anything; further ones are refused.</summary>
    public int MostUnusedRegistrations { get; init; } = 1_000;

    /// <summary>Families of tokens that one user's authorisation of one client may have at a time; a further one ends the oldest.</summary>
    public int MostFamiliesPerAuthorisation { get; init; } = 20;

    /// <summary>Access tokens of one family that live at a time; a further one ends the oldest.</summary>
    public int MostTokensPerFamily { get; init; } = 8;
}
