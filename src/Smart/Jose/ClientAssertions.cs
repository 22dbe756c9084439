using System.Runtime.CompilerServices;
using System.Text;

namespace HealthChain.Smart.Jose;

/// <summary>The keys that a client gave at registration: itself, or where to fetch them.</summary>
public sealed record ClientKeys(JwkSet? Keys, Uri? KeysUri)
{
    // What is stored of a client stays the same object for as long as it is stored.
    private static readonly ConditionalWeakTable<string, JwkSet> Known = [];

    /// <summary>From what is stored of a client; null when it has no keys.</summary>
    public static ClientKeys? Of(string? jwks, string? jwksUri) =>
        jwks is not null ? new ClientKeys(Known.GetValue(jwks, static text => JwkSet.Read(Encoding.UTF8.GetBytes(text)).Value), null)
            : jwksUri is not null ? new ClientKeys(null, new Uri(jwksUri))
            : null;
}

/// <summary>
/// Clients that prove who they are by a signature:
/// https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html, https://www.rfc-editor.org/rfc/rfc7523#section-3
/// </summary>
/// <param name="audiences">Whom an assertion may be addressed to: the URL of the token endpoint, and the issuer, which widespread clients put there.</param>
internal sealed class ClientAssertions(IReadOnlyList<string> audiences, JwksFetcher fetcher, SpendOnce spend, TimeProvider time)
{
    /// <summary>The only value of <c>client_assertion_type</c>.</summary>
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>"exp ... SHALL be no more than five minutes in the future"</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(5);

    /// <summary>How far the clocks of clients may be off.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    private const int MostJtiLetters = 256;

    /// <summary>Which client an assertion says it is from, so that its keys can be looked up; null when it is no assertion. Nothing is proved yet.</summary>
    public static string? ClientOf(string assertion) =>
        Jws.TryRead(assertion, JoseAlgorithms.OfAssertions, out Jws? jws, out _) ? jws.Claims.Text("sub") : null;

    /// <summary>Checks that a client signed the assertion, for us, now, and for the first time.</summary>
    /// <param name="client">Who it must be from, as the request or <see cref="ClientOf"/> says.</param>
    /// <param name="keys">What that client registered; null for a client that is not known, which is told nothing else than one whose signature is wrong.</param>
    public async ValueTask<OAuthResult<bool>> VerifyAsync(string assertion, string client, ClientKeys? keys, CancellationToken cancellationToken)
    {
        if (!Jws.TryRead(assertion, JoseAlgorithms.OfAssertions, out Jws? jws, out string? refusal))
        {
            return OAuthError.InvalidClient(refusal);
        }

        if (Check(jws, client) is { } wrong)
        {
            return OAuthError.InvalidClient(wrong);
        }

        if (keys is null)
        {
            return NotSigned;
        }

        // "If present, this header's URL must match one that the client registered": a key set of somebody's choice would prove nothing.
        if (jws.Header.TryGetProperty("jku", out _) && (!JoseJson.TryNeeded(jws.Header, "jku", out string? jku) || jku != keys.KeysUri?.OriginalString))
        {
            return OAuthError.InvalidClient("The assertion names a set of keys that the client did not register.");
        }

        Jwk? key = await FindKeyAsync(jws, keys, cancellationToken);
        if (key is null || !jws.IsSignedBy(key))
        {
            return NotSigned;
        }

        return await spend(client, jws.Claims.Text("jti")!, jws.Claims.Instant("exp")!.Value + Skew, cancellationToken)
            ? true
            : OAuthError.InvalidClient("The assertion was used before.");
    }

    private static OAuthError NotSigned => OAuthError.InvalidClient("The assertion is not signed by a key that the client registered.");

    private async ValueTask<Jwk?> FindKeyAsync(Jws jws, ClientKeys keys, CancellationToken cancellationToken)
    {
        if (keys.Keys is not null)
        {
            return keys.Keys.TryChoose(jws.Kid!, jws.Algorithm, out Jwk? registered) ? registered : null;
        }

        return keys.KeysUri is null ? null : await fetcher.FindKeyAsync(keys.KeysUri, jws.Kid!, jws.Algorithm, cancellationToken);
    }

    private string? Check(Jws jws, string client)
    {
        JwtClaims claims = jws.Claims;
        DateTimeOffset now = time.GetUtcNow();
        if (!claims.TryBeValid(now, Skew, out string? refusal))
        {
            return refusal;
        }

        // Whoever else it is meant for could bring it to us.
        bool isForUs = claims.Audiences() is { Count: > 0 } meant && meant.All(audiences.Contains);
        return (jws, claims.Instant("exp")) switch
        {
            ({ Kid: null or "" }, _) => "The header of the assertion names no key (kid).",
            ({ Type: { } type }, _) when !type.Equals("JWT", StringComparison.OrdinalIgnoreCase) => "The assertion is another kind of token (typ).",
            _ when claims.Text("iss") != client || claims.Text("sub") != client => "Issuer and subject of the assertion must be the client.",
            _ when !isForUs => "The assertion is meant for somebody else (aud).",
            (_, null) => "The assertion does not say when it expires.",
            (_, { } expires) when expires > now + LongestLife + Skew => "The assertion is valid for more than five minutes.",
            _ when claims.Text("jti") is not { Length: > 0 and <= MostJtiLetters } => "The assertion has no id (jti), or a long one.",
            _ => null,
        };
    }
}
