using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Http;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What an app does: asks for a code, and redeems it.</summary>
internal static class AppFlow
{
    public const string Verifier = "a-verifier-of-forty-three-letters-or-more-0123456789";

    public static string Challenge { get; } = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>A request for a code that is sound, with whatever a test changes in it; null takes a parameter out.</summary>
    public static string Authorize(SmartSite site, params (string Name, string? Value)[] changes)
    {
        var parameters = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = "app",
            ["redirect_uri"] = SmartSite.Callback,
            ["scope"] = "openid fhirUser launch/patient offline_access patient/*.rs",
            ["state"] = "a state & more",
            ["aud"] = site.FhirBase,
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
            ["nonce"] = "a nonce",
        };
        foreach ((string name, string? value) in changes)
        {
            parameters[name] = value;
        }

        return "/auth/authorize?" + Parameters.Write([.. parameters.Select(pair => (pair.Key, pair.Value))]);
    }

    /// <summary>Lets a user log in and say yes to everything; gives the code.</summary>
    public static async Task<string> CodeAsync(Browser browser, string request, string user = "ada")
    {
        Page consent = await browser.LogInAsync(await browser.GetAsync(request), user);
        return await AllowAsync(browser, consent);
    }

    public static async Task<string> AllowAsync(Browser browser, Page consent)
    {
        Page allowed = await browser.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")]);
        return allowed.Parameter("code") ?? throw new InvalidOperationException($"There is no code: {allowed.Location}");
    }

    public static Task<Page> RedeemAsync(Browser browser, string code, string client = "app") => browser.PostAsync(
        "/auth/token", ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SmartSite.Callback), ("code_verifier", Verifier), ("client_id", client));

    public static Task<Page> RefreshAsync(Browser browser, string token, params (string Name, string Value)[] more) =>
        browser.PostAsync("/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token), .. more]);

    /// <summary>Tokens for a user's yes to a request.</summary>
    public static async Task<JsonNode> TokensAsync(Browser browser, string request, string user = "ada")
    {
        Page tokens = await RedeemAsync(browser, await CodeAsync(browser, request, user));
        Assert.Equal(System.Net.HttpStatusCode.OK, tokens.Status);
        return JsonNode.Parse(tokens.Html)!;
    }
}
