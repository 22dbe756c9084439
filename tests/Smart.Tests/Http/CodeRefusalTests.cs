using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What the token endpoint refuses of those who come with a code or a refresh token.</summary>
public sealed class CodeRefusalTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private SmartTestServer Server => running.Server;

    [Fact]
    public async Task A_code_gives_tokens()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);

        Answer answer = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier)));

        Assert.Equal(200, answer.Status);
        Assert.Equal("Bearer", answer.Text("token_type"));
        Assert.Equal("ada", answer.Text("patient"));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("no-cache", answer.Headers.Pragma.ToString());
        Assert.NotNull(Server.State.FindToken(answer.Text("access_token")));
    }

    [Theory]
    [InlineData("code_verifier", null, "invalid_grant")]
    [InlineData("code_verifier", "", "invalid_grant")]
    [InlineData("code_verifier", " ", "invalid_grant")]
    [InlineData("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", "invalid_grant")]
    [InlineData("code_verifier", "challenge", "invalid_grant")]
    [InlineData("code_verifier", "long", "invalid_grant")]
    [InlineData("redirect_uri", null, "invalid_request")]
    [InlineData("redirect_uri", "", "invalid_request")]
    [InlineData("redirect_uri", "https://app.example/cb/", "invalid_grant")]
    [InlineData("redirect_uri", "https://app.example/CB", "invalid_grant")]
    [InlineData("redirect_uri", "https://evil.example/cb", "invalid_grant")]
    [InlineData("code", null, "invalid_request")]
    [InlineData("code", "", "invalid_request")]
    [InlineData("code", "wrong", "invalid_grant")]
    [InlineData("code", "cut", "invalid_grant")]
    [InlineData("code", "long", "invalid_grant")]
    [InlineData("client_id", null, "invalid_client")]
    [InlineData("client_id", "", "invalid_client")]
    [InlineData("client_id", "unknown", "invalid_client")]
    [InlineData("client_id", "another app", "invalid_grant")]
    [InlineData("client_id", "an app with a secret", "invalid_client")]
    [InlineData("grant_type", null, "invalid_request")]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    [InlineData("grant_type", "implicit", "unsupported_grant_type")]
    [InlineData("grant_type", "Authorization_Code", "unsupported_grant_type")]
    [InlineData("grant_type", "authorization_code ", "unsupported_grant_type")]
    [InlineData("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type")]
    [InlineData("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "unsupported_grant_type")]
    [InlineData("grant_type", "refresh_token", "invalid_request")]
    [InlineData("grant_type", "client_credentials", "unauthorized_client")]
    public async Task A_code_with_one_thing_wrong_gives_nothing(string name, string? value, string error)
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string code = await Server.CodeAsync(app, Verifier);
        string? sent = (name, value) switch
        {
            (_, "challenge") => Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))),
            (_, "long") => new string('x', 20_000),
            (_, "cut") => code[..^1],
            (_, "another app") => (await Server.AddClientAsync(ClientKind.Public)).Id,
            (_, "an app with a secret") => (await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s")).Id,
            _ => value,
        };

        Answer answer = await Server.PostAsync("/auth/token", [.. Good(app, code).Where(one => one.Name != name || sent is not null).Select(one => one.Name == name ? (name, sent!) : one)]);

        Refused(answer, error);
    }

    [Theory]
    [InlineData("code")]
    [InlineData("client_id")]
    [InlineData("redirect_uri")]
    [InlineData("code_verifier")]
    [InlineData("grant_type")]
    [InlineData("unknown")]
    public async Task No_parameter_may_come_twice(string name)
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        (string Name, string Value)[] form = [.. Good(app, await Server.CodeAsync(app, Verifier)), ("unknown", "x")];

        // Not even with the same value.
        Refused(await Server.PostAsync("/auth/token", [.. form, form.Single(one => one.Name == name)]), "invalid_request");
    }

    [Fact]
    public async Task A_code_works_once_and_its_second_use_ends_what_came_of_the_first()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        (string, string)[] form = Good(app, await Server.CodeAsync(app, Verifier));
        Answer first = await Server.PostAsync("/auth/token", form);

        Refused(await Server.PostAsync("/auth/token", form), "invalid_grant");

        Assert.Null(Server.State.FindToken(first.Text("access_token")));
        Refused(await Server.PostAsync("/auth/token", Refresh(app, first.Text("refresh_token"))), "invalid_grant");
    }

    [Fact]
    public async Task A_code_that_was_tried_with_a_wrong_verifier_is_burnt()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        (string Name, string Value)[] form = Good(app, await Server.CodeAsync(app, Verifier));

        Refused(await Server.PostAsync("/auth/token", [.. form.Select(one => one.Name == "code_verifier" ? (one.Name, Verifier + "x") : one)]), "invalid_grant");

        Refused(await Server.PostAsync("/auth/token", form), "invalid_grant");
    }

    [Fact]
    public async Task A_code_and_tokens_expire()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync();
        Client app = await server.AddClientAsync(ClientKind.Public);
        string late = await server.CodeAsync(app, Verifier);
        Answer tokens = await server.PostAsync("/auth/token", Good(app, await server.CodeAsync(app, Verifier)));
        server.Clock.Now += TimeSpan.FromSeconds(60);

        Refused(await server.PostAsync("/auth/token", Good(app, late)), "invalid_grant");
        server.Clock.Now += TimeSpan.FromSeconds(tokens.Json.GetProperty("expires_in").GetInt32() - 60);
        Assert.Null(server.State.FindToken(tokens.Text("access_token")));
        Assert.Equal(401, (await server.SendAsync(HttpMethod.Get, "/auth/userinfo", null, "Bearer " + tokens.Text("access_token"))).Status);
        server.Clock.Now += TimeSpan.FromDays(31);
        Refused(await server.PostAsync("/auth/token", Refresh(app, tokens.Text("refresh_token"))), "invalid_grant");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("QUERY")]
    public async Task Tokens_are_asked_for_by_POST_alone(string method)
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string query = await SmartTestServer.Form(Good(app, await Server.CodeAsync(app, Verifier))).ReadAsStringAsync(TestContext.Current.CancellationToken);

        Answer answer = await Server.SendAsync(new HttpMethod(method), "/auth/token?" + query, null);

        Assert.Equal(405, answer.Status);
    }

    [Fact]
    public async Task Secrets_in_the_address_do_not_count()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        string query = await SmartTestServer.Form(Good(app, await Server.CodeAsync(app, Verifier))).ReadAsStringAsync(TestContext.Current.CancellationToken);

        Refused(await Server.SendAsync(HttpMethod.Post, "/auth/token?" + query, SmartTestServer.Form()), "invalid_client", "invalid_request");
    }

    [Theory]
    [InlineData("application/json", "{\"grant_type\":\"authorization_code\"}")]
    [InlineData("text/plain", "grant_type=authorization_code")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    [InlineData("application/x-www-form-urlencoded", "grant_type=authorization_code&code=%")]
    [InlineData("application/x-www-form-urlencoded", "grant_type=authorization_code&code=%zz")]
    [InlineData("application/x-www-form-urlencoded", "grant_type=authorization_code&code=%c3%28")]
    [InlineData("application/x-www-form-urlencoded", "grant_type=authorization_code&code=%00")]
    [InlineData(null, "grant_type=authorization_code")]
    public async Task A_body_that_is_no_proper_form_is_refused(string? type, string body)
    {
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        Refused(await Server.SendAsync(HttpMethod.Post, "/auth/token", content), "invalid_request");
    }

    [Fact]
    public async Task Long_bodies_and_many_parameters_are_refused()
    {
        Refused(await Server.PostAsync("/auth/token", ("grant_type", new string('x', 100_000))), "invalid_request");
        Refused(await Server.PostAsync("/auth/token", [.. Enumerable.Range(0, 2_000).Select(n => ($"p{n}", "x"))]), "invalid_request");
    }

    [Fact]
    public async Task Refreshing_never_gives_more()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Answer first = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier, "launch/patient offline_access patient/Observation.rs")));
        string refresh = first.Text("refresh_token");

        foreach (string wider in (string[])["patient/Observation.cruds", "patient/*.rs", "user/Observation.rs", "system/Observation.rs", "openid", "patient/Observation.rs openid", "launch/encounter"])
        {
            Refused(await Server.PostAsync("/auth/token", [.. Refresh(app, refresh), ("scope", wider)]), "invalid_scope");
        }

        Answer less = await Server.PostAsync("/auth/token", [.. Refresh(app, refresh), ("scope", "patient/Observation.r")]);
        Assert.Equal("patient/Observation.r", less.Text("scope"));
        Answer all = await Server.PostAsync("/auth/token", Refresh(app, less.Text("refresh_token")));
        Assert.Equal(ScopesOf(first), ScopesOf(all));
    }

    [Fact]
    public async Task A_refresh_token_is_good_for_its_client_alone_and_for_nothing_else()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Client other = await Server.AddClientAsync(ClientKind.Public);
        Answer first = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier)));

        Refused(await Server.PostAsync("/auth/token", Refresh(app, "wrong")), "invalid_grant");
        Refused(await Server.PostAsync("/auth/token", Refresh(app, first.Text("access_token"))), "invalid_grant");
        Assert.Null(Server.State.FindToken(first.Text("refresh_token")));
        Assert.Equal(401, (await Server.SendAsync(HttpMethod.Get, "/auth/userinfo", null, "Bearer " + first.Text("refresh_token"))).Status);
        Refused(await Server.PostAsync("/auth/token", Refresh(other, first.Text("refresh_token"))), "invalid_grant");
    }

    [Fact]
    public async Task A_public_client_need_not_name_itself_to_refresh_but_one_with_a_secret_must_prove_it()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Client confidential = await Server.AddClientAsync(ClientKind.ConfidentialSymmetric, secret: "s");
        Answer first = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier)));
        Answer second = await Server.PostAsync("/auth/token", [.. Good(confidential, await Server.CodeAsync(confidential, Verifier)), ("client_secret", "s")]);

        Assert.Equal(200, (await Server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", first.Text("refresh_token")))).Status);
        Refused(await Server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", second.Text("refresh_token"))), "invalid_client", "invalid_grant");
        Refused(await Server.PostAsync("/auth/token", Refresh(confidential, second.Text("refresh_token"))), "invalid_client");
    }

    [Fact]
    public async Task A_client_that_is_not_registered_to_refresh_does_not_whether_it_names_itself_or_not()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public, grants: "authorization_code");
        string token = (await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier)))).Text("refresh_token");

        Refused(await Server.PostAsync("/auth/token", Refresh(app, token)), "unauthorized_client");
        Refused(await Server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", token)), "unauthorized_client");
    }

    [Fact]
    public async Task A_reused_refresh_token_ends_the_family()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);
        Answer first = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier)));
        Answer second = await Server.PostAsync("/auth/token", Refresh(app, first.Text("refresh_token")));
        Answer third = await Server.PostAsync("/auth/token", Refresh(app, second.Text("refresh_token")));

        Refused(await Server.PostAsync("/auth/token", Refresh(app, first.Text("refresh_token"))), "invalid_grant");

        Assert.Null(Server.State.FindToken(third.Text("access_token")));
        Refused(await Server.PostAsync("/auth/token", Refresh(app, third.Text("refresh_token"))), "invalid_grant");
    }

    [Fact]
    public async Task Without_offline_access_there_is_nothing_to_refresh_with()
    {
        Client app = await Server.AddClientAsync(ClientKind.Public);

        Answer answer = await Server.PostAsync("/auth/token", Good(app, await Server.CodeAsync(app, Verifier, "launch/patient patient/*.rs")));

        Assert.False(answer.Json.TryGetProperty("refresh_token", out _));
        Assert.False(answer.Json.TryGetProperty("id_token", out _));
    }

    [Fact]
    public async Task What_cannot_be_put_on_record_does_not_happen()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync();
        Client app = await server.AddClientAsync(ClientKind.Public);
        (string, string)[] form = Good(app, await server.CodeAsync(app, Verifier));
        server.Host.CanWrite = false;

        Answer answer = await server.PostAsync("/auth/token", form);

        Assert.Equal((503, "temporarily_unavailable"), (answer.Status, answer.Error));
        server.Host.CanWrite = true;
        Refused(await server.PostAsync("/auth/token", form), "invalid_grant");
    }

    [Fact]
    public async Task Each_refusal_is_on_record_and_nothing_secret_is()
    {
        await using SmartTestServer server = await SmartTestServer.StartAsync();
        Client app = await server.AddClientAsync(ClientKind.Public);
        string code = await server.CodeAsync(app, Verifier);
        Answer first = await server.PostAsync("/auth/token", Good(app, code));
        Refused(await server.PostAsync("/auth/token", Good(app, code)), "invalid_grant");
        Refused(await server.PostAsync("/auth/token", Refresh(app, first.Text("refresh_token"))), "invalid_grant");
        Answer other = await server.PostAsync("/auth/token", Good(app, await server.CodeAsync(app, Verifier)));
        await server.PostAsync("/auth/token", Refresh(app, other.Text("refresh_token")));
        Refused(await server.PostAsync("/auth/token", ("grant_type", "refresh_token"), ("refresh_token", other.Text("refresh_token"))), "invalid_grant");

        Assert.Equal(
            [SmartEventKind.TokenIssued, SmartEventKind.TokenRefused, SmartEventKind.TokenRefused, SmartEventKind.TokenIssued, SmartEventKind.TokenRefreshed, SmartEventKind.TokenRefused],
            server.Host.Records.Select(happened => happened.Kind));
        Assert.All(server.Host.Records, happened => Assert.Equal(app.Id, happened.Client));
        Assert.All(server.Host.Records.Where(happened => happened.Kind == SmartEventKind.TokenRefused), happened => Assert.True(happened is { IsRefusal: true, Reason.Length: > 0 }));
        string all = string.Join('\n', server.Host.Records);
        Assert.All([code, Verifier, first.Text("access_token"), first.Text("refresh_token"), SmartSite.Password], secret => Assert.DoesNotContain(secret, all, StringComparison.Ordinal));
    }

    private static (string Name, string Value)[] Good(Client app, string code) =>
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SmartTestServer.Redirect), ("code_verifier", Verifier), ("client_id", app.Id)];

    private static (string Name, string Value)[] Refresh(Client app, string token) => [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", app.Id)];

    private static IEnumerable<string> ScopesOf(Answer answer) => answer.Text("scope").Split(' ').Order();

    private static void Refused(Answer answer, params string[] errors)
    {
        Assert.Contains(answer.Error, errors);
        Assert.Equal(400, answer.Status);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.False(answer.Json.TryGetProperty("access_token", out _));
    }
}
