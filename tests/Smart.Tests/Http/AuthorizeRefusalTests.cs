using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using HealthChain.Smart.Http;
using HealthChain.Smart.State;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What must not come in by the authorisation endpoint.</summary>
public sealed class AuthorizeRefusalTests : IAsyncLifetime
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

    /// <summary>Where the app itself is in doubt, nobody is sent anywhere: else anybody could use this server to send users to any place.</summary>
    [Theory]
    [InlineData("client_id", null)]
    [InlineData("client_id", "nobody")]
    [InlineData("client_id", "APP")]
    [InlineData("client_id", "blocked")]
    [InlineData("redirect_uri", null)]
    [InlineData("redirect_uri", "http://evil.example/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567/callback/")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567/callback/../other")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567/callback?more=1")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567/callback#fragment")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567/CALLBACK")]
    [InlineData("redirect_uri", "http://127.0.0.1:4568/other")]
    [InlineData("redirect_uri", "http://localhost:4567/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:99999/callback")]
    [InlineData("redirect_uri", "https://127.0.0.1:4567/callback")]
    [InlineData("redirect_uri", "http://user@127.0.0.1:4567/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:4567@evil.example/callback")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    [InlineData("redirect_uri", "//evil.example")]
    public async Task An_app_or_address_that_is_not_registered_is_told_to_the_user_alone(string name, string? value)
    {
        Page page = await _browser.GetAsync(AppFlow.Authorize(_site, (name, value)));

        Assert.Equal((HttpStatusCode.BadRequest, null), (page.Status, page.Location));
        Assert.Contains("cannot be used", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", page.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", "id_token", "unsupported_response_type")]
    [InlineData("response_type", "code token", "unsupported_response_type")]
    [InlineData("response_type", "CODE", "unsupported_response_type")]
    [InlineData("response_mode", "fragment", "invalid_request")]
    [InlineData("response_mode", "form_post", "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge", "", "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("code_challenge", "a-verifier-of-forty-three-letters-or-more-0123456789", "invalid_request")]
    [InlineData("code_challenge", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", "s256", "invalid_request")]
    [InlineData("aud", null, "invalid_request")]
    [InlineData("aud", "https://other.example/fhir", "invalid_request")]
    [InlineData("aud", "http://127.0.0.1/fhir", "invalid_request")]
    [InlineData("scope", null, "invalid_scope")]
    [InlineData("scope", "system/*.rs", "invalid_scope")]
    [InlineData("scope", "patient/Observation.sr", "invalid_scope")]
    [InlineData("scope", "no-such-scope", "invalid_scope")]
    [InlineData("scope", "launch patient/*.rs", "invalid_request")]
    [InlineData("launch", "no-such-launch", "invalid_request")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "never", "invalid_request")]
    [InlineData("prompt", "none", "login_required")]
    [InlineData("max_age", "-1", "invalid_request")]
    [InlineData("max_age", "soon", "invalid_request")]
    [InlineData("dpop_jkt", "short", "invalid_request")]
    [InlineData("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported")]
    [InlineData("request_uri", "https://evil.example/request", "request_uri_not_supported")]
    [InlineData("registration", "{}", "registration_not_supported")]
    public async Task What_is_wrong_with_the_rest_is_told_to_the_app_with_its_state_and_our_name(string name, string? value, string error)
    {
        Page page = await _browser.GetAsync(AppFlow.Authorize(_site, (name, value)));

        Assert.Equal(HttpStatusCode.SeeOther, page.Status);
        Assert.StartsWith(SmartSite.Callback + "?", page.Location, StringComparison.Ordinal);
        Assert.Equal(
            (error, "a state & more", _site.Address.GetLeftPart(UriPartial.Authority), null),
            (page.Parameter("error"), page.Parameter("state"), page.Parameter("iss"), page.Parameter("code")));
    }

    [Fact]
    public async Task Nobody_is_sent_unasked_to_an_app_that_registered_itself()
    {
        await _site.AddClientAsync(_site.State.FindClient("app")! with { Id = "stranger", Registration = Registration.Dynamic });
        string request = AppFlow.Authorize(_site, ("client_id", "stranger"), ("scope", "no-such-scope"));

        Page refused = await _browser.GetAsync(request);

        Assert.Equal((HttpStatusCode.BadRequest, null), (refused.Status, refused.Location));
        string back = WebUtility.HtmlDecode(Regex.Match(refused.Html, "<a href=\"(?<url>[^\"]*)\">Go back to <code>127.0.0.1:4567</code>", RegexOptions.ExplicitCapture).Groups["url"].Value);
        Assert.StartsWith(SmartSite.Callback + "?error=invalid_scope&", back, StringComparison.Ordinal);

        // Logged in, one knows where one is.
        await _browser.LogInAsync(await _browser.GetAsync("/auth/login"), "ada");
        Assert.Equal("invalid_scope", (await _browser.GetAsync(request)).Parameter("error"));
    }

    [Theory]
    [InlineData("client_id")]
    [InlineData("redirect_uri")]
    [InlineData("scope")]
    [InlineData("state")]
    [InlineData("code_challenge")]
    [InlineData("aud")]
    [InlineData("nonce")]
    public async Task No_parameter_may_come_twice(string name)
    {
        Page page = await _browser.GetAsync(AppFlow.Authorize(_site) + $"&{name}=other");

        Assert.Equal((HttpStatusCode.BadRequest, null), (page.Status, page.Location));
    }

    [Theory]
    [InlineData("%ff%fe")]
    [InlineData("%00")]
    public async Task What_is_not_encoded_as_it_should_be_is_refused(string text) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _browser.GetAsync(AppFlow.Authorize(_site) + "&other=" + text)).Status);

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%zz")]
    [InlineData("%f0=1")]
    [InlineData("a=1&a=1")]
    [InlineData("a=1&%61=2")]
    [InlineData("a&a=1&a=1")]
    public void Parameters_are_read_strictly(string text) => Assert.False(Parameters.Read(text).IsOk);

    [Fact]
    public void Parameters_without_value_were_not_sent()
    {
        Parameters read = Parameters.Read("a=&b&&c=1+%2B%c3%a4&d=x=y").Value;

        Assert.Equal((null, null, "1 +ä", "x=y"), (read["a"], read["b"], read["c"], read["d"]));
        Assert.Equal("c=1%20%2B%C3%A4&d=x%3Dy", Parameters.Write(("a", null), ("c", read["c"]), ("d", read["d"])));
    }

    [Fact]
    public async Task A_request_that_waits_cannot_be_changed_into_one_that_was_not_checked()
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site)), "ada");
        string token = TokenIn(consent);
        string changed = AppFlow.Authorize(_site, ("redirect_uri", "http://evil.example/callback")).Split('?')[1];

        Page page = await _browser.PostAsync("/auth/consent", ("form_token", token), ("request", changed), ("patient", "ada"), ("scope", "patient/*.rs"), ("decision", "allow"));

        Assert.Equal((HttpStatusCode.BadRequest, null), (page.Status, page.Location));
    }

    [Fact]
    public async Task A_form_cannot_give_more_than_was_asked_for_nor_the_record_of_somebody_else()
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("scope", "launch/patient patient/Observation.rs"))), "ada");

        Page given = await _browser.PostAsync(
            "/auth/consent",
            ("form_token", TokenIn(consent)), ("request", AppFlow.Authorize(_site, ("scope", "launch/patient patient/Observation.rs")).Split('?')[1]), ("patient", "alan"),
            ("scope", "patient/*.cruds"), ("scope", "user/*.cruds"), ("scope", "system/*.rs"), ("scope", "offline_access"), ("decision", "allow"));

        Page tokens = await AppFlow.RedeemAsync(_browser, given.Parameter("code")!);
        Assert.Contains("\"scope\":\"patient/Observation.rs\"", tokens.Html, StringComparison.Ordinal);
        Assert.Contains("\"patient\":\"ada\"", tokens.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("refresh_token", tokens.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deny", "access_denied")]
    [InlineData("", "access_denied")]
    public async Task Who_does_not_allow_gives_nothing(string decision, string error)
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site)), "ada");

        Page denied = await _browser.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", decision)]);

        Assert.Equal((error, null), (denied.Parameter("error"), denied.Parameter("code")));
        Assert.Equal(SmartEventKind.AccessDenied, _site.Host.Records.Last().Kind);
    }

    [Fact]
    public async Task Nothing_ticked_is_nothing_given()
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site)), "ada");

        Assert.Equal("access_denied", (await _browser.SendAsync(consent, "/auth/consent", ("decision", "allow"))).Parameter("error"));
    }

    [Fact]
    public async Task A_role_is_given_no_more_than_it_can_have()
    {
        Page page = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("scope", "launch/patient patient/*.rs"))), "root");

        Assert.Equal("invalid_scope", page.Parameter("error"));
    }

    [Fact]
    public async Task A_scope_that_the_FHIR_server_cannot_decide_is_not_offered()
    {
        Page consent = await _browser.LogInAsync(await _browser.GetAsync(AppFlow.Authorize(_site, ("scope", "launch/patient patient/Martian.rs patient/Observation.rs"))), "ada");

        Assert.Equal(["launch/patient", "patient/Observation.rs"], consent.Boxes);
    }

    [Fact]
    public async Task A_launch_is_for_the_app_and_the_user_that_it_was_made_for()
    {
        Account grace = _site.State.FindAccountByName("grace")!;
        string others = await _site.State.AddLaunchAsync(new Launch("web", null, new LaunchContext { Patient = "ada" }));
        string hers = await _site.State.AddLaunchAsync(new Launch("app", grace.Id, new LaunchContext { Patient = "ada" }));
        string alans = await _site.State.AddLaunchAsync(new Launch("app", null, new LaunchContext { Patient = "alan" }));
        string Ask(string launch) => AppFlow.Authorize(_site, ("launch", launch), ("scope", "launch patient/*.rs"));

        Assert.Equal("invalid_request", (await _browser.GetAsync(Ask(others))).Parameter("error"));
        Assert.Equal("access_denied", (await _browser.LogInAsync(await _browser.GetAsync(Ask(hers)), "ada")).Parameter("error"));
        Assert.Equal("access_denied", (await _browser.GetAsync(Ask(alans))).Parameter("error"));
        _site.Clock.Now += TimeSpan.FromMinutes(6);
        Assert.Equal("invalid_request", (await _browser.GetAsync(Ask(hers))).Parameter("error"));
    }

    [Theory]
    [InlineData("prompt", "login")]
    [InlineData("prompt", "select_account")]
    [InlineData("max_age", "60")]
    public async Task Who_is_logged_in_logs_in_anew_when_the_app_wants_it(string name, string value)
    {
        await AppFlow.CodeAsync(_browser, AppFlow.Authorize(_site));
        _site.Clock.Now += TimeSpan.FromMinutes(2);

        Page login = await _browser.GetAsync(AppFlow.Authorize(_site, (name, value)));

        Assert.Contains("<h1>Log in</h1>", login.Html, StringComparison.Ordinal);
        Assert.Contains("Let “", (await _browser.LogInAsync(login, "ada")).Html.Replace("&#x201C;", "“", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_put_on_record_does_not_happen()
    {
        Page login = await _browser.GetAsync(AppFlow.Authorize(_site));
        _site.Host.CanWrite = false;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _browser.SendAsync(login, "/auth/login", ("name", "ada"), ("password", SmartSite.Password))).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _browser.SendAsync(login, "/auth/login", ("name", "ada"), ("password", "wrong"))).Status);
        Assert.DoesNotContain("healthchain-session", _browser.Cookies.GetAllCookies().Select(cookie => cookie.Name));

        _site.Host.CanWrite = true;
        Page consent = await _browser.LogInAsync(login, "ada");
        _site.Host.CanWrite = false;
        Page refused = await _browser.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")]);
        Assert.Equal(("temporarily_unavailable", null), (refused.Parameter("error"), refused.Parameter("code")));
        Assert.Empty(_site.State.AuthorisationsOf(_site.State.FindAccountByName("ada")!.Id));
    }

    [Fact]
    public async Task A_form_that_is_no_text_of_an_address_does_not_become_one()
    {
        foreach (string body in new[] { "client_id=app\r\nSet-Cookie: a=b", "client_id=ä", new string('a', 8000) })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");

            Assert.Equal(HttpStatusCode.BadRequest, (await Page.OfAsync(await _browser.Client.PostAsync("/auth/authorize", content, TestContext.Current.CancellationToken))).Status);
        }
    }

    private static string TokenIn(Page page) => System.Text.RegularExpressions.Regex.Match(page.Html, "name=\"form_token\" value=\"([^\"]*)\"").Groups[1].Value;
}
