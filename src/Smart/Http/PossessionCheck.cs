using HealthChain.Smart.Jose;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>
/// Checks that who sends a token that is bound to a key has that key, here and at the FHIR server:
/// https://www.rfc-editor.org/rfc/rfc9449#section-7.1. When it refuses, the response already has the headers that say how to do better.
/// </summary>
public sealed class PossessionCheck
{
    private readonly DpopProofs _proofs;
    private readonly DpopNonces? _nonces;

    internal PossessionCheck(DpopProofs proofs, DpopNonces? nonces) => (_proofs, _nonces) = (proofs, nonces);

    /// <summary>Why the proof is not good; null when it is.</summary>
    /// <param name="origin">Of this server, as clients see it.</param>
    /// <param name="token">As it was sent.</param>
    /// <param name="thumbprint">Of the key to which the token is bound.</param>
    public async ValueTask<OAuthError?> CheckAsync(HttpContext context, string origin, string token, string thumbprint)
    {
        HttpRequest request = context.Request;
        OAuthError? refused;
        if (request.Headers["DPoP"] is not [{ Length: > 0 } proof])
        {
            refused = OAuthError.InvalidDpopProof("This token needs one proof of possession in the header DPoP.");
        }
        else
        {
            var url = new Uri(origin + request.PathBase.ToUriComponent() + request.Path.ToUriComponent());
            OAuthResult<string> proven = await _proofs.VerifyAsync(proof, request.Method, url, token, context.RequestAborted);
            refused = !proven.IsOk ? proven.Error
                : proven.Value == thumbprint ? null
                : OAuthError.InvalidDpopProof("The proof is of another key than that of the token.");
        }

        if (refused is not null)
        {
            context.Response.Headers.WWWAuthenticate = Challenge(refused);
        }

        if (_nonces is not null)
        {
            context.Response.Headers["DPoP-Nonce"] = _nonces.Current;
        }

        return refused;
    }

    /// <summary>What to answer to who sent a token as one that is bound to a key.</summary>
    public static string Challenge(OAuthError refused) => $"DPoP realm=\"fhir\", error=\"{refused.Code}\", algs=\"ES256 ES384 RS256 RS384\"";
}
