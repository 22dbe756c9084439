using System.Globalization;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Http;

/// <summary>
/// An app that asks for access: https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4. Pages carry its text along, and it is read and
/// checked anew at each step, so that nothing waits here for users who never come back.
/// </summary>
internal sealed record AuthorizeRequest
{
    // https://www.rfc-editor.org/rfc/rfc7636#section-4.2: SHA-256 in base64url.
    private const int ChallengeLetters = 43;

    public required Client Client { get; init; }

    public required RedirectTarget Target { get; init; }

    /// <summary>What is asked for of what the client may ask for.</summary>
    public required ScopeSet Scopes { get; init; }

    public required string CodeChallenge { get; init; }

    public string? Nonce { get; init; }

    public string? LaunchId { get; init; }

    /// <summary>What waited for the app under <see cref="LaunchId"/>.</summary>
    public Launch? Launch { get; init; }

    /// <summary>Nothing may be asked of the user.</summary>
    public bool IsSilent { get; init; }

    /// <summary>The user must log in, also when logged in already.</summary>
    public bool AsksForLogin { get; init; }

    /// <summary>The user must be asked, also when there would be no need.</summary>
    public bool AsksForConsent { get; init; }

    /// <summary>How long ago the user may have logged in.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Thumbprint of the key to which the code shall be bound: https://www.rfc-editor.org/rfc/rfc9449#section-10</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary>All of it, as a query.</summary>
    public required string Text { get; init; }

    /// <summary>The same once the user has logged in: else a request for a login would ask for one again and again.</summary>
    public required string TextAfterLogin { get; init; }

    /// <summary>Reads a request. Of what is wrong with client or redirect URI no app may be told: then the reading has no target.</summary>
    public static AuthorizeReading Read(string text, SmartState state, Issuer issuer)
    {
        OAuthResult<Parameters> read = Parameters.Read(text);
        if (!read.IsOk)
        {
            return new AuthorizeReading(null, read.Error, null);
        }

        Parameters asked = read.Value;
        if (asked["client_id"] is not { } id || state.FindClient(id) is not { IsBlocked: false } client)
        {
            return new AuthorizeReading(null, OAuthError.UnauthorizedClient("No app is registered here by this client_id."), null);
        }

        // https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3
        if (asked["redirect_uri"] is not { } uri || !client.MaySendBackTo(uri))
        {
            return new AuthorizeReading(null, OAuthError.InvalidRequest("The redirect_uri is not one that the app registered."), null);
        }

        var target = new RedirectTarget(uri, asked["state"]) { IsVouchedFor = client.Registration != Registration.Dynamic };
        OAuthError? error = CheckProtocol(asked, client) ?? CheckPrompt(asked) ?? CheckContext(asked, state, issuer, client);
        return error is not null ? new AuthorizeReading(null, error, target) : new AuthorizeReading(Make(text, asked, client, target, state), null, target);
    }

    private static OAuthError? CheckProtocol(Parameters asked, Client client)
    {
        const string Code = "code";
        return true switch
        {
            _ when asked["request"] is not null => new OAuthError("request_not_supported", "Requests are not taken as signed objects."),
            _ when asked["request_uri"] is not null => new OAuthError("request_uri_not_supported", "Requests are not fetched from elsewhere."),
            _ when asked["registration"] is not null => new OAuthError("registration_not_supported", "Apps register beforehand."),
            _ when asked["response_type"] is null => OAuthError.InvalidRequest("response_type is missing."),
            _ when asked["response_type"] != Code => OAuthError.UnsupportedResponseType("The only response_type is code."),
            _ when asked["response_mode"] is not (null or "query") => OAuthError.InvalidRequest("The only response_mode is query."),
            _ when !client.GrantTypes.Contains("authorization_code") => OAuthError.UnauthorizedClient("The client is not registered for users."),
            _ when asked["code_challenge"] is not { Length: ChallengeLetters } challenge || !challenge.All(IsBase64Url) =>
                OAuthError.InvalidRequest("code_challenge must be a SHA-256 hash in base64url."),
            _ when asked["code_challenge_method"] != "S256" => OAuthError.InvalidRequest("code_challenge_method must be S256."),
            _ when asked["dpop_jkt"] is { } key && (key.Length != ChallengeLetters || !key.All(IsBase64Url)) => OAuthError.InvalidRequest("dpop_jkt must be a SHA-256 hash in base64url."),
            _ => null,
        };
    }

    private static OAuthError? CheckPrompt(Parameters asked)
    {
        string[] prompts = PromptsOf(asked);
        bool isKnown = prompts.All(prompt => prompt is "none" or "login" or "consent" or "select_account") && !(prompts.Contains("none") && prompts.Length > 1);
        return !isKnown ? OAuthError.InvalidRequest("prompt is none, or some of login, consent and select_account.")
            : asked["max_age"] is { } age && !int.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? OAuthError.InvalidRequest("max_age is a number of seconds.")
            : null;
    }

    private static OAuthError? CheckContext(Parameters asked, SmartState state, Issuer issuer, Client client)
    {
        ScopeSet scopes = ScopeSet.Parse(asked["scope"] ?? "");
        bool concernsRecord = scopes.Resources.Count > 0 || scopes.Has(SupportedScopes.Launch) || scopes.Has(SupportedScopes.LaunchPatient);
        return true switch
        {
            _ when scopes.IsEmpty => OAuthError.InvalidScope("scope is missing."),
            _ when Possible(scopes, client).IsEmpty => OAuthError.InvalidScope("The app is registered for none of these scopes."),

            // A token for one server must not come of a login that was begun by another: https://hl7.org/fhir/smart-app-launch/app-launch.html#request-4
            _ when (concernsRecord || asked["aud"] is not null) && !issuer.IsAudience(asked["aud"]) => OAuthError.InvalidRequest($"aud must be {issuer.FhirBase}"),
            _ when scopes.Has(SupportedScopes.Launch) != asked["launch"] is not null => OAuthError.InvalidRequest("The scope launch and the parameter launch go together."),
            _ when asked["launch"] is { } launch && state.FindLaunch(launch, client.Id) is null => OAuthError.InvalidRequest("The launch has expired, was used, or is for another app."),
            _ => null,
        };
    }

    private static AuthorizeRequest Make(string text, Parameters asked, Client client, RedirectTarget target, SmartState state)
    {
        string[] prompts = PromptsOf(asked);
        string? others = string.Join(' ', prompts.Where(prompt => prompt is not ("login" or "select_account")));
        return new AuthorizeRequest
        {
            Client = client,
            Target = target,
            Scopes = Possible(ScopeSet.Parse(asked["scope"]!), client),
            CodeChallenge = asked["code_challenge"]!,
            Nonce = asked["nonce"],
            LaunchId = asked["launch"],
            Launch = asked["launch"] is { } launch ? state.FindLaunch(launch, client.Id) : null,
            IsSilent = prompts.Contains("none"),
            AsksForLogin = prompts.Contains("login") || prompts.Contains("select_account"),
            AsksForConsent = prompts.Contains("consent"),
            MaxAge = asked["max_age"] is { } age ? TimeSpan.FromSeconds(int.Parse(age, NumberStyles.None, CultureInfo.InvariantCulture)) : null,
            KeyThumbprint = asked["dpop_jkt"],
            Text = text,
            TextAfterLogin = Write(asked, others.Length == 0 ? null : others),
        };
    }

    /// <summary>
    /// What the client may ask for. One that is not registered to refresh is not asked about lasting access either
    /// (https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess): nobody shall agree to what does not come.
    /// </summary>
    private static ScopeSet Possible(ScopeSet asked, Client client)
    {
        ScopeSet possible = asked.Within(ScopeSet.Parse(client.AllowedScopes));
        return client.GrantTypes.Contains(ClientMetadata.RefreshToken)
            ? possible
            : ScopeSet.Of(possible.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word is not (SupportedScopes.OfflineAccess or SupportedScopes.OnlineAccess)));
    }

    private static string Write(Parameters asked, string? prompt) => Parameters.Write(
        ("response_type", asked["response_type"]),
        ("client_id", asked["client_id"]),
        ("redirect_uri", asked["redirect_uri"]),
        ("scope", asked["scope"]),
        ("state", asked["state"]),
        ("aud", asked["aud"]),
        ("launch", asked["launch"]),
        ("code_challenge", asked["code_challenge"]),
        ("code_challenge_method", asked["code_challenge_method"]),
        ("nonce", asked["nonce"]),
        ("dpop_jkt", asked["dpop_jkt"]),
        ("prompt", prompt));

    private static string[] PromptsOf(Parameters asked) => asked["prompt"]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool IsBase64Url(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';
}

/// <summary>What came of reading a request: it, or what is wrong with it and which app may be told.</summary>
internal readonly record struct AuthorizeReading(AuthorizeRequest? Request, OAuthError? Error, RedirectTarget? Target);

/// <summary>Where the user goes back to.</summary>
/// <param name="Uri">One that the client registered.</param>
/// <param name="State">What the client sent along.</param>
internal sealed record RedirectTarget(string Uri, string? State)
{
    /// <summary>Somebody other than the app said that this is its address.</summary>
    public bool IsVouchedFor { get; init; }

    /// <summary>The site or app to show to users.</summary>
    public string Home => new Uri(Uri) is { Scheme: "http" or "https" } web ? web.Authority : new Uri(Uri).Scheme + ":";

    public string WithCode(string code, string issuer) => With(Parameters.Write(("code", code), ("state", State), ("iss", issuer)));

    public string WithError(OAuthError error, string issuer) =>
        With(Parameters.Write(("error", error.Code), ("error_description", Answers.Printable(error.Reason)), ("state", State), ("iss", issuer)));

    // A registered URI may have a query of its own: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
    private string With(string parameters) => Uri + (Uri.Contains('?', StringComparison.Ordinal) ? "&" : "?") + parameters;
}
