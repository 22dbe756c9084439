using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using Microsoft.Extensions.Primitives;

namespace HealthChain.Smart.Http;

/// <summary>Requests to this server itself that carry an access token: https://www.rfc-editor.org/rfc/rfc6750, https://www.rfc-editor.org/rfc/rfc9449#section-7</summary>
internal sealed class BearerTokens(SmartState state, DpopProofs proofs)
{
    private const string Bearer = "Bearer ";
    private const string Dpop = "DPoP ";

    /// <summary>What the token gives; null when the request was refused already.</summary>
    public async ValueTask<AccessGrant?> ReadAsync(Visit visit)
    {
        OAuthResult<AccessGrant> grant = await FindAsync(visit);
        if (grant.IsOk)
        {
            return grant.Value;
        }

        bool hasToken = visit.Request.Headers.Authorization.Count > 0;
        visit.Response.Headers.WWWAuthenticate = hasToken ? $"Bearer error=\"{grant.Error.Code}\"" : "Bearer";
        await Answers.ErrorAsync(visit, grant.Error);
        return null;
    }

    private async ValueTask<OAuthResult<AccessGrant>> FindAsync(Visit visit)
    {
        StringValues header = visit.Request.Headers.Authorization;
        string value = header.Count == 1 ? header.ToString() : "";
        bool isBound = value.StartsWith(Dpop, StringComparison.OrdinalIgnoreCase);
        if (!isBound && !value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return OAuthError.InvalidToken("This needs an access token.");
        }

        string token = value[(isBound ? Dpop : Bearer).Length..].Trim();
        if (state.FindToken(token) is not { } grant || isBound != grant.KeyThumbprint is not null)
        {
            return OAuthError.InvalidToken("The token is not known, has expired, or is used in the wrong way.");
        }

        if (!isBound)
        {
            return grant;
        }

        StringValues proof = visit.Request.Headers["DPoP"];
        OAuthResult<string> thumbprint = proof.Count == 1
            ? await proofs.VerifyAsync(proof.ToString(), visit.Request.Method, new Uri(visit.Issuer.Origin + visit.Request.PathBase + visit.Request.Path), token, visit.Aborted)
            : OAuthError.InvalidDpopProof("There is not one proof of possession.");
        return !thumbprint.IsOk ? thumbprint.Error
            : thumbprint.Value == grant.KeyThumbprint ? grant
            : OAuthError.InvalidToken("The token is bound to another key.");
    }
}
