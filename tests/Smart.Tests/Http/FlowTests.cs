using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.State;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What users and apps do when all is well.</summary>
public sealed class FlowTests : IAsyncLifetime
{
    private SmartSite _site = null!;
    private Browser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _site = await SmartSite.StartAsync();
        _browser = _site.Open();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task A_patient_lets_an_app_in_and_the_app_refreshes_without_saying_who_it_is()
    {
        Page login = await _browser.GetAsync(AppFlow.Authorize(_site));
        Assert.Contains("An &lt;i&gt;app&lt;/i&gt;", login.Html, StringComparison.Ordinal);

        Page consent = await _browser.LogInAsync(login, "ada");
        Page allowed = await _browser.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")]);

        Assert.Equal(HttpStatusCode.SeeOther, allowed.Status);
        Assert.StartsWith(SmartSite.Callback + "?", allowed.Location, StringComparison.Ordinal);
        Assert.Equal("a state & more", allowed.Parameter("state"));
        Assert.Equal(_site.Address.GetLeftPart(UriPartial.Authority), allowed.Parameter("iss"));

        Page answer = await AppFlow.RedeemAsync(_browser, allowed.Parameter("code")!);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(("no-store", "no-cache"), (answer.Header("Cache-Control"), answer.Header("Pragma")));
        JsonNode tokens = JsonNode.Parse(answer.Html)!;
        Assert.Equal("Bearer", (string)tokens["token_type"]!);
        Assert.Equal("openid fhirUser launch/patient offline_access patient/*.rs", (string)tokens["scope"]!);
        Assert.Equal("ada", (string)tokens["patient"]!);
        Assert.True((bool)tokens["need_patient_banner"]!);
        Assert.EndsWith("/auth/smart-style.json", (string)tokens["smart_style_url"]!, StringComparison.Ordinal);
        Assert.Equal(300, (int)tokens["expires_in"]!);
        JsonNode idToken = JsonNode.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(((string)tokens["id_token"]!).Split('.')[1])))!;
        Assert.Equal(($"{_site.FhirBase}/Patient/ada", "a nonce", "app"), ((string)idToken["fhirUser"]!, (string)idToken["nonce"]!, (string)idToken["aud"]!));

        AccessGrant? grant = _site.State.FindToken((string)tokens["access_token"]!);
        Assert.Equal(("Patient/ada", "ada"), (grant?.FhirUser, grant?.Launch.Patient));

        Page refreshed = await AppFlow.RefreshAsync(_browser, (string)tokens["refresh_token"]!);
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
        Assert.NotEqual((string)tokens["refresh_token"]!, (string)JsonNode.Parse(refreshed.Html)!["refresh_token"]!);
        Assert.Equal(
            [SmartEventKind.Login, SmartEventKind.AccessGranted, SmartEventKind.TokenIssued, SmartEventKind.TokenRefreshed],
            _site.Host.Records.Select(happened => happened.Kind));
    }

    [Fact]
    public async Task A_user_gives_only_some_of_what_was_asked()
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("scope", "openid launch/patient offline_access patient/Observation.rs patient/Condition.rs"))), "ada");

        Page allowed = await _browser.SendAsync(
            consent, "/auth/consent", ("scope", "launch/patient"), ("scope", "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"), ("decision", "allow"));

        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, allowed.Parameter("code")!)).Html)!;
        Assert.Equal("launch/patient patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory", (string)tokens["scope"]!);
        Assert.Null(tokens["refresh_token"]);
        Assert.Null(tokens["id_token"]);
    }

    [Fact]
    public async Task Who_unticks_the_context_does_not_tell_of_it()
    {
        string launch = await _site.State.AddLaunchAsync(new Launch("app", null, new LaunchContext { Patient = "ada", Encounter = "e1", Intent = "order-review", FhirContext = ["ImagingStudy/3"] }));
        string request = AppFlow.Authorize(_site, ("launch", launch), ("scope", "openid launch launch/patient launch/encounter user/Observation.rs patient/Condition.rs"));
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(request), "ada");

        Page allowed = await _browser.SendAsync(consent, "/auth/consent", ("scope", "openid"), ("scope", "user/Observation.rs"), ("decision", "allow"));

        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, allowed.Parameter("code")!)).Html)!;
        Assert.Equal("openid user/Observation.rs", (string)tokens["scope"]!);
        Assert.All(["patient", "encounter", "intent", "fhirContext", "need_patient_banner"], name => Assert.Null(tokens[name]));
        Assert.Null(_site.State.FindToken((string)tokens["access_token"]!)!.Launch.Patient);
    }

    [Theory]
    [InlineData("launch/encounter", null, "e1")]
    [InlineData("launch/patient", "ada", null)]
    [InlineData("patient/Condition.rs", "ada", null)]
    [InlineData("launch", "ada", "e1")]
    public async Task A_scope_of_the_context_tells_its_part_of_it(string scope, string? patient, string? encounter)
    {
        string launch = await _site.State.AddLaunchAsync(new Launch("app", null, new LaunchContext { Patient = "ada", Encounter = "e1" }));
        string request = AppFlow.Authorize(_site, ("launch", launch), ("scope", "launch launch/patient launch/encounter patient/Condition.rs"));
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(request), "ada");

        Page allowed = await _browser.SendAsync(consent, "/auth/consent", ("scope", scope), ("decision", "allow"));

        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, allowed.Parameter("code")!)).Html)!;
        Assert.Equal((patient, encounter), ((string?)tokens["patient"], (string?)tokens["encounter"]));
    }

    [Fact]
    public async Task An_app_that_does_not_refresh_is_not_asked_about_for_good()
    {
        await _site.AddClientAsync(_site.State.FindClient("app")! with { Id = "short", GrantTypes = ["authorization_code"] });
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("client_id", "short"), ("scope", "offline_access online_access launch/patient patient/*.rs"))), "ada");

        Assert.Equal(["launch/patient", "patient/*.rs"], consent.Boxes);
        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, await AppFlow.AllowAsync(_browser, consent), "short")).Html)!;
        Assert.Equal("launch/patient patient/*.rs", (string)tokens["scope"]!);
        Assert.Null(tokens["refresh_token"]);
    }

    [Fact]
    public async Task An_app_on_the_users_machine_comes_with_the_port_that_it_got()
    {
        const string here = "http://127.0.0.1:51004/callback";
        string request = AppFlow.Authorize(_site, ("redirect_uri", here));

        Page consent = await _browser.LogInAsync(await _browser.GetAsync(request), "ada");
        Page allowed = await _browser.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")]);

        Assert.StartsWith(here + "?code=", allowed.Location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await AppFlow.RedeemAsync(_browser, allowed.Parameter("code")!)).Status);
        Assert.Contains("cannot be used", (await _browser.GetAsync(AppFlow.Authorize(_site, ("redirect_uri", here), ("client_id", "web")))).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_practitioner_chooses_a_patient()
    {
        Page picker = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site)), "grace");
        Assert.Contains("Choose a patient", picker.Html, StringComparison.Ordinal);
        Page found = await _browser.SendAsync(picker, "/auth/patient", ("search", "a"));
        Assert.Contains("Alan &lt;u&gt;Turing&lt;/u&gt;", found.Html, StringComparison.Ordinal);

        Page consent = await _browser.SendAsync(found, "/auth/patient", ("patient", "alan"));
        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, await AppFlow.AllowAsync(_browser, consent))).Html)!;

        Assert.Equal("alan", (string)tokens["patient"]!);
    }

    [Fact]
    public async Task A_health_record_starts_an_app_with_what_is_open_before_the_user()
    {
        Page made = await LaunchAsync("""
            {"client_id":"app","patient":"alan","encounter":"e1","intent":"order-review","need_patient_banner":false,
             "fhirContext":[{"reference":"ImagingStudy/3"},{"canonical":"https://ehr.example/q|2","type":"Questionnaire","role":"https://ehr.example/roles/form"},
                            {"identifier":{"system":"urn:a","value":"1"},"other":1},{"reference":"Patient/ada","role":"https://ehr.example/roles/mother"}]}
            """);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        string launch = (string)JsonNode.Parse(made.Html)!["launch"]!;

        Page consent = await _browser.GetAsync(AppFlow.Authorize(_site, ("launch", launch), ("scope", "launch patient/Observation.rs")));
        Assert.Contains("Alan &lt;u&gt;Turing", consent.Html, StringComparison.Ordinal);
        JsonNode tokens = JsonNode.Parse((await AppFlow.RedeemAsync(_browser, await AppFlow.AllowAsync(_browser, consent))).Html)!;

        Assert.Equal(("alan", "e1", "order-review"), ((string)tokens["patient"]!, (string)tokens["encounter"]!, (string)tokens["intent"]!));
        Assert.False((bool)tokens["need_patient_banner"]!);
        Assert.Equal(
            """[{"reference":"ImagingStudy/3"},{"canonical":"https://ehr.example/q|2","type":"Questionnaire","role":"https://ehr.example/roles/form"},{"identifier":{"system":"urn:a","value":"1"}},{"reference":"Patient/ada","role":"https://ehr.example/roles/mother"}]""",
            tokens["fhirContext"]!.ToJsonString());

        // The launch is used up.
        Assert.Equal("invalid_request", (await _browser.GetAsync(AppFlow.Authorize(_site, ("launch", launch), ("scope", "launch patient/Observation.rs")))).Parameter("error"));
    }

    [Theory]
    [InlineData("""{"reference":"ImagingStudy/3"}""")]
    [InlineData("""[{}]""")]
    [InlineData("""["ImagingStudy/3"]""")]
    [InlineData("""[{"reference":""}]""")]
    [InlineData("""[{"reference":"{}"}]""")]
    [InlineData("""[{"type":"ImagingStudy"}]""")]
    [InlineData("""[{"reference":"ImagingStudy/3","role":""}]""")]
    [InlineData("""[{"reference":"ImagingStudy/3","role":"form"}]""")]
    [InlineData("""[{"identifier":"1"}]""")]
    [InlineData("""[{"reference":"Patient/ada"}]""")]
    [InlineData("""[{"reference":"Encounter/e1","role":"launch"}]""")]
    [InlineData("""[{"identifier":{"value":"1"},"type":"Patient"}]""")]
    public async Task What_is_open_beside_the_patient_must_be_named(string context)
    {
        Page refused = await LaunchAsync($$"""{"client_id":"app","patient":"alan","fhirContext":{{context}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("fhirContext", (string)JsonNode.Parse(refused.Html)!["error_description"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_takes_access_back_and_all_tokens_are_dead_at_once()
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site));
        Page apps = await _browser.GetAsync("/auth/apps");
        Assert.Contains("An &lt;i&gt;app&lt;/i&gt;", apps.Html, StringComparison.Ordinal);

        Page revoked = await _browser.SendAsync(apps, "/auth/apps");

        Assert.Equal("/auth/apps", revoked.Location);
        Assert.Null(_site.State.FindToken((string)tokens["access_token"]!));
        Assert.Equal(HttpStatusCode.BadRequest, (await AppFlow.RefreshAsync(_browser, (string)tokens["refresh_token"]!)).Status);
        Assert.Contains("no app access", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_logs_out_is_out_and_what_was_given_for_the_session_ends()
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("scope", "launch/patient online_access patient/*.rs")));

        Page left = await _browser.SendAsync(await _browser.GetAsync("/auth/apps"), "/auth/logout");

        Assert.Contains("logged out", left.Html, StringComparison.Ordinal);
        Assert.Contains("Log in", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
        Assert.Null(_site.State.FindToken((string)tokens["access_token"]!));
    }

    [Fact]
    public async Task Who_logs_out_after_a_pause_is_out_of_the_apps_too()
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("scope", "launch/patient online_access patient/*.rs")));
        _site.Clock.Now += TimeSpan.FromMinutes(16);

        await _browser.SendAsync(await _browser.GetAsync("/auth/logout"), "/auth/logout");

        Assert.Equal(HttpStatusCode.BadRequest, (await AppFlow.RefreshAsync(_browser, (string)tokens["refresh_token"]!)).Status);
    }

    [Fact]
    public async Task Who_logs_in_once_more_logs_out_of_everything_that_began_before()
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("scope", "launch/patient online_access patient/*.rs")));
        await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("prompt", "login"))), "ada");
        Assert.NotNull(_site.State.FindToken((string)tokens["access_token"]!));

        await _browser.SendAsync(await _browser.GetAsync("/auth/apps"), "/auth/logout");

        Assert.Null(_site.State.FindToken((string)tokens["access_token"]!));
    }

    [Fact]
    public async Task Who_logs_in_in_the_place_of_another_ends_what_was_given_for_the_session_of_that_one()
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("scope", "launch/patient online_access patient/*.rs")));

        await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("prompt", "login"))), "grace");

        Assert.Null(_site.State.FindToken((string)tokens["access_token"]!));
        Assert.Contains("grace", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_once_more_is_told_to_the_app()
    {
        JsonNode before = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site));
        _site.Clock.Now += TimeSpan.FromMinutes(2);

        JsonNode after = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("max_age", "60")));

        Assert.Equal(120, AuthTimeOf(after) - AuthTimeOf(before));
    }

    private static long AuthTimeOf(JsonNode tokens) =>
        (long)JsonNode.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(((string)tokens["id_token"]!).Split('.')[1])))!["auth_time"]!;

    [Fact]
    public async Task A_login_ends_when_nothing_is_done_for_a_while()
    {
        await _browser.LogInAsync(await _browser.GetAsync("/auth/login"), "ada");
        Assert.Contains("Logged in as", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
        Page form = await _browser.GetAsync("/auth/second-factor");

        _site.Clock.Now += TimeSpan.FromMinutes(16);

        Assert.DoesNotContain("Logged in as", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.SendAsync(form, "/auth/second-factor")).Status);
    }

    [Fact]
    public async Task A_one_time_password_is_good_for_nothing_but_choosing_another()
    {
        string oneTime = (await _site.Accounts.CreateAsync(new NewAccount("new", Role.Patient) { FhirUser = "Patient/ada" }, TestContext.Current.CancellationToken)).Value.OneTimePassword!;

        Page forced = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site)), "new", oneTime);
        Assert.Contains("made by somebody else", forced.Html, StringComparison.Ordinal);
        Assert.Contains("made by somebody else", (await _browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
        Page changed = await _browser.SendAsync(
            forced, "/auth/password", ("password", oneTime), ("new_password", "another sentence of mine"), ("repeated", "another sentence of mine"));

        Page consent = await _browser.GetAsync(changed.Location!);
        Assert.Equal("ada", (string)JsonNode.Parse((await AppFlow.RedeemAsync(_browser, await AppFlow.AllowAsync(_browser, consent))).Html)!["patient"]!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_a_new_password_apps_lose_what_was_given_for_good_if_the_user_says_so(bool endsApps)
    {
        JsonNode tokens = await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site, ("scope", "launch/patient offline_access patient/*.rs")));
        Page form = await _browser.GetAsync("/auth/password");
        Assert.Contains("Take access back from all apps", form.Html, StringComparison.Ordinal);
        _site.Host.Records.Clear();

        (string, string)[] fields = [("password", SmartSite.Password), ("new_password", "another sentence of mine"), ("repeated", "another sentence of mine")];
        Page changed = await _browser.SendAsync(form, "/auth/password", endsApps ? [.. fields, ("revoke", "all")] : fields);

        Assert.Equal("/auth/apps", changed.Location);
        Assert.Equal(endsApps, _site.State.FindToken((string)tokens["access_token"]!) is null);
        Assert.Equal(endsApps ? HttpStatusCode.BadRequest : HttpStatusCode.OK, (await AppFlow.RefreshAsync(_browser, (string)tokens["refresh_token"]!)).Status);
        Assert.Equal(endsApps ? 1 : 0, _site.Host.Records.Count(happened => happened.Kind == SmartEventKind.Revoked));
        Assert.Equal(!endsApps, (await _browser.GetAsync("/auth/password")).Html.Contains("Take access back from all apps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_by_form_is_one_by_address()
    {
        string request = AppFlow.Authorize(_site);

        using var content = new StringContent(request.Split('?')[1], Encoding.UTF8, "application/x-www-form-urlencoded");
        Page posted = await Page.OfAsync(await _browser.Client.PostAsync("/auth/authorize", content, TestContext.Current.CancellationToken));

        Assert.Equal((HttpStatusCode.SeeOther, request), (posted.Status, posted.Location));
    }

    [Fact]
    public async Task An_app_of_the_operator_is_not_asked_about_and_may_ask_about_tokens()
    {
        JsonNode tokens = await EhrTokensAsync();

        Page found = await _browser.PostAsync("/auth/introspect", ("token", (string)tokens["access_token"]!), ("client_id", "ehr"), ("client_secret", SmartSite.Secret));

        JsonNode known = JsonNode.Parse(found.Html)!;
        Assert.True((bool)known["active"]!);
        Assert.Equal(("ehr", "user/*.rs openid"), ((string)known["client_id"]!, (string)known["scope"]!));
        Page unknown = await _browser.PostAsync("/auth/introspect", ("token", (string)tokens["access_token"]!), ("client_id", "web"), ("client_secret", SmartSite.Secret));
        Assert.Equal("""{"active":false}""", unknown.Html);
    }

    [Fact]
    public async Task An_app_that_may_do_nothing_unasked_gets_silently_what_it_was_given_before()
    {
        string request = AppFlow.Authorize(_site, ("client_id", "web"));
        await AppFlow.CodeAsync(_browser, request);

        Assert.NotNull((await _browser.GetAsync(request + "&prompt=none")).Parameter("code"));
        Assert.Equal("consent_required", (await _browser.GetAsync(AppFlow.Authorize(_site, ("client_id", "web"), ("prompt", "none"), ("scope", "launch/patient patient/*.cruds")))).Parameter("error"));
        Assert.Equal("consent_required", (await _browser.GetAsync(AppFlow.Authorize(_site, ("prompt", "none")))).Parameter("error"));
    }

    private async Task<Page> LaunchAsync(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/launch") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (string)(await EhrTokensAsync())["access_token"]!);
        return await Page.OfAsync(await _browser.Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    private async Task<JsonNode> EhrTokensAsync()
    {
        Page entered = await _browser.SendAsync(
            await _browser.GetAsync(AppFlow.Authorize(_site, ("client_id", "ehr"), ("scope", "user/*.rs openid"))), "/auth/login", ("name", "grace"), ("password", SmartSite.Password));
        Page given = await _browser.GetAsync(entered.Location!);
        Page tokens = await _browser.PostAsync(
            "/auth/token",
            ("grant_type", "authorization_code"), ("code", given.Parameter("code")!), ("redirect_uri", SmartSite.Callback), ("code_verifier", AppFlow.Verifier), ("client_id", "ehr"), ("client_secret", SmartSite.Secret));
        return JsonNode.Parse(tokens.Html)!;
    }
}
