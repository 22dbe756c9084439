using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Xunit;
using static HealthChain.Smart.Tests.State.StateFixture;

namespace HealthChain.Smart.Tests.State;

public sealed class TokenTests
{
    [Fact]
    public async Task A_code_gives_tokens_that_are_found_until_they_expire()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();

        AccessGrant grant = fixture.State.FindToken(tokens.AccessToken)!;
        Assert.Equal((App, User, "Patient/12", "12"), (grant.Client, grant.Account, grant.FhirUser, grant.Launch.Patient));
        Assert.Equal("patient/*.rs offline_access", grant.Scopes.Text);
        Assert.Equal("n-1", tokens.Nonce);
        fixture.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.NotNull(fixture.State.FindToken(tokens.AccessToken));
        fixture.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(fixture.State.FindToken(tokens.AccessToken));
    }

    [Fact]
    public async Task A_code_that_comes_again_ends_what_came_of_it()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        string code = await fixture.CodeAsync();
        IssuedTokens tokens = (await fixture.State.RedeemCodeAsync(Redemption(code))).Value;

        Assert.Equal("invalid_grant", (await fixture.State.RedeemCodeAsync(Redemption(code))).Error?.Code);
        Assert.Null(fixture.State.FindToken(tokens.AccessToken));
        Assert.False((await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
    }

    public static TheoryData<string> Faults => ["client", "redirect", "verifier", "key", "late", "code"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_code_with_anything_wrong_is_used_up(string fault)
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        string code = (await fixture.State.IssueCodeAsync(Request("patient/*.rs") with { KeyThumbprint = "thumb" })).Value;
        CodeRedemption right = Redemption(code) with { KeyThumbprint = "thumb" };
        CodeRedemption wrong = fault switch
        {
            "client" => right with { Client = StateFixture.System },
            "redirect" => right with { RedirectUri = RedirectUri + "/" },
            "verifier" => right with { CodeVerifier = Verifier + "x" },
            "key" => right with { KeyThumbprint = null },
            "code" => right with { Code = code[..40] + new string('A', 24) },
            _ => right,
        };
        if (fault == "late")
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(60));
        }

        Assert.Equal("invalid_grant", (await fixture.State.RedeemCodeAsync(wrong)).Error?.Code);
        Assert.Equal("invalid_grant", (await fixture.State.RedeemCodeAsync(right)).Error?.Code);
    }

    [Fact]
    public async Task A_verifier_equal_to_the_challenge_proves_nothing()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        string code = await fixture.CodeAsync();

        Assert.False((await fixture.State.RedeemCodeAsync(Redemption(code) with { CodeVerifier = Challenge })).IsOk);
    }

    [Fact]
    public async Task A_refresh_token_that_comes_again_ends_its_family()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens first = await fixture.TokensAsync();
        IssuedTokens second = (await fixture.State.RefreshAsync(new RefreshRequest(App, first.RefreshToken!))).Value;
        IssuedTokens third = (await fixture.State.RefreshAsync(new RefreshRequest(App, second.RefreshToken!))).Value;

        Assert.Equal("invalid_grant", (await fixture.State.RefreshAsync(new RefreshRequest(App, first.RefreshToken!))).Error?.Code);
        Assert.Null(fixture.State.FindToken(third.AccessToken));
        Assert.False((await fixture.State.RefreshAsync(new RefreshRequest(App, third.RefreshToken!))).IsOk);
    }

    [Fact]
    public async Task A_public_client_need_not_say_which_it_is_when_it_refreshes()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();

        Assert.Equal(App, fixture.State.FindClientOfToken(tokens.RefreshToken!)?.Id);
        Assert.True((await fixture.State.RefreshAsync(new RefreshRequest(null, tokens.RefreshToken!))).IsOk);
    }

    [Fact]
    public async Task A_refresh_token_is_good_for_its_client_alone()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();

        Assert.Equal("invalid_grant", (await fixture.State.RefreshAsync(new RefreshRequest(StateFixture.System, tokens.RefreshToken!))).Error?.Code);
        Assert.True((await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
    }

    [Theory]
    [InlineData("patient/Observation.rs", true)]
    [InlineData("patient/*.rs", true)]
    [InlineData("patient/*.cruds", false)]
    [InlineData("user/Observation.rs", false)]
    [InlineData("patient/*.rs openid", false)]
    public async Task Refreshing_narrows_and_never_widens(string scopes, bool isGiven)
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();
        OAuthResult<IssuedTokens> refreshed =
            await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!, ScopeSet.Parse(scopes)));

        Assert.Equal(isGiven ? scopes : null, refreshed.IsOk ? refreshed.Value.Grant.Scopes.Text : null);
        Assert.Equal(isGiven ? null : "invalid_scope", refreshed.Error?.Code);
    }

    [Fact]
    public async Task Access_while_online_ends_with_the_session()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        string cookie = (await fixture.State.StartSessionAsync(User, ["pwd"]))!;
        string code = (await fixture.State.IssueCodeAsync(Request("patient/*.rs online_access") with { Session = cookie })).Value;
        IssuedTokens online = (await fixture.State.RedeemCodeAsync(Redemption(code))).Value;
        IssuedTokens offline = await fixture.TokensAsync();

        Assert.True(await fixture.State.EndSessionAsync(cookie));
        Assert.Null(fixture.State.FindToken(online.AccessToken));
        Assert.False((await fixture.State.RefreshAsync(new RefreshRequest(App, online.RefreshToken!))).IsOk);
        Assert.True((await fixture.State.RefreshAsync(new RefreshRequest(App, offline.RefreshToken!))).IsOk);
    }

    [Fact]
    public async Task What_a_user_takes_back_is_dead_at_once()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();
        Authorisation given = Assert.Single(fixture.State.AuthorisationsOf(User));

        Assert.True(await fixture.State.RevokeAuthorisationAsync(User, given.Id));
        Assert.Null(fixture.State.FindToken(tokens.AccessToken));
        Assert.False((await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
        Assert.Empty(fixture.State.AuthorisationsOf(User));
    }

    [Fact]
    public async Task A_disabled_account_loses_everything()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = await fixture.TokensAsync();
        string cookie = (await fixture.State.StartSessionAsync(User, ["pwd"]))!;

        await fixture.State.ChangeAccountAsync(User, account => account with { IsDisabled = true });
        Assert.Null(fixture.State.FindToken(tokens.AccessToken));
        Assert.Null(fixture.State.FindSession(cookie));
        Assert.Equal("access_denied", (await fixture.State.IssueCodeAsync(Request("patient/*.rs"))).Error?.Code);
    }

    [Theory]
    [InlineData("glass")]
    [InlineData("issuer")]
    [InlineData("subject")]
    [InlineData("organisation")]
    public async Task Who_may_do_less_or_is_somebody_else_loses_what_was_given_before(string what)
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        await fixture.State.ChangeAccountAsync(User, account => account with { MayBreakGlass = true, Organisation = "Organization/1", ExternalIssuer = "https://other.example", ExternalSubject = "s" });
        IssuedTokens tokens = await fixture.TokensAsync();
        string cookie = (await fixture.State.StartSessionAsync(User, ["pwd"]))!;

        await fixture.State.ChangeAccountAsync(User, account => what switch
        {
            "glass" => account with { MayBreakGlass = false },
            "issuer" => account with { ExternalIssuer = "https://another.example" },
            "subject" => account with { ExternalSubject = "t" },
            _ => account with { Organisation = null },
        });

        Assert.Null(fixture.State.FindToken(tokens.AccessToken));
        Assert.Null(fixture.State.FindSession(cookie));
        Assert.False((await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
    }

    [Theory]
    [InlineData("trust", false)]
    [InlineData("grants", false)]
    [InlineData("purpose", false)]
    [InlineData("scopes", false)]
    [InlineData("name", true)]
    [InlineData("more grants", true)]
    public async Task A_client_that_may_do_less_loses_what_it_was_given(string what, bool isKept)
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        Client before = StateFixture.AppClient with { IsTrusted = true, GrantTypes = ["authorization_code", "refresh_token"], Purpose = "TREAT" };
        await fixture.State.RegisterAsync(before);
        IssuedTokens tokens = await fixture.TokensAsync();

        await fixture.State.RegisterAsync(what switch
        {
            "trust" => before with { IsTrusted = false },
            "grants" => before with { GrantTypes = ["authorization_code"] },
            "purpose" => before with { Purpose = "HRESCH" },
            "scopes" => before with { AllowedScopes = "patient/*.rs offline_access" },
            "name" => before with { Name = "Another name" },
            _ => before with { GrantTypes = ["client_credentials", "refresh_token", "authorization_code"] },
        });

        Assert.Equal(isKept, fixture.State.FindToken(tokens.AccessToken) is not null);
        Assert.Equal(isKept, (await fixture.State.RefreshAsync(new RefreshRequest(App, tokens.RefreshToken!))).IsOk);
    }

    [Fact]
    public async Task A_system_gets_a_token_for_itself()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        IssuedTokens tokens = (await fixture.State.IssueForSystemAsync(new SystemRequest(StateFixture.System, ScopeSet.Parse("system/Patient.rs")))).Value;

        AccessGrant grant = fixture.State.FindToken(tokens.AccessToken)!;
        Assert.Equal((Role.Backend, "Organization/1", null), (grant.Role, grant.Organisation, grant.Account));
        Assert.Null(tokens.RefreshToken);
        OAuthResult<IssuedTokens> wider = await fixture.State.IssueForSystemAsync(new SystemRequest(StateFixture.System, ScopeSet.Parse("system/*.cruds")));
        Assert.Equal("invalid_scope", wider.Error?.Code);
    }

    [Fact]
    public async Task An_assertion_is_used_once()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        DateTimeOffset expires = TestClock.Start + TimeSpan.FromMinutes(5);

        Assert.True(await fixture.State.UseAssertionAsync(StateFixture.System, "j1", expires, TestContext.Current.CancellationToken));
        Assert.False(await fixture.State.UseAssertionAsync(StateFixture.System, "j1", expires, TestContext.Current.CancellationToken));
        Assert.True(await fixture.State.UseAssertionAsync(App, "j1", expires, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_launch_is_good_once_and_for_its_client_and_user()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        string id = await fixture.State.AddLaunchAsync(new Launch(App, User, new LaunchContext { Patient = "12" }));

        Assert.Null(fixture.State.FindLaunch(id, StateFixture.System));
        Assert.Equal("12", fixture.State.FindLaunch(id, App)?.Context.Patient);
        Assert.True((await fixture.State.IssueCodeAsync(Request("launch patient/*.rs") with { LaunchId = id })).IsOk);
        Assert.Equal("invalid_request", (await fixture.State.IssueCodeAsync(Request("launch patient/*.rs") with { LaunchId = id })).Error?.Code);
    }

    [Fact]
    public async Task Erasing_a_patient_leaves_no_account_and_no_token_with_that_patient_in_context()
    {
        using StateFixture fixture = await new StateFixture().FillAsync();
        await fixture.State.AddAccountAsync(new Account { Id = "doctor", Name = "Bo", Role = Role.Practitioner });
        string code = (await fixture.State.IssueCodeAsync(Request("patient/*.rs") with { Account = "doctor" })).Value;
        IssuedTokens doctors = (await fixture.State.RedeemCodeAsync(Redemption(code))).Value;
        IssuedTokens own = await fixture.TokensAsync();

        Assert.Equal(1, await fixture.State.EraseAsync("Patient/12"));
        Assert.Null(fixture.State.FindToken(doctors.AccessToken));
        Assert.Null(fixture.State.FindToken(own.AccessToken));
        Assert.Null(fixture.State.FindAccount(User));
        Assert.NotNull(fixture.State.FindAccount("doctor"));
    }
}
