using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.External;
using Of = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.ServerOptions>;

namespace HealthChain.FhirServer.Authorisation;

/// <summary>What an operator may set of the authorisation server; part of <see cref="Settings"/>.</summary>
internal static class SmartTable
{
    private const string Prefix = "HealthChain:Smart:";
    private const int Day = 86_400;

    public static IReadOnlyList<Of> All { get; } =
    [
        Of.Flag(Prefix + "Enabled", "whether this server lets apps and users in by OAuth, at /auth", o => o.Smart.IsEnabled, (o, value) => With(o, o.Smart with { IsEnabled = value })),
        Of.Seconds(Prefix + "AccessTokenLifetime", "how long an access token is good", 30, 3600, o => o.Smart.State.AccessTokenLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { AccessTokenLifetime = value } })),
        Of.Seconds(Prefix + "CodeLifetime", "time for an app to come with its code", 5, 600, o => o.Smart.State.CodeLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { CodeLifetime = value } })),
        Of.Seconds(Prefix + "RefreshIdleLifetime", "a refresh token that is not used for so long is dead", 60, 366 * Day, o => o.Smart.State.RefreshIdleLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { RefreshIdleLifetime = value } })),
        Of.Seconds(Prefix + "OfflineLifetime", "how long access lasts that was given for good (offline_access)", 60, 1_000 * Day, o => o.Smart.State.OfflineLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { OfflineLifetime = value } })),
        Of.Seconds(Prefix + "OnlineLifetime", "how long access lasts at most that ends with the user's session", 60, 30 * Day, o => o.Smart.State.OnlineLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { OnlineLifetime = value } })),
        Of.Seconds(Prefix + "SessionIdle", "a login ends when nothing is done for so long", 60, Day, o => o.Smart.State.SessionIdleLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { SessionIdleLifetime = value } })),
        Of.Seconds(Prefix + "SessionLifetime", "a login ends after so long whatever is done", 60, 30 * Day, o => o.Smart.State.SessionLifetime, (o, value) => With(o, o.Smart with { State = o.Smart.State with { SessionLifetime = value } })),
        Of.Choice(Prefix + "Registration", "who may register an app over the network: nobody, who has the token, or everybody", typeof(RegistrationMode), o => (int)o.Smart.Registration, (o, value) => With(o, o.Smart with { Registration = (RegistrationMode)value })),
        Of.Text(Prefix + "RegistrationToken", "the bearer token that registration needs when it is guarded", "16 or more letters, digits and -._~+/=",
            o => o.Smart.RegistrationToken, (o, value) => With(o, o.Smart with { RegistrationToken = value }), Settings.IsToken) with { IsSecret = true },
        Of.Flag(Prefix + "DpopNonces", "whether proofs of possession need a nonce of this server (RFC 9449, section 8)", o => o.Smart.DpopNonces, (o, value) => With(o, o.Smart with { DpopNonces = value })),
        Of.Flag(Prefix + "FetchFromLoopback", "whether keys of clients (jwks_uri) may be fetched from this machine; for development", o => o.Smart.MayFetchFromLoopback, (o, value) => With(o, o.Smart with { MayFetchFromLoopback = value })),
        Of.Number(Prefix + "PasswordLength", "fewest characters of a password", 8, 64, o => o.Smart.Passwords.MinLength, (o, value) => With(o, o.Smart with { Passwords = o.Smart.Passwords with { MinLength = value } })),
        Of.Size(Prefix + "PasswordHashMemory", "memory that one hash of a password takes; new hashes are made at the next login", 64 << 10, 1 << 30, o => (long)o.Smart.Passwords.HashKibiBytes << 10, (o, value) => With(o, o.Smart with { Passwords = o.Smart.Passwords with { HashKibiBytes = (int)(value >> 10) } })),
        Of.Number(Prefix + "PasswordHashPasses", "how often a hash goes over its memory", 1, 64, o => o.Smart.Passwords.HashPasses, (o, value) => With(o, o.Smart with { Passwords = o.Smart.Passwords with { HashPasses = value } })),
        Of.Number(Prefix + "LoginFailures", "failed logins to one account before the next must wait, each further one twice as long up to 15 minutes", 1, 100, o => o.Smart.Lockout.FreeFailures, (o, value) => With(o, o.Smart with { Lockout = o.Smart.Lockout with { FreeFailures = value } })),
        Of.Number(Prefix + "AddressFailures", "failed logins from one address at once, to whatever accounts; then one more every 20 seconds", 1, 100_000, o => o.Smart.Lockout.FailuresOfAddress, (o, value) => With(o, o.Smart with { Lockout = o.Smart.Lockout with { FailuresOfAddress = value } })),

        Of.Text(Prefix + "External:Issuer", "another OpenID provider at which users may log in", "an https URL", o => o.Smart.External.Issuer, (o, value) => With(o, o.Smart.External with { Issuer = value }), Settings.IsHttp),
        Of.Text(Prefix + "External:Name", "what users are told it is called", "text", o => o.Smart.External.Name, (o, value) => With(o, o.Smart.External with { Name = value })),
        Of.Text(Prefix + "External:ClientId", "what this server is called there", "text", o => o.Smart.External.ClientId, (o, value) => With(o, o.Smart.External with { ClientId = value })),
        Of.Text(Prefix + "External:ClientSecret", "how it proves that; without one it signs with its own ES384 key", "text", o => o.Smart.External.ClientSecret, (o, value) => With(o, o.Smart.External with { ClientSecret = value })) with { IsSecret = true },
        Of.Text(Prefix + "External:Scopes", "what is asked for there", "scopes, openid among them", o => o.Smart.External.Scopes, (o, value) => With(o, o.Smart.External with { Scopes = value })),
        Of.Text(Prefix + "External:Claim", "the claim of the id_token by which accounts here are found", "a name such as sub", o => o.Smart.External.Claim, (o, value) => With(o, o.Smart.External with { Claim = value })),
    ];

    /// <summary>Settings that are sound by themselves but not together.</summary>
    /// <param name="isOpen">Whether others than this machine reach an address of the server.</param>
    public static IEnumerable<string> Contradictions(ServerOptions options, bool isOpen)
    {
        if (options.Smart is { IsEnabled: true, Registration: RegistrationMode.Guarded, RegistrationToken: null })
        {
            yield return $"{Prefix}RegistrationToken: registration is guarded by a token, but there is none";
        }

        if (options.Smart.External is { Issuer: not null, ClientId: "" })
        {
            yield return $"{Prefix}External:ClientId: the other provider knows this server by a client_id, but there is none";
        }

        if (options.Smart.IsEnabled && isOpen && options.BaseUrl is null)
        {
            yield return $"HealthChain:BaseUrl: the authorisation server must know under which address it is reached from other machines; set it, or {Prefix}Enabled to false";
        }
    }

    private static ServerOptions With(ServerOptions options, ExternalOptions external) => With(options, options.Smart with { External = external });

    private static ServerOptions With(ServerOptions options, SmartOptions smart) => options with { Smart = smart };
}
