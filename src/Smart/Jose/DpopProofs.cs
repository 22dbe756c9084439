using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace HealthChain.Smart.Jose;

/// <summary>Proofs that the sender of a request has a key: https://www.rfc-editor.org/rfc/rfc9449#section-4.3</summary>
/// <param name="nonces">Makes clients prove that they signed just now; null when the time in the proof is enough.</param>
public sealed class DpopProofs(SpendOnce spend, DpopNonces? nonces, TimeProvider time)
{
    /// <summary>How old a proof may be.</summary>
    public static readonly TimeSpan LongestAge = TimeSpan.FromMinutes(1);

    /// <summary>How far the clocks of clients may be off.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    private const string Type = "dpop+jwt";
    private const int MostJtiLetters = 256;

    /// <summary>Checks that the proof was made for this request, now, and is used for the first time.</summary>
    /// <param name="proof">The only value of the header DPoP; several headers are to be refused before.</param>
    /// <param name="url">As clients see it; query and fragment do not count.</param>
    /// <param name="accessToken">The token that the request carries; null at the token endpoint.</param>
    /// <returns>The thumbprint of the key, to be compared with the one that the token is bound to.</returns>
    public async ValueTask<OAuthResult<string>> VerifyAsync(string proof, string method, Uri url, string? accessToken, CancellationToken cancellationToken)
    {
        if (!Jws.TryRead(proof, JoseAlgorithms.All, out Jws? jws, out string? refusal) || !TryKey(jws, out Jwk? key, out refusal))
        {
            return OAuthError.InvalidDpopProof(refusal);
        }

        if (Check(jws.Claims, method, url, accessToken) is { } wrong)
        {
            return OAuthError.InvalidDpopProof(wrong);
        }

        if (!jws.IsSignedBy(key))
        {
            return OAuthError.InvalidDpopProof("The proof is not signed by the key in it.");
        }

        if (nonces is not null && !nonces.IsRecent(jws.Claims.Text("nonce")))
        {
            return OAuthError.UseDpopNonce("The proof needs the nonce of the header DPoP-Nonce.");
        }

        DateTimeOffset until = jws.Claims.Instant("iat")!.Value + LongestAge + Skew;
        return await spend(key.Thumbprint, jws.Claims.Text("jti")!, until, cancellationToken)
            ? key.Thumbprint
            : OAuthError.InvalidDpopProof("The proof was used before.");
    }

    /// <summary>The key stands in the header: the proof says that its sender has it, whosever it is.</summary>
    private static bool TryKey(Jws jws, [NotNullWhen(true)] out Jwk? key, [NotNullWhen(false)] out string? refusal)
    {
        key = null;
        if (jws.Type != Type || !jws.Header.TryGetProperty("jwk", out var json))
        {
            refusal = "The proof is no DPoP proof (typ), or holds no key.";
            return false;
        }

        return Jwk.TryRead(json, out key, out refusal);
    }

    private string? Check(JwtClaims claims, string method, Uri url, string? accessToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!claims.TryBeValid(now, Skew, out string? refusal))
        {
            return refusal;
        }

        return claims.Instant("iat") switch
        {
            null => "The proof does not say when it was made (iat).",
            { } made when now > made + LongestAge + Skew => "The proof is too old (iat).",
            _ when claims.Text("jti") is not { Length: > 0 and <= MostJtiLetters } => "The proof has no id (jti), or a long one.",
            _ when claims.Text("htm") != method => "The proof is for another method (htm).",
            _ when !IsFor(claims.Text("htu"), url) => "The proof is for another address (htu).",
            _ when accessToken is not null && !IsFor(claims.Text("ath"), accessToken) => "The proof is for another token (ath).",
            _ => null,
        };
    }

    /// <summary>Equal after normalising, without query and fragment.</summary>
    private static bool IsFor(string? htu, Uri url) =>
        Uri.TryCreate(htu, UriKind.Absolute, out Uri? named)
        && named.UserInfo.Length == 0
        && Uri.Compare(named, url, UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped, StringComparison.Ordinal) == 0;

    private static bool IsFor(string? ath, string accessToken) => ath == Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
}
