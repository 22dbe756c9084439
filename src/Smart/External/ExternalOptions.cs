namespace HealthChain.Smart.External;

/// <summary>Another OpenID provider by which users may sign in, such as that of a hospital or of a country.</summary>
public sealed record ExternalOptions
{
    /// <summary>The provider, as it calls itself; null when users sign in here alone.</summary>
    public string? Issuer { get; init; }

    /// <summary>What users are told it is called.</summary>
    public string Name { get; init; } = "your organisation";

    /// <summary>What we are called there.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>By which we prove who we are there; null to sign with our own ES384 key, for which the provider reads our set of keys.</summary>
    public string? ClientSecret { get; init; }

    public string Scopes { get; init; } = "openid";

    /// <summary>The claim that must equal the external subject of an account. Better left as it is: other claims may pass from one person to another.</summary>
    public string Claim { get; init; } = "sub";

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
