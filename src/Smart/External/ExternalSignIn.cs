using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Jose;

namespace HealthChain.Smart.External;

/// <summary>Where to send the browser, and what it must keep until it comes back.</summary>
/// <param name="Redirect">Page of the other provider.</param>
/// <param name="Secret">For a cookie that no script reads: whoever comes back without it was sent by somebody else.</param>
internal sealed record ExternalStart(Uri Redirect, string Secret);

/// <summary>What the browser brings back, as it stands in the query.</summary>
internal sealed record ExternalReturn(string? State, string? Code, string? Issuer, string? Error);

/// <summary>Who signed in at the other provider.</summary>
/// <param name="Continuation">What was given at the start.</param>
/// <param name="SignedIn">When the user proved it there, which may be long ago; null when the provider does not say.</param>
internal sealed record ExternalUser(string Issuer, string Subject, string Continuation, DateTimeOffset? SignedIn = null);

/// <summary>
/// Sign-in at another OpenID provider: code with PKCE, state bound to the browser, nonce, issuer in the answer. What is under way is kept in
/// memory: after a restart the user begins anew.
/// </summary>
/// <param name="callback">Our address to which the provider sends the browser back.</param>
internal sealed class ExternalSignIn(ExternalOptions options, Uri callback, ExternalProvider provider, ExternalIdToken idTokens, SigningKeys keys, TimeProvider time)
{
    public const string CallbackPath = "/auth/external/callback";

    private const int MostUnderWay = 2_000;
    private const int MostContinuationLetters = 8 << 10;

    private static readonly TimeSpan LongestAway = TimeSpan.FromMinutes(10);

    /// <summary>How long ago the user may have signed in there. Who is asked for no more than that must say when it was, so that we can say it to apps.</summary>
    private static readonly TimeSpan LongestSignedIn = TimeSpan.FromHours(12);
    private static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(1);

    private readonly Lock _changing = new();
    private readonly FadingTable<UnderWay> _underWay = new(MostUnderWay);

    public static ExternalSignIn Make(ExternalOptions options, Uri callback, SigningKeys keys, TimeProvider time)
    {
        var http = new OutsideHttp(OutsideReach.Any, options.Timeout);
        var fetcher = new JwksFetcher(new JwksFetcherOptions(), http, time);
        return new ExternalSignIn(options, callback, new ExternalProvider(options, http, time), new ExternalIdToken(options, fetcher, time), keys, time);
    }

    /// <param name="continuation">What to go on with when the user is back.</param>
    /// <param name="mustBeAnew">The user must sign in there also when signed in already.</param>
    public async ValueTask<OAuthResult<ExternalStart>> BeginAsync(string continuation, bool mustBeAnew, CancellationToken cancellationToken)
    {
        if (continuation.Length > MostContinuationLetters)
        {
            return OAuthError.InvalidRequest("The request is too long.");
        }

        OAuthResult<ProviderMetadata> described = await provider.DescribeAsync(cancellationToken);
        if (!described.IsOk)
        {
            return described.Error;
        }

        string secret = NewText();
        DateTimeOffset now = time.GetUtcNow();
        var underWay = new UnderWay(continuation, NewText(), NewText(), mustBeAnew, SignedInAfter: mustBeAnew ? now : now - LongestSignedIn, Until: now + LongestAway);
        string state = StateOf(secret);
        lock (_changing)
        {
            _underWay.Put(state, underWay);
        }

        return new ExternalStart(RedirectTo(described.Value.Authorize, state, underWay), secret);
    }

    /// <param name="secret">From the cookie.</param>
    public async ValueTask<OAuthResult<ExternalUser>> CompleteAsync(ExternalReturn back, string? secret, CancellationToken cancellationToken)
    {
        if (secret is null || back.State is null || !IsSame(back.State, StateOf(secret)) || Take(back.State) is not { } underWay || underWay.Until <= time.GetUtcNow())
        {
            return OAuthError.InvalidRequest("The sign-in did not begin in this browser, or was finished, or took too long.");
        }

        OAuthResult<ProviderMetadata> described = await provider.DescribeAsync(cancellationToken);
        if (!described.IsOk)
        {
            return described.Error;
        }

        // An answer of another provider must not be taken for one of this: https://www.rfc-editor.org/rfc/rfc9207#section-2.4
        if (back.Issuer is null ? described.Value.SendsIssuer : back.Issuer != options.Issuer)
        {
            return OAuthError.AccessDenied("The answer is of another provider (iss).");
        }

        if (back.Error is not null || string.IsNullOrEmpty(back.Code))
        {
            return OAuthError.AccessDenied("The other provider did not sign the user in.");
        }

        OAuthResult<ProviderTokens> tokens = await provider.RedeemAsync(described.Value.Token, FormFor(back.Code, underWay, described.Value.Token), cancellationToken);
        if (!tokens.IsOk)
        {
            return tokens.Error;
        }

        OAuthResult<JwtClaims> claims = await idTokens.VerifyAsync(tokens.Value, underWay.Nonce, described.Value.Keys, cancellationToken);
        if (!claims.IsOk)
        {
            return claims.Error;
        }

        if (!idTokens.TrySignedIn(claims.Value, underWay.SignedInAfter, out DateTimeOffset? signedIn))
        {
            return OAuthError.AccessDenied("The user signed in at the other provider too long ago (auth_time).");
        }

        return idTokens.SubjectOf(claims.Value) is { } subject
            ? new ExternalUser(options.Issuer!, subject, underWay.Continuation, signedIn)
            : OAuthError.AccessDenied("The id_token lacks the claim that accounts are found by.");
    }

    private Uri RedirectTo(Uri authorize, string state, UnderWay underWay)
    {
        string challenge = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(underWay.Verifier)));
        (string Name, string Value)[] parameters =
        [
            ("response_type", "code"), ("client_id", options.ClientId), ("redirect_uri", callback.AbsoluteUri), ("scope", options.Scopes), ("state", state),
            ("nonce", underWay.Nonce), ("code_challenge", challenge), ("code_challenge_method", "S256"),
            ("max_age", ((int)LongestSignedIn.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            .. underWay.MustBeAnew ? [("prompt", "login")] : Array.Empty<(string, string)>(),
        ];
        string query = string.Join('&', parameters.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        return new Uri(authorize.AbsoluteUri + (authorize.Query.Length == 0 ? "?" : "&") + query);
    }

    private Dictionary<string, string> FormFor(string code, UnderWay underWay, Uri token)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = callback.AbsoluteUri,
            ["code_verifier"] = underWay.Verifier,
        };
        if (options.ClientSecret is null)
        {
            form["client_id"] = options.ClientId;
            form["client_assertion_type"] = ClientAssertions.Type;
            form["client_assertion"] = keys.Sign(JoseAlgorithm.Es384, "JWT", writer => WriteAssertion(writer, token));
        }

        return form;
    }

    private void WriteAssertion(Utf8JsonWriter writer, Uri token)
    {
        DateTimeOffset now = time.GetUtcNow();
        writer.WriteString("iss"u8, options.ClientId);
        writer.WriteString("sub"u8, options.ClientId);
        writer.WriteString("aud"u8, token.AbsoluteUri);
        writer.WriteString("jti"u8, NewText());
        writer.WriteNumber("iat"u8, now.ToUnixTimeSeconds());
        writer.WriteNumber("exp"u8, (now + AssertionLife).ToUnixTimeSeconds());
    }

    /// <summary>An answer counts once.</summary>
    private UnderWay? Take(string state)
    {
        lock (_changing)
        {
            if (!_underWay.TryGet(state, out UnderWay underWay))
            {
                return null;
            }

            _underWay.Remove(state);
            return underWay;
        }
    }

    private static string NewText() => Base64UrlText.Of(RandomNumberGenerator.GetBytes(32));

    private static string StateOf(string secret) => Base64UrlText.Of(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static bool IsSame(string left, string right) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));

    private readonly record struct UnderWay(
        string Continuation, string Nonce, string Verifier, bool MustBeAnew, DateTimeOffset SignedInAfter, DateTimeOffset Until);
}
