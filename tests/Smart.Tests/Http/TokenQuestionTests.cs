using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>Introspection, revocation, registration and proofs of possession: what is refused, and that refusing tells nothing.</summary>
public sealed class TokenQuestionTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private SmartTestServer Server => running.Server;

    [Fact]
    public async Task A_client_learns_of_its_own_tokens_alone()
    {
        Client own = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s");
        Client other = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "t");
        string token = (await TokensAsync(own, "s")).Text("access_token");

        Assert.True((await AskAsync("introspect", own, "s", token)).Json.GetProperty("active").GetBoolean());
        Assert.Equal("""{"active":false}""", (await AskAsync("introspect", other, "t", token)).Json.GetRawText());
        Assert.Equal("""{"active":false}""", (await AskAsync("introspect", own, "s", "nothing")).Json.GetRawText());
        Assert.Equal("""{"active":false}""", (await AskAsync("introspect", own, "s", new string('x', 50_000))).Json.GetRawText());
    }

    /// <summary>https://hl7.org/fhir/smart-app-launch/token-introspection.html: what came beside the token, and who the user is.</summary>
    [Fact]
    public async Task A_client_learns_what_its_token_gives()
    {
        Client own = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s");
        Answer tokens = await TokensAsync(own, "s");

        foreach (string kind in new[] { "access_token", "refresh_token" })
        {
            JsonElement told = (await AskAsync("introspect", own, "s", tokens.Text(kind))).Json;

            Assert.Equal(tokens.Text("scope"), told.GetProperty("scope").GetString());
            Assert.Equal((own.Id, Server.Origin, Server.Patient.Id, "ada"), (told.GetProperty("client_id").GetString(), told.GetProperty("iss").GetString(), told.GetProperty("sub").GetString(), told.GetProperty("patient").GetString()));
            Assert.Equal($"{Server.Origin}/fhir/Patient/ada", told.GetProperty("fhirUser").GetString());
            TimeSpan life = kind == "access_token" ? TimeSpan.FromMinutes(5) : TimeSpan.FromDays(30);
            Assert.Equal((Server.Clock.Now + life).ToUnixTimeSeconds(), told.GetProperty("exp").GetInt64());
        }
    }

    [Theory]
    [InlineData("introspect")]
    [InlineData("revoke")]
    public async Task Who_does_not_prove_itself_is_told_nothing(string path)
    {
        Client own = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s");
        string token = (await TokensAsync(own, "s")).Text("access_token");

        Assert.Equal("invalid_client", (await AskAsync(path, own, "wrong", token)).Error);
        Assert.Equal("invalid_client", (await Server.PostAsync("/auth/" + path, ("token", token), ("client_id", own.Id))).Error);
        Assert.Equal("invalid_client", (await Server.PostAsync("/auth/" + path, ("token", token), ("client_id", "nobody"))).Error);
        Assert.Equal("invalid_request", (await Server.PostAsync("/auth/" + path, ("client_id", own.Id), ("client_secret", "s"))).Error);
        Assert.Equal("invalid_request", (await Server.PostAsync("/auth/" + path, ("client_id", own.Id), ("client_secret", "s"), ("token", token), ("token", token))).Error);
        Assert.Equal(405, (await Server.SendAsync(HttpMethod.Get, $"/auth/{path}?token={token}", null)).Status);
        Assert.NotNull(Server.State.FindToken(token));
    }

    [Fact]
    public async Task A_public_client_cannot_ask_about_tokens()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string token = (await TokensAsync(app, null)).Text("access_token");

        Assert.Equal("invalid_client", (await Server.PostAsync("/auth/introspect", ("token", token), ("client_id", app.Id))).Error);
        Assert.Equal("invalid_client", (await Server.PostAsync("/auth/introspect", ("token", token))).Error);
    }

    [Fact]
    public async Task Nobody_revokes_the_tokens_of_others()
    {
        Client own = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s");
        Client other = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "t");
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Answer tokens = await TokensAsync(own, "s");

        foreach (string token in (string[])[tokens.Text("access_token"), tokens.Text("refresh_token")])
        {
            Assert.NotEqual(200, (await AskAsync("revoke", other, "t", token)).Status);
            Assert.NotEqual(200, (await Server.PostAsync("/auth/revoke", ("token", token), ("client_id", app.Id))).Status);
            Assert.NotEqual(200, (await Server.PostAsync("/auth/revoke", ("token", token))).Status);
        }

        Assert.NotNull(Server.State.FindToken(tokens.Text("access_token")));
        Assert.Equal(200, (await AskAsync("revoke", own, "s", "nothing")).Status);
        Assert.Equal(200, (await AskAsync("revoke", own, "s", tokens.Text("refresh_token"))).Status);
        Assert.Null(Server.State.FindToken(tokens.Text("access_token")));
    }

    [Fact]
    public async Task What_was_revoked_is_on_record_and_what_was_not_is_not_told_as_if_it_were()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync();
        Client app = await server.AddClientAsync(ClientKind.Public);
        Client other = await server.AddClientAsync(ClientKind.Public);
        Answer first = await server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(app, await server.CodeAsync(app, Verifier)));
        await server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", first.Text("refresh_token")));
        server.Host.Records.Clear();

        await server.PostAsync("/auth/revoke", ("token", first.Text("access_token")), ("client_id", other.Id));
        await server.PostAsync("/auth/revoke", ("token", "nothing"), ("client_id", other.Id));
        await server.PostAsync("/auth/revoke", ("token", first.Text("access_token")), ("client_id", app.Id));

        // It was used before; what came of the same consent ends with it.
        await server.PostAsync("/auth/revoke", ("token", first.Text("refresh_token")));

        Assert.Equal(
            [(SmartEventKind.TokenRefused, other.Id), (SmartEventKind.Revoked, app.Id), (SmartEventKind.Revoked, app.Id)],
            server.Host.Records.Select(happened => (happened.Kind, happened.Client)));
        server.Host.CanWrite = false;
        Answer second = await server.PostAsync("/auth/revoke", ("token", first.Text("refresh_token")));
        Assert.Equal(200, second.Status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic bGV0LW1lLXJlZ2lzdGVy")]
    [InlineData("let-me-register")]
    public async Task Who_may_not_register_does_not(string? authorization)
    {
        int before = Server.State.Clients.Count;

        Answer answer = await RegisterAsync(Server, """{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"none"}""", authorization);

        Assert.Equal((401, "invalid_token"), (answer.Status, answer.Error));
        Assert.Equal(before, Server.State.Clients.Count);
    }

    [Theory]
    [InlineData("""{"redirect_uris":["http://a.example/"],"token_endpoint_auth_method":"none"}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://a.example/#x"],"token_endpoint_auth_method":"none"}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["javascript:alert(1)"],"token_endpoint_auth_method":"none"}""", "invalid_redirect_uri")]
    [InlineData("""{"token_endpoint_auth_method":"none"}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"grant_types":["implicit"]}""", "invalid_client_metadata")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"response_types":["token"]}""", "invalid_client_metadata")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic"}""", "invalid_client_metadata")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://169.254.169.254/"}""", "invalid_client_metadata")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}""", "invalid_client_metadata")]
    [InlineData("nothing", "invalid_client_metadata")]
    [InlineData("", "invalid_client_metadata")]
    public async Task A_registration_that_cannot_be_followed_is_refused(string json, string error)
    {
        Answer answer = await RegisterAsync(Server, json, "Bearer " + SmartTestServer.RegistrationToken);

        Assert.Equal((400, error), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task Registrations_are_short_JSON_by_POST_and_not_many()
    {
        const string json = """{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"none"}""";
        const string bearer = "Bearer " + SmartTestServer.RegistrationToken;
        await using SmartTestServer server = await SmartTestServer.StartAsync(SmartTestServer.Options with { RegistrationsOfAddress = 5 });

        Assert.Equal("invalid_client_metadata", (await RegisterAsync(server, json, bearer, "text/plain")).Error);
        Assert.Equal("invalid_client_metadata", (await RegisterAsync(server, $$"""{"filler":"{{new string('x', 70_000)}}"}""", bearer)).Error);
        Assert.Equal(405, (await server.SendAsync(HttpMethod.Get, "/auth/register", null, bearer)).Status);
        Assert.Equal(201, (await RegisterAsync(server, json, bearer)).Status);
        Assert.Equal(201, (await RegisterAsync(server, json, bearer)).Status);
        Assert.Equal(201, (await RegisterAsync(server, json, bearer)).Status);
        Assert.Equal(429, (await RegisterAsync(server, json, bearer)).Status);
    }

    [Fact]
    public async Task A_server_without_registration_has_no_such_address()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync(SmartTestServer.Options with { Registration = RegistrationMode.Off });

        Assert.Equal(404, (await RegisterAsync(server, "{}", "Bearer " + SmartTestServer.RegistrationToken)).Status);
        Answer described = await server.SendAsync(HttpMethod.Get, "/.well-known/openid-configuration", null);
        Assert.False(described.Json.TryGetProperty("registration_endpoint", out _));
    }

    [Theory]
    [InlineData("two proofs")]
    [InlineData("no proof")]
    [InlineData("another method")]
    [InlineData("another address")]
    [InlineData("old")]
    [InlineData("used before")]
    [InlineData("another key than the code")]
    [InlineData("no token")]
    public async Task A_code_bound_to_a_key_needs_a_proof_for_this_request(string what)
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string code = await Server.CodeAsync(app, Verifier, key: Forge.Key("ES256").Thumbprint);
        string address = what == "another address" ? Server.Origin + "/auth/introspect" : Server.TokenUrl;
        string proof = Proof(address, what == "another method" ? "GET" : "POST", what == "old" ? -90 : 0, what == "another key than the code" ? "ES384" : "ES256");
        if (what == "used before")
        {
            Answer other = await Server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(app, await Server.CodeAsync(app, Verifier)), null, proof);
            Assert.Equal("DPoP", other.Text("token_type"));
        }

        string[] proofs = what switch
        {
            "no proof" => [],
            "two proofs" => [proof, Proof(address, "POST", 0, "ES256")],
            "no token" => ["x"],
            _ => [proof],
        };

        Answer answer = await Server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(app, code), null, proofs);

        Assert.Equal(400, answer.Status);
        Assert.Contains(answer.Error, new[] { "invalid_dpop_proof", "invalid_grant" });
    }

    [Fact]
    public async Task A_bound_token_is_good_for_nobody_without_its_key()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Answer tokens = await Server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(app, await Server.CodeAsync(app, Verifier)), null, Proof(Server.TokenUrl, "POST", 0, "ES256"));
        string token = tokens.Text("access_token");
        string address = Server.Origin + "/auth/userinfo";

        Task<Answer> Ask(string scheme, params string[] proofs) => Server.SendAsync(HttpMethod.Get, "/auth/userinfo", null, $"{scheme} {token}", proofs);
        Assert.Equal(200, (await Ask("DPoP", Proof(address, "GET", 0, "ES256", token))).Status);
        Assert.Equal(401, (await Ask("Bearer")).Status);
        Assert.Equal(401, (await Ask("Bearer", Proof(address, "GET", 0, "ES256", token))).Status);
        foreach (string[] proofs in (string[][])[[], [Proof(address, "GET", 0, "ES256")], [Proof(address, "GET", 0, "ES256", "other")], [Proof(address, "GET", 0, "ES384", token)]])
        {
            Answer refused = await Ask("DPoP", proofs);
            Assert.Equal((401, "invalid_dpop_proof"), (refused.Status, refused.Error));
            Assert.StartsWith("DPoP realm=\"fhir\", error=\"invalid_dpop_proof\", algs=\"ES256 ", refused.Headers.WwwAuthenticate.ToString());
        }

        Assert.Equal("invalid_grant", (await Server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", tokens.Text("refresh_token")), ("client_id", app.Id))).Error);
    }

    [Fact]
    public async Task Where_proofs_need_a_nonce_userinfo_gives_one()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync(SmartTestServer.Options with { DpopNonces = true });
        Client app = await server.AddClientAsync(ClientKind.Public);
        async Task<Answer> RedeemAsync(string code, string? nonce) =>
            await server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(app, code), null, Proof(server.TokenUrl, "POST", 0, "ES256", nonce: nonce));

        string code = await server.CodeAsync(app, Verifier);
        Answer first = await RedeemAsync(code, null);
        Assert.Equal((400, "use_dpop_nonce"), (first.Status, first.Error));
        string token = (await RedeemAsync(code, NonceOf(first))).Text("access_token");

        string address = server.Origin + "/auth/userinfo";
        Task<Answer> Ask(string? nonce) => server.SendAsync(HttpMethod.Get, "/auth/userinfo", null, "DPoP " + token, Proof(address, "GET", 0, "ES256", token, nonce));
        Answer without = await Ask(null);
        Assert.Equal((401, "use_dpop_nonce"), (without.Status, without.Error));
        Assert.Contains("error=\"use_dpop_nonce\"", without.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Answer good = await Ask(NonceOf(without));
        Assert.Equal(200, good.Status);
        Assert.NotEmpty(NonceOf(good));
        Assert.Equal(401, (await Ask("made up")).Status);
    }

    private static string NonceOf(Answer answer) => Assert.Single(answer.Headers.GetValues("DPoP-Nonce"));

    [Fact]
    public async Task A_bearer_token_cannot_be_used_as_a_bound_one()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string token = (await TokensAsync(app, null)).Text("access_token");

        Assert.Equal(401, (await Server.SendAsync(HttpMethod.Get, "/auth/userinfo", null, "DPoP " + token, Proof(Server.Origin + "/auth/userinfo", "GET", 0, "ES256", token))).Status);
    }

    private static FormUrlEncodedContent CodeForm(Client app, string code, string? secret = null)
    {
        (string, string)[] form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SmartTestServer.Redirect), ("code_verifier", Verifier), ("client_id", app.Id)];
        return SmartTestServer.Form(secret is null ? form : [.. form, ("client_secret", secret)]);
    }

    private async Task<Answer> TokensAsync(Client client, string? secret) =>
        await Server.SendAsync(HttpMethod.Post, "/auth/token", CodeForm(client, await Server.CodeAsync(client, Verifier), secret));

    private Task<Answer> AskAsync(string path, Client client, string secret, string token) =>
        Server.PostAsync("/auth/" + path, ("token", token), ("client_id", client.Id), ("client_secret", secret));

    private static Task<Answer> RegisterAsync(SmartTestServer server, string json, string? authorization, string type = "application/json") =>
        server.SendAsync(HttpMethod.Post, "/auth/register", new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue(type)), authorization);

    private string Proof(string address, string method, int seconds, string algorithm, string? token = null, string? nonce = null)
    {
        var claims = new JsonObject { ["jti"] = Path.GetRandomFileName(), ["htm"] = method, ["htu"] = address, ["iat"] = Server.Clock.Now.AddSeconds(seconds).ToUnixTimeSeconds() };
        if (token is not null)
        {
            claims["ath"] = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        }

        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        return Forge.Token(new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = algorithm, ["jwk"] = Forge.Json(Forge.Key(algorithm)) }, claims, Forge.Signer(algorithm));
    }
}
