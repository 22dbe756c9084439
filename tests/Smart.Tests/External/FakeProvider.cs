using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Tests.Jose;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HealthChain.Smart.Tests.External;

/// <summary>An OpenID provider on this machine that does what a test tells it.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TestClock _clock;

    private FakeProvider(WebApplication app, TestClock clock)
    {
        _app = app;
        _clock = clock;
    }

    public string Issuer => _app.Urls.First();

    /// <summary>Changes what the provider says of itself.</summary>
    public Action<JsonObject> Describing { get; set; } = _ => { };

    /// <summary>Changes header and claims of the next id_token.</summary>
    public Action<JsonObject, JsonObject> Saying { get; set; } = (_, _) => { };

    public Func<byte[], byte[]> Sign { get; set; } = Forge.Signer("ES256");

    public string AccessToken { get; set; } = "access";

    /// <summary>What the browser was sent to, by name.</summary>
    public Dictionary<string, string> Asked { get; private set; } = [];

    /// <summary>What came to the token endpoint.</summary>
    public Dictionary<string, string> Redeemed { get; private set; } = [];

    public string? Authorization { get; private set; }

    public static async Task<FakeProvider> StartAsync(TestClock clock)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var provider = new FakeProvider(app, clock);
        app.MapGet("/.well-known/openid-configuration", provider.Describe);
        app.MapGet("/keys", () => Results.Text(new JsonObject { ["keys"] = new JsonArray(Forge.Json(Forge.Key("ES256", "theirs"))) }.ToJsonString(), "application/json"));
        app.MapPost("/token", provider.RedeemAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>The user signs in: reads what the browser was sent with and gives what it brings back.</summary>
    public string SignIn(Uri redirect)
    {
        Asked = redirect.Query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        return Asked["state"];
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Describe()
    {
        var json = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = Issuer + "/authorize",
            ["token_endpoint"] = Issuer + "/token",
            ["jwks_uri"] = Issuer + "/keys",
            ["authorization_response_iss_parameter_supported"] = true,
        };
        Describing(json);
        return Results.Text(json.ToJsonString(), "application/json");
    }

    private async Task<IResult> RedeemAsync(HttpRequest request)
    {
        IFormCollection form = await request.ReadFormAsync();
        Redeemed = form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        Authorization = request.Headers.Authorization;
        bool isBound = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(Redeemed["code_verifier"]))) == Asked["code_challenge"];
        if (Redeemed["code"] != "good" || !isBound)
        {
            return Results.Text("""{"error":"invalid_grant"}""", "application/json", statusCode: 400);
        }

        long now = _clock.Now.ToUnixTimeSeconds();
        var header = new JsonObject { ["alg"] = "ES256", ["kid"] = "theirs" };
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Asked["client_id"],
            ["sub"] = "alice",
            ["iat"] = now,
            ["exp"] = now + 300,
            ["nonce"] = Asked["nonce"],
            ["at_hash"] = IdTokens.HalfHash(JoseAlgorithm.Es256, AccessToken),
        };
        Saying(header, claims);
        var answer = new JsonObject { ["id_token"] = Forge.Token(header, claims, Sign), ["access_token"] = "access", ["token_type"] = "Bearer" };
        return Results.Text(answer.ToJsonString(), "application/json");
    }
}
