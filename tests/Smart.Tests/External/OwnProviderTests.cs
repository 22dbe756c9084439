using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthChain.Smart.External;
using HealthChain.Smart.Http;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Http;
using Xunit;

namespace HealthChain.Smart.Tests.External;

/// <summary>Users of one server log in at another of ours, through the pages of both.</summary>
public sealed class OwnProviderTests : IAsyncLifetime
{
    private SmartSite _there = null!;
    private SmartSite _here = null!;

    public async ValueTask InitializeAsync()
    {
        _there = await SmartSite.StartAsync(SmartTestServer.Options);
        _here = await StartAsync(SmartSite.Secret);
    }

    [Theory]
    [InlineData(SmartSite.Secret)]
    [InlineData(null)]
    public async Task A_user_logs_in_elsewhere_and_lets_an_app_in_here(string? secret)
    {
        await using SmartSite here = await StartAsync(secret);
        await LinkAsync(here, "ada", "ada");
        using Browser browser = here.Open();

        string back = await LogInThereAsync(browser, await browser.GetAsync(AppFlow.Authorize(here)), "ada");
        Page entered = await browser.GetAsync(back);
        Assert.True(entered.Status == HttpStatusCode.SeeOther, string.Join('\n', here.Host.Records));
        string code = await AppFlow.AllowAsync(browser, await browser.GetAsync(entered.Location!));

        Page tokens = await AppFlow.RedeemAsync(browser, code);
        Assert.Contains("\"patient\":\"ada\"", tokens.Html, StringComparison.Ordinal);
        Assert.Contains(here.Host.Records, happened => happened.Kind == SmartEventKind.Login && happened.Person?.FhirUser == "Patient/ada");
    }

    [Fact]
    public async Task An_app_that_wants_a_login_anew_gets_one_elsewhere_too_and_learns_when_it_was()
    {
        await LinkAsync(_here, "ada", "ada");
        using Browser browser = _here.Open();
        using Browser there = _there.Open();
        await there.LogInAsync(await there.GetAsync("/auth/login"), "ada");
        _there.Clock.Now += TimeSpan.FromMinutes(5);
        _here.Clock.Now += TimeSpan.FromMinutes(5);

        // Signed in there already, so that nothing is asked but whether we may know it.
        Page usual = await there.GetAsync(await LeaveAsync(browser, await browser.GetAsync(AppFlow.Authorize(_here))));
        Assert.Contains("Let ", usual.Html, StringComparison.Ordinal);
        Page anew = await there.GetAsync(await LeaveAsync(browser, await browser.GetAsync(AppFlow.Authorize(_here, ("prompt", "login")))));
        Assert.Contains("<h1>Log in</h1>", anew.Html, StringComparison.Ordinal);

        string address = await LeaveAsync(browser, await browser.GetAsync(AppFlow.Authorize(_here)));
        Page back = await browser.GetAsync(await AllowThereAsync(there, await there.GetAsync(address)));
        Page tokens = await AppFlow.RedeemAsync(browser, await AppFlow.AllowAsync(browser, await browser.GetAsync(back.Location!)));
        string claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(((string)JsonNode.Parse(tokens.Html)!["id_token"]!).Split('.')[1]));
        Assert.Equal((_here.Clock.Now - TimeSpan.FromMinutes(5)).ToUnixTimeSeconds(), (long)JsonNode.Parse(claims)!["auth_time"]!);
    }

    [Fact]
    public async Task A_user_of_the_other_server_without_an_account_here_stays_outside()
    {
        using Browser browser = _here.Open();

        Page refused = await browser.GetAsync(await LogInThereAsync(browser, await browser.GetAsync("/auth/login"), "grace"));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
        Assert.Contains(_here.Host.Records, happened => happened is { Kind: SmartEventKind.LoginRefused, IsRefusal: true });
        Assert.Contains("Log in", (await browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_back_counts_once_and_in_the_browser_that_began()
    {
        await LinkAsync(_here, "ada", "ada");
        using Browser browser = _here.Open();
        using Browser victim = _here.Open();
        string back = await LogInThereAsync(browser, await browser.GetAsync("/auth/login"), "ada");

        // Somebody else is to be logged in as the attacker.
        Assert.Equal(HttpStatusCode.Unauthorized, (await victim.GetAsync(back)).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync(back)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(back)).Status);
    }

    [Fact]
    public async Task A_disabled_account_is_not_entered_from_elsewhere()
    {
        await LinkAsync(_here, "ada", "ada");
        _ = await _here.State.ChangeAccountAsync(_here.State.FindAccountByName("ada")!.Id, account => account with { IsDisabled = true });
        using Browser browser = _here.Open();

        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(await LogInThereAsync(browser, await browser.GetAsync("/auth/login"), "ada"))).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    /// <summary>A server whose users log in at the other, which knows it by a secret or by the keys that it publishes.</summary>
    private async Task<SmartSite> StartAsync(string? secret)
    {
        string id = "here-" + (secret is null ? "signs" : "knows");
        SmartSite here = await SmartSite.StartAsync(new SmartOptions { External = new ExternalOptions { Issuer = OriginOf(_there), ClientId = id, ClientSecret = secret, Name = "the hospital" } });
        await _there.AddClientAsync(new Client
        {
            Id = id,
            Kind = secret is null ? ClientKind.ConfidentialAsymmetric : ClientKind.ConfidentialSymmetric,
            Name = "The other server",
            GrantTypes = ["authorization_code"],
            RedirectUris = [OriginOf(here) + ExternalSignIn.CallbackPath],
            AllowedScopes = "openid",
            SecretHash = secret is null ? null : Secrets.Hash(secret),
            JwksUri = secret is null ? OriginOf(here) + "/auth/jwks" : null,
        });
        return here;
    }

    /// <summary>From a page to log in here over the pages there; gives the address by which the browser comes back.</summary>
    private async Task<string> LogInThereAsync(Browser browser, Page login, string user)
    {
        using Browser there = _there.Open();
        return await AllowThereAsync(there, await there.LogInAsync(await there.GetAsync(await LeaveAsync(browser, login)), user));
    }

    /// <summary>The address there to which the page to log in here leads.</summary>
    private static async Task<string> LeaveAsync(Browser browser, Page login)
    {
        Assert.Contains("the hospital", login.Html, StringComparison.Ordinal);
        Page leaving = await browser.SendAsync(login, ExternalEndpoint.StartPath);
        return WebUtility.HtmlDecode(Regex.Match(leaving.Html, "<a href=\"(?<url>[^\"]*)\">", RegexOptions.ExplicitCapture).Groups["url"].Value);
    }

    private static async Task<string> AllowThereAsync(Browser there, Page consent) =>
        (await there.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")])).Location!;

    private async Task LinkAsync(SmartSite here, string name, string nameThere) => _ = await here.State.ChangeAccountAsync(
        here.State.FindAccountByName(name)!.Id,
        account => account with { ExternalIssuer = OriginOf(_there), ExternalSubject = _there.State.FindAccountByName(nameThere)!.Id });

    private static string OriginOf(SmartSite site) => site.Address.GetLeftPart(UriPartial.Authority);
}
