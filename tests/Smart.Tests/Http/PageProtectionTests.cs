using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Accounts;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>Headers, cookies, forms, origins: what keeps other sites and passers-by out.</summary>
public sealed class PageProtectionTests : IAsyncLifetime
{
    private static readonly string[] Pages =
    [
        "/auth/login", "/auth/logout", "/auth/apps", "/auth/password", "/auth/second-factor", "/auth/authorize", "/auth/consent", "/auth/token", "/auth/introspect",
        "/auth/revoke", "/auth/userinfo", "/auth/launch", "/auth/jwks", "/auth/style.css", "/auth/smart-style.json", "/auth/nothing-here",
        "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/fhir/.well-known/smart-configuration",
    ];

    private static readonly string[] Forms = ["/auth/login", "/auth/logout", "/auth/apps", "/auth/password", "/auth/second-factor", "/auth/consent", "/auth/patient"];

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
    public async Task Every_answer_says_that_it_is_not_to_be_framed_sniffed_kept_or_told_of()
    {
        foreach (string path in Pages)
        {
            Page page = await _browser.GetAsync(path);

            Assert.Equal(("nosniff", "no-referrer"), (page.Header("X-Content-Type-Options"), page.Header("Referrer-Policy")));
            Assert.Contains("frame-ancestors 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.StartsWith("default-src 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Equal(path == "/auth/jwks" ? "public, max-age=3600" : "no-store", page.Header("Cache-Control"));
            Assert.Equal("", page.Header("Strict-Transport-Security"));
            Assert.DoesNotContain("<script", page.Html, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch(@"\son[a-z]+=|style=", page.Html);
        }
    }

    [Fact]
    public async Task A_page_lets_forms_lead_to_us_and_to_the_app_that_waits_alone()
    {
        Assert.Contains("form-action 'self';", (await _browser.GetAsync("/auth/login")).Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("form-action 'self' http://127.0.0.1:4567;", (await _browser.GetAsync(AppFlow.Authorize(_site))).Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_https_cookies_are_of_the_host_alone_and_browsers_remember_to_use_it()
    {
        await using SmartSite site = await SmartSite.StartAsync(fhirBase: "https://fhir.example.org/fhir");
        using Browser browser = site.Open();

        Page login = await browser.GetAsync("/auth/login");

        Assert.Equal("max-age=31536000", login.Header("Strict-Transport-Security"));
        string cookie = login.Header("Set-Cookie");
        Assert.StartsWith("__Host-healthchain-forms=", cookie, StringComparison.Ordinal);
        foreach (string attribute in new[] { "path=/;", "secure", "samesite=lax", "httponly" })
        {
            Assert.Contains(attribute, cookie, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("domain", cookie, StringComparison.Ordinal);
        Assert.Equal("https://fhir.example.org", (string)JsonNode.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Html)!["issuer"]!);
    }

    [Fact]
    public async Task Without_it_cookies_go_to_the_login_pages_alone()
    {
        Page entered = await _browser.SendAsync(await _browser.GetAsync("/auth/login"), "/auth/login", ("name", "ada"), ("password", SmartSite.Password));

        string cookies = entered.Header("Set-Cookie");
        Assert.Matches("healthchain-session=[^;]{43}; path=/auth; samesite=lax; httponly", cookies);
        Assert.Matches("healthchain-browser=[^;]+; max-age=[0-9]+; path=/auth; samesite=lax; httponly", cookies);
    }

    [Fact]
    public async Task A_login_gives_a_new_session_that_nobody_can_have_placed_before()
    {
        Page login = await _browser.GetAsync("/auth/login");
        _browser.Cookies.Add(new Cookie("healthchain-session", "placed-by-somebody-else", "/auth", "127.0.0.1"));

        // The form is of another session now, so that it has to be loaded anew.
        Assert.Equal(HttpStatusCode.BadRequest, (await _browser.SendAsync(login, "/auth/login", ("name", "ada"), ("password", SmartSite.Password))).Status);
        await _browser.LogInAsync(await _browser.GetAsync("/auth/login"), "ada");

        Assert.DoesNotContain("placed-by-somebody-else", _browser.Cookies.GetAllCookies().Select(cookie => cookie.Value));
        Assert.Null(_site.State.FindSession("placed-by-somebody-else"));
    }

    [Fact]
    public async Task No_form_is_taken_that_this_server_did_not_show_in_this_browser_and_session()
    {
        using Browser other = _site.Open();
        string foreign = TokenIn(await other.GetAsync("/auth/login"));
        Page before = await _browser.GetAsync("/auth/login");
        string old = TokenIn(before);
        await _browser.LogInAsync(before, "ada");
        string current = TokenIn(await _browser.GetAsync("/auth/password"));

        foreach (string path in Forms)
        {
            foreach (string token in new[] { foreign, old, "", current + "x" })
            {
                Assert.Equal(HttpStatusCode.BadRequest, (await _browser.PostAsync(path, ("form_token", token), ("name", "ada"), ("password", SmartSite.Password), ("request", "a=b"))).Status);
            }

            Assert.Equal(HttpStatusCode.BadRequest, (await _browser.PostAsync(path)).Status);
        }
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    [InlineData("none")]
    public async Task A_form_that_the_browser_says_comes_from_elsewhere_is_not_taken(string site)
    {
        await _browser.LogInAsync(await _browser.GetAsync("/auth/login"), "ada");
        using var content = new FormUrlEncodedContent([KeyValuePair.Create("form_token", TokenIn(await _browser.GetAsync("/auth/logout")))]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/logout") { Content = content };
        request.Headers.Add("Sec-Fetch-Site", site);

        Assert.Equal(HttpStatusCode.BadRequest, (await Page.OfAsync(await _browser.Client.SendAsync(request, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task Logins_that_fail_too_often_wait_whether_the_account_exists_or_not()
    {
        foreach (string name in new[] { "ada", "nobody" })
        {
            Page login = await _browser.GetAsync("/auth/login");
            string? before = null;
            for (int i = 0; i < 5; i++)
            {
                Page wrong = await _browser.SendAsync(login, "/auth/login", ("name", name), ("password", "wrong"));
                Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
                before ??= wrong.Html;
                Assert.Equal(before, wrong.Html);
            }

            Page refused = await _browser.SendAsync(login, "/auth/login", ("name", name), ("password", SmartSite.Password));
            Assert.Equal((HttpStatusCode.TooManyRequests, "2"), (refused.Status, refused.Header("Retry-After")));
        }

        Assert.All(_site.Host.Records, happened => Assert.Equal(SmartEventKind.LoginRefused, happened.Kind));
        Assert.Equal(12, _site.Host.Records.Count);
        Assert.DoesNotContain(_site.Host.Records, happened => happened.ToString().Contains("nobody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_factor_is_switched_on_used_and_switched_off()
    {
        await _browser.LogInAsync(await _browser.GetAsync("/auth/login"), "ada");
        Page enrol = await _browser.GetAsync("/auth/second-factor");
        string shown = System.Text.RegularExpressions.Regex.Match(enrol.Html, "name=\"secret\" value=\"([A-Z2-7]{32})\"").Groups[1].Value;
        Assert.True(Base32.TryDecode(shown, out byte[]? secret));
        string Code() => Totp.CodeAt(secret, Totp.StepAt(_site.Clock.Now));

        Assert.Contains("wrong", (await _browser.SendAsync(enrol, "/auth/second-factor", ("password", SmartSite.Password), ("code", "000000"))).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.SendAsync(enrol, "/auth/second-factor", ("password", "wrong"), ("code", Code()))).Status);
        Page codes = await _browser.SendAsync(enrol, "/auth/second-factor", ("password", SmartSite.Password), ("code", Code()));
        Assert.Contains("Recovery codes", codes.Html, StringComparison.Ordinal);

        using Browser other = _site.Open();
        _site.Clock.Now += TimeSpan.FromSeconds(30);
        Page login = await other.GetAsync("/auth/login");
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.SendAsync(login, "/auth/login", ("name", "ada"), ("password", SmartSite.Password))).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await other.SendAsync(login, "/auth/login", ("name", "ada"), ("password", SmartSite.Password), ("code", Code()))).Status);

        _site.Clock.Now += TimeSpan.FromSeconds(30);
        // The form that switched it on, from the browser's history: it switches nothing off.
        Page again = await _browser.SendAsync(enrol, "/auth/second-factor", ("password", SmartSite.Password), ("code", Code()));
        Assert.Contains("already", again.Html, StringComparison.Ordinal);
        Assert.NotNull(_site.State.FindAccountByName("ada")?.SecondFactor);

        Page off = await _browser.SendAsync(await _browser.GetAsync("/auth/second-factor"), "/auth/second-factor", ("password", SmartSite.Password), ("code", Code()));
        Assert.Equal(HttpStatusCode.SeeOther, off.Status);
        Assert.Null(_site.State.FindAccountByName("ada")?.SecondFactor);
    }

    [Theory]
    [InlineData("/fhir/.well-known/smart-configuration")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.well-known/oauth-authorization-server")]
    [InlineData("/auth/jwks")]
    [InlineData("/auth/smart-style.json")]
    public async Task Any_page_may_read_what_is_public(string path)
    {
        Page page = await AskAsync(HttpMethod.Get, path, "https://anybody.example");

        Assert.Equal((HttpStatusCode.OK, "*", "application/json"), (page.Status, page.Header("Access-Control-Allow-Origin"), page.Header("Content-Type")));
        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(HttpMethod.Options, path, "https://anybody.example")).Status);
    }

    [Theory]
    [InlineData("/auth/token")]
    [InlineData("/auth/revoke")]
    [InlineData("/auth/userinfo")]
    public async Task Pages_of_registered_apps_alone_may_call_what_gives_tokens(string path)
    {
        Page allowed = await AskAsync(HttpMethod.Options, path, "http://127.0.0.1:4567");
        Assert.Equal((HttpStatusCode.NoContent, "http://127.0.0.1:4567"), (allowed.Status, allowed.Header("Access-Control-Allow-Origin")));
        Assert.Contains("Authorization", allowed.Header("Access-Control-Allow-Headers"), StringComparison.Ordinal);
        Assert.Contains("Origin", allowed.Header("Vary"), StringComparison.Ordinal);
        Assert.Equal("", allowed.Header("Access-Control-Allow-Credentials"));

        foreach (string origin in new[] { "https://evil.example", "null", "http://127.0.0.1:4567.evil.example", "http://127.0.0.1:45678" })
        {
            Page refused = await AskAsync(HttpMethod.Options, path, origin);
            Assert.Equal((HttpStatusCode.MethodNotAllowed, ""), (refused.Status, refused.Header("Access-Control-Allow-Origin")));
        }
    }

    [Theory]
    [InlineData("/auth/login")]
    [InlineData("/auth/apps")]
    [InlineData("/auth/authorize")]
    public async Task No_page_of_others_may_read_pages_for_users(string path) =>
        Assert.Equal("", (await AskAsync(HttpMethod.Get, path, "http://127.0.0.1:4567")).Header("Access-Control-Allow-Origin"));

    [Fact]
    public async Task The_metadata_say_what_holds()
    {
        JsonNode smart = JsonNode.Parse((await _browser.GetAsync("/fhir/.well-known/smart-configuration")).Html)!;
        string origin = _site.Address.GetLeftPart(UriPartial.Authority);

        Assert.Equal((origin, origin + "/auth/authorize", origin + "/auth/token"), ((string)smart["issuer"]!, (string)smart["authorization_endpoint"]!, (string)smart["token_endpoint"]!));
        Assert.Equal("""["S256"]""", smart["code_challenge_methods_supported"]!.ToJsonString());
        Assert.Null(smart["registration_endpoint"]);
        string[] capabilities = [.. smart["capabilities"]!.AsArray().Select(word => (string)word!)];
        Assert.Contains("context-standalone-patient", capabilities);
        Assert.DoesNotContain("context-standalone-encounter", capabilities);
        foreach (string endpoint in new[] { "jwks_uri", "management_endpoint" })
        {
            Assert.Equal(HttpStatusCode.OK, (await _browser.GetAsync(new Uri((string)smart[endpoint]!).PathAndQuery)).Status);
        }

        // https://www.rfc-editor.org/rfc/rfc9207#section-3
        Assert.True((bool)JsonNode.Parse((await _browser.GetAsync("/.well-known/oauth-authorization-server")).Html)!["authorization_response_iss_parameter_supported"]!);
    }

    [Fact]
    public async Task A_server_that_is_called_by_a_name_of_somebody_else_does_not_answer()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration");
        request.Headers.Host = "evil.example";

        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await _browser.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Only_systems_of_the_operator_start_apps_and_only_with_patients_whom_they_may_see()
    {
        string apps = (string)(await AppFlow.TokensAsync(_browser, AppFlow.Authorize(_site)))["access_token"]!;

        Assert.Equal(HttpStatusCode.Unauthorized, (await LaunchAsync(null, """{"client_id":"app"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LaunchAsync("no-such-token", """{"client_id":"app"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await LaunchAsync(apps, """{"client_id":"app"}""")).Status);
    }

    private Task<Page> LaunchAsync(string? token, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/auth/launch") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return SendAsync(request);
    }

    private Task<Page> AskAsync(HttpMethod method, string path, string origin)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
        }

        return SendAsync(request);
    }

    private async Task<Page> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            return await Page.OfAsync(await _browser.Client.SendAsync(request, TestContext.Current.CancellationToken));
        }
    }

    private static string TokenIn(Page page) => System.Text.RegularExpressions.Regex.Match(page.Html, "name=\"form_token\" value=\"([^\"]*)\"").Groups[1].Value;
}
