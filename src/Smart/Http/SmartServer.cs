using System.Security.Cryptography;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.External;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Pages;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>What the authorisation server is made of.</summary>
/// <param name="FhirBase">The FHIR base that clients see, without the last slash; null when only this machine is to reach it.</param>
/// <param name="Secret">Of this server; the same after a restart.</param>
public sealed record SmartParts(
    SmartOptions Options, SmartState State, AccountBook Accounts, SigningKeys Keys, ISmartHost Host, string? FhirBase, byte[] Secret, TimeProvider Time)
{
    /// <summary>Null where patients have none.</summary>
    public IPatientInbox? Inbox { get; init; }
}

/// <summary>The authorisation server on the network: every path of it, and what is true of all of them.</summary>
public sealed class SmartServer : IDisposable
{
    private const string Prefix = "/auth";
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Route> _routes;
    private readonly Issuers _issuers;
    private readonly OutsideHttp _outside;
    private readonly DpopNonces? _nonces;
    private readonly DpopProofs _proofs;

    public SmartServer(SmartParts parts)
    {
        SmartOptions options = parts.Options;
        SmartState state = parts.State;
        OutsideReach reach = options.MayFetchFromLoopback ? OutsideReach.PublicAndLoopback : OutsideReach.Public;
        _outside = new OutsideHttp(reach, FetchTimeout);
        var fetcher = new JwksFetcher(new JwksFetcherOptions { Reach = reach }, _outside, parts.Time);
        _issuers = new Issuers(parts.FhirBase, (origin, fhirBase) => new Issuer(
            origin,
            fhirBase,
            new ClientAssertions([origin + Issuer.TokenPath, origin], fetcher, state.UseAssertionAsync, parts.Time),
            new IdTokens(origin, fhirBase, parts.Keys, parts.Time),
            options.External.Issuer is null ? null : ExternalSignIn.Make(options.External, new Uri(origin + ExternalSignIn.CallbackPath), parts.Keys, parts.Time)));
        Origins = new BrowserOrigins(state, parts.Time);
        _nonces = options.DpopNonces ? new DpopNonces(parts.Time) : null;
        _proofs = new DpopProofs(new SpentProofs(parts.Time).SpendAsync, _nonces, parts.Time);
        Possession = new PossessionCheck(_proofs, _nonces);
        _routes = Routes(parts);
    }

    /// <summary>Which pages may call from a browser, also the FHIR server.</summary>
    public BrowserOrigins Origins { get; }

    /// <summary>Checks proofs of possession, also for the FHIR server: a proof that was shown here is not good there.</summary>
    public PossessionCheck Possession { get; }

    /// <summary>Takes the paths of this server; to be called before the FHIR server takes all below its own.</summary>
    /// <param name="fhirPath">Where the FHIR server lies.</param>
    /// <param name="admit">Middleware that bounds how much is worked on.</param>
    public void Map(WebApplication app, string fhirPath, Func<HttpContext, RequestDelegate, Task> admit)
    {
        foreach (string path in new[] { Prefix, Discovery.OpenIdPath, Discovery.OAuthPath, fhirPath + Discovery.SmartPath })
        {
            app.Map(path, preserveMatchedPathSegment: true, branch =>
            {
                branch.Use(admit);
                branch.Run(context => AnswerAsync(context, fhirPath));
            });
        }
    }

    public void Dispose() => _outside.Dispose();

    private async Task AnswerAsync(HttpContext context, string fhirPath)
    {
        if (_issuers.Of(context.Request) is not { } issuer)
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return;
        }

        Answers.Protect(context, issuer.IsHttps);
        string path = context.Request.Path.Value ?? "";
        if (path == fhirPath + Discovery.SmartPath)
        {
            path = Discovery.SmartPath;
        }

        var visit = new Visit(context, issuer);
        if (!_routes.TryGetValue(path, out Route? route))
        {
            await Answers.NothingHereAsync(visit);
            return;
        }

        if (route.Audience switch { Audience.Everybody => BrowserOrigins.AdmitAll(context), Audience.Apps => Origins.Admit(context), _ => false })
        {
            return;
        }

        string method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        if ((HttpMethods.IsGet(method) ? route.Get : HttpMethods.IsPost(method) ? route.Post : null) is not { } answerAsync)
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = route.Allowed;
            return;
        }

        try
        {
            await answerAsync(visit);
        }
        catch (IOException) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            // The journal cannot be written: nothing that was to be promised holds.
            await (route.Audience == Audience.Users
                ? Answers.MessageAsync(visit, StatusCodes.Status503ServiceUnavailable, "Not at this moment", "The server cannot write. Try again later.")
                : Answers.ErrorAsync(visit, OAuthError.TemporarilyUnavailable("The server cannot write.")));
        }
    }

    private Dictionary<string, Route> Routes(SmartParts parts)
    {
        (SmartOptions options, SmartState state, TimeProvider time) = (parts.Options, parts.State, parts.Time);
        var browser = new BrowserState(state, Derive(parts.Secret, "forms"));
        var browsers = new KnownBrowsers(Derive(parts.Secret, "browsers"));
        var recorder = new Recorder(parts.Host);
        var signIn = new SignIn(state, parts.Accounts, new LoginGuard(options.Lockout, time), browsers, time);
        var logins = new LoginPages(options, state, parts.Accounts, signIn, browsers, browser, recorder, parts.Inbox is not null);
        var authorize = new AuthorizeEndpoint(state, parts.Host, browser, recorder, logins, time);
        var clients = new ClientAuthentication(state, _proofs, _nonces);
        var bearers = new BearerTokens(state, Possession);
        var failures = new AddressRate(options.FailuresOfAddress, TimeSpan.FromSeconds(1), time);
        var tokens = new TokenEndpoint(state, parts.Host, clients, recorder, failures);
        var questions = new TokenQuestions(state, clients, bearers, recorder, failures);
        var discovery = new Discovery(options, parts.Keys);
        var launches = new LaunchEndpoint(state, options, parts.Host, bearers);
        var routes = new Dictionary<string, Route>(StringComparer.Ordinal)
        {
            [Discovery.SmartPath] = new(Audience.Everybody, discovery.SmartAsync),
            [Discovery.OpenIdPath] = new(Audience.Everybody, discovery.OpenIdAsync),
            [Discovery.OAuthPath] = new(Audience.Everybody, discovery.OAuthAsync),
            [Discovery.KeysPath] = new(Audience.Everybody, discovery.KeysAsync),
            [AuthorizeEndpoint.StylePath] = new(Audience.Everybody, visit => Answers.BytesAsync(visit, "application/json", Style.ForApps)),
            [Layout.StylePath] = new(Audience.Users, visit => Answers.BytesAsync(visit, "text/css; charset=utf-8", Style.Sheet)),
            [AuthorizeEndpoint.Path] = new(Audience.Users, authorize.GetAsync, AuthorizeEndpoint.PostAsync),
            ["/auth/patient"] = new(Audience.Users, null, authorize.ChoosePatientAsync),
            ["/auth/consent"] = new(Audience.Users, null, authorize.DecideAsync),
            ["/auth/login"] = new(Audience.Users, logins.GetLoginAsync, logins.PostLoginAsync),
            ["/auth/logout"] = new(Audience.Users, logins.GetLogoutAsync, logins.PostLogoutAsync),
            ["/auth/password"] = new(Audience.Users, logins.GetPasswordAsync, logins.PostPasswordAsync),
            ["/auth/second-factor"] = new(Audience.Users, logins.GetSecondFactorAsync, logins.PostSecondFactorAsync),
            ["/auth/apps"] = new(Audience.Users, logins.GetAppsAsync, logins.PostAppsAsync),
            [Issuer.TokenPath] = new(Audience.Apps, null, tokens.PostAsync),
            ["/auth/introspect"] = new(Audience.Apps, null, questions.IntrospectAsync),
            ["/auth/revoke"] = new(Audience.Apps, null, questions.RevokeAsync),
            ["/auth/userinfo"] = new(Audience.Apps, questions.UserInfoAsync, questions.UserInfoAsync),
            ["/auth/launch"] = new(Audience.Apps, null, launches.PostAsync),
        };
        if (parts.Inbox is not null)
        {
            var inbox = new InboxEndpoint(parts.Inbox, browser, logins);
            routes[InboxPages.Path] = new(Audience.Users, inbox.GetAsync, inbox.PostAsync);
        }

        if (options.External.Issuer is not null)
        {
            var external = new ExternalEndpoint(state, browser, logins, recorder);
            routes[ExternalEndpoint.StartPath] = new(Audience.Users, null, external.StartAsync);
            routes[ExternalSignIn.CallbackPath] = new(Audience.Users, external.CallbackAsync);
        }

        if (options.Registration != RegistrationMode.Off)
        {
            var registrations = new AddressRate(options.RegistrationsOfAddress, TimeSpan.FromMinutes(1), time);
            routes["/auth/register"] = new(Audience.Apps, null, new RegisterEndpoint(options, state, recorder, registrations, time).PostAsync);
        }

        return routes;
    }

    private static byte[] Derive(byte[] secret, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: System.Text.Encoding.ASCII.GetBytes("smart " + use));

    /// <summary>Whose pages may read the answers of a path.</summary>
    private enum Audience
    {
        /// <summary>Nobody's but our own: people look at it.</summary>
        Users,

        /// <summary>Those of registered apps.</summary>
        Apps,

        /// <summary>Anybody's.</summary>
        Everybody,
    }

    private sealed record Route(Audience Audience, Func<Visit, Task>? Get, Func<Visit, Task>? Post = null)
    {
        public string Allowed => string.Join(", ", new[] { Get is null ? null : "GET, HEAD", Post is null ? null : "POST" }.OfType<string>());
    }
}
