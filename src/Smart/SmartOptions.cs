using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.External;
using HealthChain.Smart.State;

namespace HealthChain.Smart;

/// <summary>Who may register a client over the network (RFC 7591).</summary>
public enum RegistrationMode
{
    Off,

    /// <summary>Who has the registration token.</summary>
    Guarded,

    /// <summary>Everybody; users are told nothing about such an app but what it says of itself.</summary>
    Open,
}

/// <summary>What an operator may set of the authorisation server.</summary>
public sealed record SmartOptions
{
    public bool IsEnabled { get; init; } = true;

    public SmartStateOptions State { get; init; } = new();

    public PasswordOptions Passwords { get; init; } = new();

    public LockoutOptions Lockout { get; init; } = new();

    public RegistrationMode Registration { get; init; } = RegistrationMode.Off;

    /// <summary>The bearer token that opens registration when it is guarded.</summary>
    public string? RegistrationToken { get; init; }

    /// <summary>Whether clients must use a nonce of ours in proofs of possession.</summary>
    public bool DpopNonces { get; init; }

    /// <summary>Whether keys of clients may be fetched from this machine too, for development.</summary>
    public bool MayFetchFromLoopback { get; init; }

    /// <summary>Where users may log in instead of here.</summary>
    public ExternalOptions External { get; init; } = new();

    /// <summary>Failed requests of one address to the token, introspection and revocation endpoints at once, and after that one per second.</summary>
    public int FailuresOfAddress { get; init; } = 60;

    /// <summary>Registrations from one address at once, and after that one per minute.</summary>
    public int RegistrationsOfAddress { get; init; } = 10;
}
