using System.Net;
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
        Assert.Contains("the hospital", login.Html, StringComparison.Ordinal);
        Page leaving = await browser.SendAsync(login, ExternalEndpoint.StartPath);
        string address = WebUtility.HtmlDecode(Regex.Match(leaving.Html, "<a href=\"(?<url>[^\"]*)\">", RegexOptions.ExplicitCapture).Groups["url"].Value);
        using Browser there = _there.Open();
        Page consent = await there.LogInAsync(await there.GetAsync(address), user);
        Page allowed = await there.SendAsync(consent, "/auth/consent", [.. consent.Boxes.Select(scope => ("scope", scope)), ("decision", "allow")]);
        return allowed.Location!;
    }

    private async Task LinkAsync(SmartSite here, string name, string nameThere) => _ = await here.State.ChangeAccountAsync(
        here.State.FindAccountByName(name)!.Id,
        account => account with { ExternalIssuer = OriginOf(_there), ExternalSubject = _there.State.FindAccountByName(nameThere)!.Id });

    private static string OriginOf(SmartSite site) => site.Address.GetLeftPart(UriPartial.Authority);
}
