using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Jose;

namespace HealthChain.FhirServer.Access;

/// <summary>
/// Checks that who sends a token that is bound to a key has that key: https://www.rfc-editor.org/rfc/rfc9449#section-7.1. When it refuses, the response
/// already has the headers that say how to do better.
/// </summary>
internal sealed class PossessionCheck(DpopProofs proofs, DpopNonces? nonces, ServerOptions options)
{
    /// <summary>Why the proof is not good; null when it is.</summary>
    /// <param name="thumbprint">Of the key to which the token is bound.</param>
    public async ValueTask<OAuthError?> CheckAsync(HttpContext context, string token, string thumbprint)
    {
        HttpRequest request = context.Request;
        OAuthError? refused;
        if (request.Headers["DPoP"] is not [{ Length: > 0 } proof])
        {
            refused = OAuthError.InvalidDpopProof("This token needs one proof of possession in the header DPoP.");
        }
        else
        {
            OAuthResult<string> proven = await proofs.VerifyAsync(proof, request.Method, UrlOf(request), token, context.RequestAborted);
            refused = !proven.IsOk ? proven.Error
                : proven.Value == thumbprint ? null
                : OAuthError.InvalidDpopProof("The proof is of another key than that of the token.");
        }

        if (refused is not null)
        {
            context.Response.Headers.WWWAuthenticate = $"DPoP realm=\"fhir\", error=\"{refused.Code}\", algs=\"ES256 ES384 RS256 RS384\"";
        }

        if (nonces is not null)
        {
            context.Response.Headers["DPoP-Nonce"] = nonces.Current;
        }

        return refused;
    }

    /// <summary>As the client sees it, which only the operator knows where something stands before the server.</summary>
    private Uri UrlOf(HttpRequest request)
    {
        string origin = options.BaseUrl is { } known ? new Uri(known).GetLeftPart(UriPartial.Authority) : $"{request.Scheme}://{request.Host.Value}";
        return new Uri(origin + request.PathBase.ToUriComponent() + request.Path.ToUriComponent());
    }
}
