using System.Net;
using System.Text.Json;
using HealthChain.Smart.Jose;

namespace HealthChain.Smart.External;

/// <summary>What a provider says of itself: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata</summary>
/// <param name="SendsIssuer">Whether it names itself in its answers: https://www.rfc-editor.org/rfc/rfc9207</param>
internal sealed record ProviderMetadata(Uri Authorize, Uri Token, Uri Keys, bool SendsIssuer);

/// <summary>What a provider gives for a code.</summary>
internal sealed record ProviderTokens(string IdToken, string? AccessToken);

/// <summary>Asks the provider. Its issuer was chosen by the operator, so it may stand in the same network, but never without TLS elsewhere than on this machine.</summary>
internal sealed class ExternalProvider(ExternalOptions options, OutsideHttp http, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private volatile Known? _known;

    public async ValueTask<OAuthResult<ProviderMetadata>> DescribeAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetUtcNow() < known.Until)
        {
            return known.Metadata;
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, options.Issuer!.TrimEnd('/') + "/.well-known/openid-configuration");
        OutsideAnswer? answer = await http.AskAsync(request, cancellationToken);
        if (answer is not { Status: HttpStatusCode.OK } || JoseJson.ReadObject(answer.Body) is not { } json || Read(json) is not { } metadata)
        {
            return OAuthError.TemporarilyUnavailable("The other provider does not describe itself as it should.");
        }

        _known = new Known(metadata, time.GetUtcNow() + Kept);
        return metadata;
    }

    /// <summary>Gives the code away for tokens.</summary>
    public async ValueTask<OAuthResult<ProviderTokens>> RedeemAsync(Uri token, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, token) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Accept.ParseAdd("application/json");
        if (options.ClientSecret is { } secret)
        {
            // Both are form-encoded before: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
            string pair = $"{WebUtility.UrlEncode(options.ClientId)}:{WebUtility.UrlEncode(secret)}";
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pair)));
        }

        OutsideAnswer? answer = await http.AskAsync(request, cancellationToken);
        return answer is { Status: HttpStatusCode.OK } && JoseJson.ReadObject(answer.Body) is { } json && JoseJson.TryNeeded(json, "id_token", out string? idToken)
            && JoseJson.TryText(json, "access_token", out string? accessToken)
            ? new ProviderTokens(idToken, accessToken)
            : OAuthError.AccessDenied("The other provider gave no id_token.");
    }

    private ProviderMetadata? Read(JsonElement json)
    {
        // "MUST be identical to the Issuer URL that was used": otherwise one provider could speak for another.
        bool isWhole = JoseJson.TryNeeded(json, "issuer", out string? issuer) && issuer == options.Issuer;
        return isWhole && Address(json, "authorization_endpoint") is { } authorize && Address(json, "token_endpoint") is { } token && Address(json, "jwks_uri") is { } keys
            ? new ProviderMetadata(authorize, token, keys, json.TryGetProperty("authorization_response_iss_parameter_supported", out JsonElement sends) && sends.ValueKind == JsonValueKind.True)
            : null;
    }

    private static Uri? Address(JsonElement json, string name) =>
        JoseJson.TryNeeded(json, name, out string? text) && Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && OutsideHttp.MayAsk(address, OutsideReach.Any) ? address : null;

    private sealed record Known(ProviderMetadata Metadata, DateTimeOffset Until);
}
