using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>Clients that do not prove who they are, or ask for what is not theirs.</summary>
public sealed class ClientRefusalTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Grants = "client_credentials";
    private const string Scope = "system/Patient.rs";
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private SmartTestServer Server => running.Server;

    [Theory]
    [InlineData("RS384")]
    [InlineData("ES384")]
    public async Task A_system_that_signs_gets_a_token(string algorithm)
    {
        Client system = await SystemAsync();

        Answer answer = await Server.PostAsync("/auth/token", Form(Assertion(system, algorithm)));

        Assert.Equal(200, answer.Status);
        Assert.Equal(Scope, answer.Text("scope"));
        Assert.False(answer.Json.TryGetProperty("refresh_token", out _));
        Assert.False(answer.Json.TryGetProperty("id_token", out _));
        Assert.Equal(system.Id, Server.State.FindToken(answer.Text("access_token"))?.Client);
    }

    /// <summary>One thing wrong with header or claims of the assertion; tests/Smart.Tests/Jose has more of them.</summary>
    [Theory]
    [InlineData("alg none")]
    [InlineData("alg HS384 with the public key")]
    [InlineData("alg RS256")]
    [InlineData("kid missing")]
    [InlineData("kid unknown")]
    [InlineData("another key")]
    [InlineData("own key inside")]
    [InlineData("jku of somebody")]
    [InlineData("iss of another")]
    [InlineData("sub of another")]
    [InlineData("aud of another")]
    [InlineData("aud of the FHIR server")]
    [InlineData("exp missing")]
    [InlineData("exp past")]
    [InlineData("exp in an hour")]
    [InlineData("jti missing")]
    [InlineData("two signatures")]
    [InlineData("no token")]
    [InlineData("long")]
    public async Task An_assertion_with_one_thing_wrong_is_refused(string what)
    {
        Client system = await SystemAsync();
        string assertion = what switch
        {
            "no token" => "x",
            "long" => new string('x', 60_000),
            "two signatures" => Assertion(system) + "." + Assertion(system).Split('.')[2],
            _ => Spoilt(system, what),
        };

        Refused(await Server.PostAsync("/auth/token", Form(assertion)), "invalid_client");
    }

    [Fact]
    public async Task An_assertion_works_once()
    {
        Client system = await SystemAsync();
        Client other = await SystemAsync();
        string assertion = Assertion(system, jti: "same");

        Assert.Equal(200, (await Server.PostAsync("/auth/token", Form(assertion))).Status);
        Refused(await Server.PostAsync("/auth/token", Form(assertion)), "invalid_client");
        Refused(await Server.PostAsync("/auth/token", Form(Assertion(system, "ES384", jti: "same"))), "invalid_client");
        // Another client may choose the same id.
        Assert.Equal(200, (await Server.PostAsync("/auth/token", Form(Assertion(other, jti: "same")))).Status);
    }

    [Fact]
    public async Task Of_many_who_bring_the_same_assertion_at_once_one_gets_a_token()
    {
        Client system = await SystemAsync();
        (string, string)[] form = Form(Assertion(system));

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Server.PostAsync("/auth/token", form)));

        Assert.Single(answers, answer => answer.Status == 200);
    }

    [Theory]
    [InlineData("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "invalid_client")]
    [InlineData("client_assertion_type", "", "invalid_client")]
    [InlineData("client_assertion", "", "invalid_client")]
    [InlineData("client_id", "somebody-else", "invalid_client")]
    [InlineData("scope", "", "invalid_scope")]
    [InlineData("scope", "system/Encounter.rs", "invalid_scope")]
    [InlineData("scope", "patient/Patient.rs", "invalid_scope")]
    [InlineData("scope", "user/Patient.rs", "invalid_scope")]
    [InlineData("scope", "openid offline_access launch/patient", "invalid_scope")]
    public async Task A_system_asks_as_it_was_registered(string name, string value, string error)
    {
        Client system = await SystemAsync();
        (string Name, string Value)[] form = [.. Form(Assertion(system)), ("client_id", system.Id)];

        Refused(await Server.PostAsync("/auth/token", [.. form.Select(one => one.Name == name ? (name, value) : one)]), error);
    }

    [Fact]
    public async Task Who_asks_for_more_than_was_registered_gets_what_was_and_is_told_so()
    {
        Client system = await SystemAsync();
        (string Name, string Value)[] form = Form(Assertion(system));

        Answer answer = await Server.PostAsync("/auth/token", [.. form.Select(one => one.Name == "scope" ? ("scope", "system/Patient.cruds system/Encounter.rs openid") : one)]);

        Assert.Equal("system/Patient.rs", answer.Text("scope"));
        Assert.Equal("system/Patient.rs", Server.State.FindToken(answer.Text("access_token"))?.Scopes.Text);
    }

    [Fact]
    public async Task A_client_proves_itself_in_the_one_way_that_it_registered()
    {
        Client signs = await SystemAsync();
        Client hasSecret = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, "authorization_code", secret: "the secret");
        Client isPublic = await Server.AddClientAsync(ClientKind.Public);

        Refused(await TryAsync(signs, ("client_secret", "the secret")), "invalid_client");
        Refused(await TryAsync(signs), "invalid_client");
        Refused(await TryAsync(isPublic, ("client_secret", "the secret")), "invalid_client");
        Refused(await TryAsync(isPublic, ("client_assertion_type", AssertionType), ("client_assertion", Assertion(isPublic))), "invalid_client");
        Refused(await TryAsync(hasSecret, ("client_assertion_type", AssertionType), ("client_assertion", Assertion(hasSecret))), "invalid_client");
        Refused(await TryAsync(hasSecret), "invalid_client");
        Refused(await TryAsync(hasSecret, ("client_secret", "The secret")), "invalid_client");
        Refused(await TryAsync(hasSecret, ("client_secret", new string('x', 50_000))), "invalid_client");
        Refused(await TryAsync(hasSecret, ("client_secret", "the secret"), ("client_assertion_type", AssertionType), ("client_assertion", Assertion(hasSecret))), "invalid_request");
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic aWQ=")]
    [InlineData("Basic OnNlY3JldA==")]
    [InlineData("Bearer abc")]
    [InlineData("Digest username=x")]
    [InlineData("Basic aWQ6c2VjcmV0")]
    public async Task A_header_that_proves_nothing_is_refused(string authorization)
    {
        Answer answer = await Server.SendAsync(HttpMethod.Post, "/auth/token", SmartTestServer.Form(("grant_type", "client_credentials"), ("scope", Scope)), authorization);

        Refused(answer, "invalid_client", "Basic");
    }

    [Fact]
    public async Task A_secret_in_header_and_body_at_once_is_refused()
    {
        Client client = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, "authorization_code", secret: "s");
        string basic = "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(client.Id + ":s"));
        (string, string)[] form =
        [
            ("grant_type", "authorization_code"), ("client_id", client.Id), ("code", await Server.CodeAsync(client, AppFlow.Verifier)), ("redirect_uri", SmartTestServer.Redirect), ("code_verifier", AppFlow.Verifier),
        ];

        // Each of them would do, and nothing else is wrong.
        Refused(await Server.SendAsync(HttpMethod.Post, "/auth/token", SmartTestServer.Form([.. form, ("client_secret", "s")]), basic), "invalid_request");
        Refused(await Server.SendAsync(HttpMethod.Post, "/auth/token", SmartTestServer.Form([.. form, ("client_assertion", "x"), ("client_assertion_type", ClientAssertions.Type)]), basic), "invalid_request");
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Post, "/auth/token", SmartTestServer.Form(form), basic)).Status);
        Refused(await Server.SendAsync(HttpMethod.Post, "/auth/token", SmartTestServer.Form(("grant_type", "authorization_code"), ("client_id", "other")), basic), "invalid_client", "Basic");
    }

    [Fact]
    public async Task Unknown_clients_and_wrong_proofs_are_told_the_same()
    {
        Client client = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, "authorization_code", secret: "s");

        Answer wrong = await TryAsync(client, ("client_secret", "x"));
        Answer unknown = await TryAsync(client with { Id = "nobody" }, ("client_secret", "x"));

        Assert.Equal(wrong.Json.GetRawText(), unknown.Json.GetRawText());
    }

    [Fact]
    public async Task A_client_that_is_blocked_gets_nothing()
    {
        Client system = await SystemAsync();
        string token = (await Server.PostAsync("/auth/token", Form(Assertion(system)))).Text("access_token");

        _ = await Server.State.RegisterAsync(system with { IsBlocked = true });

        Refused(await Server.PostAsync("/auth/token", Form(Assertion(system))), "invalid_client");
        Assert.Null(Server.State.FindToken(token));
    }

    [Fact]
    public async Task Who_fails_too_often_has_to_wait()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync(SmartTestServer.Options with { FailuresOfAddress = 5 });
        (string, string)[] wrong = [("grant_type", "authorization_code"), ("client_id", "nobody")];
        for (int i = 0; i < 5; i++)
        {
            Refused(await server.PostAsync("/auth/token", wrong), "invalid_client");
        }

        Answer answer = await server.PostAsync("/auth/token", wrong);

        Assert.Equal(429, answer.Status);
        Assert.NotNull(answer.Headers.RetryAfter?.Delta);
        server.Clock.Now += answer.Headers.RetryAfter!.Delta!.Value;
        Refused(await server.PostAsync("/auth/token", wrong), "invalid_client");
    }

    private static string Jwks { get; } = new JsonObject { ["keys"] = new JsonArray(Forge.Json(Forge.Key("RS384", "rsa")), Forge.Json(Forge.Key("ES384", "curve"))) }.ToJsonString();

    private Task<Client> SystemAsync() => Server.AddClientAsync(ClientKind.ConfidentialAsymmetric, Grants, "system/Patient.rs system/Observation.rs", jwks: Jwks);

    private Task<Answer> TryAsync(Client client, params (string, string)[] proof) =>
        Server.PostAsync("/auth/token", [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", SmartTestServer.Redirect), ("client_id", client.Id), .. proof]);

    private static (string Name, string Value)[] Form(string assertion) =>
        [("grant_type", "client_credentials"), ("scope", Scope), ("client_assertion_type", AssertionType), ("client_assertion", assertion)];

    private string Assertion(Client client, string algorithm = "RS384", string? jti = null)
    {
        (JsonObject header, JsonObject claims) = Parts(client, algorithm, jti);
        return Forge.Token(header, claims, Forge.Signer(algorithm));
    }

    private (JsonObject Header, JsonObject Claims) Parts(Client client, string algorithm, string? jti) => (
        new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = algorithm[0] == 'R' ? "rsa" : "curve" },
        new JsonObject { ["iss"] = client.Id, ["sub"] = client.Id, ["aud"] = Server.TokenUrl, ["exp"] = Server.Clock.Now.AddMinutes(4).ToUnixTimeSeconds(), ["jti"] = jti ?? Path.GetRandomFileName() });

    private string Spoilt(Client client, string what)
    {
        (JsonObject header, JsonObject claims) = Parts(client, "RS384", null);
        Func<byte[], byte[]> sign = Forge.Signer("RS384");
        Func<byte[], byte[]> otherKey = data => Forge.OtherRsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1);
        switch (what)
        {
            case "alg none": header["alg"] = "none"; sign = _ => []; break;
            case "alg HS384 with the public key": header["alg"] = "HS384"; sign = data => HMACSHA384.HashData(Forge.Rsa.ExportSubjectPublicKeyInfo(), data); break;
            case "alg RS256": header["alg"] = "RS256"; sign = Forge.Signer("RS256"); break;
            case "kid missing": header.Remove("kid"); break;
            case "kid unknown": header["kid"] = "other"; break;
            case "another key": sign = otherKey; break;
            case "own key inside": header["jwk"] = Forge.Json(Jwk.Of(Forge.OtherRsa)); sign = otherKey; break;
            case "jku of somebody": header["jku"] = Server.Origin + "/auth/jwks"; break;
            case "aud of the FHIR server": claims["aud"] = Server.Origin + "/fhir"; break;
            case "exp past": claims["exp"] = Server.Clock.Now.AddMinutes(-1).ToUnixTimeSeconds(); break;
            case "exp in an hour": claims["exp"] = Server.Clock.Now.AddHours(1).ToUnixTimeSeconds(); break;
            case "exp missing" or "jti missing": claims.Remove(what[..3]); break;
            default: claims[what[..3]] = "other"; break;
        }

        return Forge.Token(header, claims, sign);
    }

    /// <param name="challenge">By which scheme to log in; told to who used the header alone: https://www.rfc-editor.org/rfc/rfc6749#section-5.2</param>
    private static void Refused(Answer answer, string error, string? challenge = null)
    {
        Assert.Equal(error, answer.Error);
        Assert.Equal((challenge is null ? 400 : 401, challenge), (answer.Status, answer.Headers.WwwAuthenticate.SingleOrDefault()?.Scheme));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.False(answer.Json.TryGetProperty("access_token", out _));
    }
}
