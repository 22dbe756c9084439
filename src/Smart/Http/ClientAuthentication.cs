using System.Text;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using Microsoft.Extensions.Primitives;

namespace HealthChain.Smart.Http;

/// <summary>A client as far as it proved who it is.</summary>
/// <param name="Client">Null for a public one that did not say which it is; its refresh token tells.</param>
/// <param name="KeyThumbprint">Of the key whose possession it proved; null for none.</param>
internal sealed record ProvedClient(Client? Client, string? KeyThumbprint);

/// <summary>
/// Finds out which client calls: https://www.rfc-editor.org/rfc/rfc6749#section-2.3, https://www.rfc-editor.org/rfc/rfc7523#section-2.2. Each
/// client has one way to prove it, and no request may use two.
/// </summary>
internal sealed class ClientAuthentication(SmartState state, DpopProofs proofs, DpopNonces? nonces)
{
    private const string Basic = "Basic ";
    private const int MaxSecret = 1024;

    /// <summary>Compared with when there is no client, so that it takes as long.</summary>
    private static readonly byte[] NoSecret = Secrets.Hash(Secrets.New());

    /// <param name="mayBeNameless">Whether a public client that does not say its id is told apart by its token.</param>
    public async ValueTask<OAuthResult<ProvedClient>> ReadAsync(Visit visit, Parameters form, bool mayBeNameless)
    {
        OAuthResult<Client?> client = await ReadClientAsync(visit, form, mayBeNameless);
        if (!client.IsOk)
        {
            return client.Error;
        }

        StringValues headers = visit.Request.Headers["DPoP"];
        if (headers.Count == 0)
        {
            return new ProvedClient(client.Value, null);
        }

        OAuthResult<string> thumbprint = headers.Count == 1
            ? await proofs.VerifyAsync(headers.ToString(), visit.Request.Method, new Uri(visit.Issuer.Origin + visit.Request.PathBase + visit.Request.Path), null, visit.Aborted)
            : OAuthError.InvalidDpopProof("There is more than one proof.");
        if (nonces is not null)
        {
            visit.Response.Headers["DPoP-Nonce"] = nonces.Current;
        }

        return thumbprint.IsOk ? new ProvedClient(client.Value, thumbprint.Value) : thumbprint.Error;
    }

    private async ValueTask<OAuthResult<Client?>> ReadClientAsync(Visit visit, Parameters form, bool mayBeNameless)
    {
        StringValues authorization = visit.Request.Headers.Authorization;
        string? assertion = form["client_assertion"];
        string? secret = form["client_secret"];
        string? id = form["client_id"];
        int ways = (authorization.Count > 0 ? 1 : 0) + (assertion is not null ? 1 : 0) + (secret is not null ? 1 : 0);
        if (ways > 1)
        {
            return OAuthError.InvalidRequest("The client authenticates in more than one way.");
        }

        if (authorization.Count > 0)
        {
            return ReadBasic(authorization, id) is var (name, password) ? CheckSecret(name, password) : OAuthError.InvalidClient("The client does not authenticate in a way that can be read.");
        }

        if (assertion is not null || form["client_assertion_type"] is not null)
        {
            return await CheckAssertionAsync(visit, assertion, form["client_assertion_type"], id);
        }

        return secret is not null ? CheckSecret(id, secret) : CheckPublic(id, mayBeNameless);
    }

    private OAuthResult<Client?> CheckPublic(string? id, bool mayBeNameless)
    {
        if (id is null)
        {
            return mayBeNameless ? (OAuthResult<Client?>)(Client?)null : OAuthError.InvalidClient("The client does not say who it is.");
        }

        return state.FindClient(id) switch
        {
            { IsBlocked: false, Kind: ClientKind.Public } client => client,
            { IsBlocked: false } => OAuthError.InvalidClient("The client must authenticate."),
            _ => Unknown,
        };
    }

    private OAuthResult<Client?> CheckSecret(string? id, string secret)
    {
        Client? client = id is null ? null : state.FindClient(id);
        byte[] expected = client is { Kind: ClientKind.ConfidentialSymmetric, IsBlocked: false, SecretHash: { } hash } ? hash : NoSecret;
        return secret.Length <= MaxSecret && Secrets.Matches(secret, expected) ? client : Unknown;
    }

    private async ValueTask<OAuthResult<Client?>> CheckAssertionAsync(Visit visit, string? assertion, string? type, string? id)
    {
        if (assertion is null || type != ClientAssertions.Type)
        {
            return OAuthError.InvalidClient($"client_assertion_type must be {ClientAssertions.Type}, with a client_assertion.");
        }

        if (ClientAssertions.ClientOf(assertion) is not { } named || (id is not null && id != named))
        {
            return OAuthError.InvalidClient("The assertion cannot be read, or is another client's.");
        }

        Client? client = state.FindClient(named);
        bool canSign = client is { Kind: ClientKind.ConfidentialAsymmetric, IsBlocked: false };
        OAuthResult<bool> proved = await visit.Issuer.Assertions.VerifyAsync(assertion, named, canSign ? ClientKeys.Of(client!.Jwks, client.JwksUri) : null, visit.Aborted);
        return proved.IsOk ? client : proved.Error;
    }

    /// <summary>The id and secret of the header, each form-encoded before it was put there.</summary>
    private static (string Id, string Secret)? ReadBasic(StringValues authorization, string? alsoNamed)
    {
        string value = authorization.Count == 1 ? authorization.ToString() : "";
        byte[] bytes = new byte[value.Length];
        if (!value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(value[Basic.Length..].Trim(), bytes, out int length))
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(bytes, 0, length);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1
            || Parameters.Read("id=" + text[..colon]) is not { IsOk: true, Value: var id }
            || Parameters.Read("secret=" + text[(colon + 1)..]) is not { IsOk: true, Value: var secret }
            || id["id"] is not { } name
            || secret["secret"] is not { } password
            || (alsoNamed is not null && alsoNamed != name))
        {
            return null;
        }

        return (name, password);
    }

    private static OAuthError Unknown => OAuthError.InvalidClient("No client is known here by this id and this proof.");
}
