using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace HealthChain.Smart.Http;

/// <summary>Requests to this server itself that carry an access token: https://www.rfc-editor.org/rfc/rfc6750, https://www.rfc-editor.org/rfc/rfc9449#section-7</summary>
internal sealed class BearerTokens(SmartState state, PossessionCheck possession)
{
    private const string Bearer = "Bearer ";
    private const string Dpop = "DPoP ";

    /// <summary>What the token gives; null when the request was refused already.</summary>
    public async ValueTask<AccessGrant?> ReadAsync(Visit visit)
    {
        StringValues header = visit.Request.Headers.Authorization;
        string value = header.Count == 1 ? header.ToString() : "";
        bool isBound = value.StartsWith(Dpop, StringComparison.OrdinalIgnoreCase);
        if (!isBound && !value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            // https://www.rfc-editor.org/rfc/rfc6750#section-3: no error code for a request that brought no token at all.
            return await RefuseAsync(visit, OAuthError.InvalidToken("This needs an access token."), header.Count > 0 ? "Bearer error=\"invalid_token\"" : "Bearer");
        }

        string token = value[(isBound ? Dpop : Bearer).Length..].Trim();
        if (state.FindToken(token) is not { } grant || isBound != grant.KeyThumbprint is not null)
        {
            var invalid = OAuthError.InvalidToken("The token is not known, has expired, or is used in the wrong way.");
            return await RefuseAsync(visit, invalid, isBound ? PossessionCheck.Challenge(invalid) : "Bearer error=\"invalid_token\"");
        }

        if (!isBound)
        {
            return grant;
        }

        OAuthError? refused = await possession.CheckAsync(visit.Http, visit.Issuer.Origin, token, grant.KeyThumbprint!);
        return refused is null ? grant : await RefuseAsync(visit, refused, visit.Response.Headers.WWWAuthenticate);
    }

    private static async ValueTask<AccessGrant?> RefuseAsync(Visit visit, OAuthError error, StringValues challenge)
    {
        visit.Response.Headers.WWWAuthenticate = challenge;
        await Answers.ErrorAsync(visit, error, StatusCodes.Status401Unauthorized);
        return null;
    }
}
