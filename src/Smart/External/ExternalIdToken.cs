using System.Text.Json;
using HealthChain.Smart.Jose;

namespace HealthChain.Smart.External;

/// <summary>Checks an id_token of another provider: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation</summary>
internal sealed class ExternalIdToken(ExternalOptions options, JwksFetcher fetcher, TimeProvider time)
{
    private const int MostSubjectLetters = 255;

    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    /// <summary>It was made for the sign-in that just happened, so it is fresh.</summary>
    private static readonly TimeSpan LongestAge = TimeSpan.FromMinutes(10);

    public async ValueTask<OAuthResult<JwtClaims>> VerifyAsync(ProviderTokens tokens, string nonce, Uri keys, CancellationToken cancellationToken)
    {
        if (!Jws.TryRead(tokens.IdToken, JoseAlgorithms.All, out Jws? jws, out string? refusal))
        {
            return OAuthError.AccessDenied(refusal);
        }

        if (Check(jws.Claims, nonce) is { } wrong)
        {
            return OAuthError.AccessDenied(wrong);
        }

        if (jws.Claims.Has("at_hash") && (tokens.AccessToken is null || jws.Claims.Text("at_hash") != IdTokens.HalfHash(jws.Algorithm, tokens.AccessToken)))
        {
            return OAuthError.AccessDenied("The id_token does not belong to the access token beside it (at_hash).");
        }

        Jwk? key = await fetcher.FindKeyAsync(keys, jws.Kid, jws.Algorithm, cancellationToken);
        return key is not null && jws.IsSignedBy(key) ? jws.Claims : OAuthError.AccessDenied("The id_token is not signed by the other provider.");
    }

    /// <summary>Whom the token names, by the claim that accounts are found with; null when it does not say, or not reliably.</summary>
    public string? SubjectOf(JwtClaims claims)
    {
        bool isReliable = options.Claim != "email" || (claims.Json.TryGetProperty("email_verified", out JsonElement verified) && verified.ValueKind == JsonValueKind.True);
        return isReliable && claims.Text(options.Claim) is { Length: > 0 and <= MostSubjectLetters } subject ? subject : null;
    }

    /// <summary>
    /// When the user signed in, which a provider that was asked for <c>max_age</c> must say; null for one that does not all the same. False when it was
    /// before a time, or is no time that was: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
    /// </summary>
    public bool TrySignedIn(JwtClaims claims, DateTimeOffset after, out DateTimeOffset? signedIn)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset? said = claims.Instant("auth_time");
        signedIn = said > now ? now : said;
        return !claims.Has("auth_time") || (said is { } then && then >= after - Skew && then <= now + Skew);
    }

    private string? Check(JwtClaims claims, string nonce)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!claims.TryBeValid(now, Skew, out string? refusal))
        {
            return refusal;
        }

        IReadOnlyList<string> audiences = claims.Audiences();
        return claims.Instant("iat") switch
        {
            _ when claims.Text("iss") != options.Issuer => "The id_token is of another provider (iss).",
            _ when !audiences.Contains(options.ClientId) => "The id_token is for another client (aud).",
            // A second audience is somebody else who has the token too; then azp says for whom it was made.
            _ when (audiences.Count > 1 || claims.Has("azp")) && claims.Text("azp") != options.ClientId => "The id_token was made for another client (azp).",
            _ when claims.Text("nonce") != nonce => "The id_token is of another sign-in (nonce).",
            null => "The id_token does not say when it was made (iat).",
            { } made when now > made + LongestAge => "The id_token is too old (iat).",
            _ when claims.Instant("exp") is null => "The id_token does not say when it expires (exp).",
            _ when claims.Text("sub") is not { Length: > 0 and <= MostSubjectLetters } => "The id_token names nobody (sub).",
            _ => null,
        };
    }
}
