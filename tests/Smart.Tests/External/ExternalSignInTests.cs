using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.External;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Tests.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.External;

public sealed class ExternalSignInTests : IAsyncLifetime
{
    private static readonly Uri Callback = new("https://us.example/auth/external/callback");

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "healthchain-external-" + Path.GetRandomFileName());
    private readonly TestClock _clock = new();
    private FakeProvider _provider = null!;
    private ExternalSignIn _signIn = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeProvider.StartAsync(_clock);
        _signIn = Make(options => options);
    }

    [Fact]
    public async Task A_user_signs_in_and_goes_on()
    {
        ExternalStart start = (await _signIn.BeginAsync("client_id=app&scope=openid", mustBeAnew: false, Cancelled)).Value;

        ExternalUser user = (await ReturnAsync(start)).Value;

        Assert.Equal(new ExternalUser(_provider.Issuer, "alice", "client_id=app&scope=openid"), user);
        Assert.Equal(_provider.Issuer + "/authorize", start.Redirect.GetLeftPart(UriPartial.Path));
        Assert.Equal(["response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "max_age"], _provider.Asked.Keys);
        Assert.Equal("S256", _provider.Asked["code_challenge_method"]);
        Assert.Equal(Callback.AbsoluteUri, _provider.Redeemed["redirect_uri"]);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("us:s%3Aecret")), _provider.Authorization);
        Assert.DoesNotContain("client_assertion", _provider.Redeemed.Keys);
        // Nothing that goes through the browser is the secret, which stays in the cookie.
        Assert.DoesNotContain(start.Secret, start.Redirect.AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_secret_we_sign()
    {
        SigningKeys keys = SigningKeys.Open(new SigningKeyOptions { Folder = _folder }, _clock);
        _signIn = ExternalSignIn.Make(Options with { ClientSecret = null }, Callback, keys, _clock);

        Assert.True((await RunAsync()).IsOk);

        var assertions = new ClientAssertions([_provider.Issuer + "/token"], new JwksFetcher(new JwksFetcherOptions(), new OutsideHttp(OutsideReach.Public, TimeSpan.FromSeconds(1)), _clock), new SpentIds().SpendAsync, _clock);
        Assert.Null(_provider.Authorization);
        OAuthResult<bool> proved = await assertions.VerifyAsync(_provider.Redeemed["client_assertion"], "us", new ClientKeys(JwkSet.Read(keys.PublicKeys).Value, null), Cancelled);
        Assert.True(proved.IsOk, proved.Error?.Reason);
    }

    [Fact]
    public async Task The_answer_must_come_back_to_the_browser_that_began_and_counts_once()
    {
        ExternalStart start = (await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Value;
        ExternalStart other = (await _signIn.BeginAsync("y", mustBeAnew: false, Cancelled)).Value;

        Assert.Equal("invalid_request", (await ReturnAsync(start, secret: other.Secret)).Error?.Code);
        Assert.Equal("invalid_request", (await ReturnAsync(start, secret: "")).Error?.Code);
        Assert.Equal("invalid_request", (await _signIn.CompleteAsync(new ExternalReturn(_provider.SignIn(start.Redirect), "good", _provider.Issuer, null), null, Cancelled)).Error?.Code);
        Assert.Equal("invalid_request", (await _signIn.CompleteAsync(new ExternalReturn(null, "good", _provider.Issuer, null), start.Secret, Cancelled)).Error?.Code);
        Assert.True((await ReturnAsync(start)).IsOk);
        Assert.Equal("invalid_request", (await ReturnAsync(start)).Error?.Code);
    }

    [Fact]
    public async Task A_user_who_comes_back_late_begins_anew()
    {
        ExternalStart start = (await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Value;
        _clock.Now += TimeSpan.FromMinutes(10);

        Assert.Equal("invalid_request", (await ReturnAsync(start)).Error?.Code);
    }

    [Theory]
    [InlineData("good", null, null)]
    [InlineData("good", "https://other.example", null)]
    [InlineData("good", "issuer/", null)]
    [InlineData("bad", "issuer", null)]
    [InlineData("", "issuer", null)]
    [InlineData("good", "issuer", "access_denied")]
    public async Task An_answer_of_another_provider_or_without_a_good_code_signs_nobody_in(string code, string? issuer, string? error)
    {
        ExternalStart start = (await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Value;
        var back = new ExternalReturn(_provider.SignIn(start.Redirect), code, issuer?.Replace("issuer", _provider.Issuer, StringComparison.Ordinal), error);

        Assert.Equal("access_denied", (await _signIn.CompleteAsync(back, start.Secret, Cancelled)).Error?.Code);
    }

    [Fact]
    public async Task A_provider_that_does_not_name_itself_in_answers_need_not()
    {
        _provider.Describing = json => json.Remove("authorization_response_iss_parameter_supported");
        ExternalStart start = (await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Value;

        Assert.True((await _signIn.CompleteAsync(new ExternalReturn(_provider.SignIn(start.Redirect), "good", null, null), start.Secret, Cancelled)).IsOk);
    }

    public static TheoryData<string, string> WrongTokens { get; } = new()
    {
        { "iss of another", "iss" },
        { "aud of another", "aud" },
        { "aud missing", "aud" },
        { "aud of two without azp", "azp" },
        { "azp of another", "azp" },
        { "nonce of another", "nonce" },
        { "nonce missing", "nonce" },
        { "iat missing", "iat" },
        { "iat old", "iat" },
        { "exp missing", "exp" },
        { "exp past", "expired" },
        { "sub missing", "sub" },
        { "sub long", "sub" },
        { "at_hash of another", "at_hash" },
        { "kid unknown", "not signed" },
        { "another key", "not signed" },
        { "none", "algorithm" },
        { "HS256", "algorithm" },
    };

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task An_id_token_with_one_thing_wrong_signs_nobody_in(string what, string word)
    {
        _provider.Saying = (header, claims) => Spoil(what, header, claims);

        OAuthResult<ExternalUser> answer = await RunAsync();

        Assert.Equal("access_denied", answer.Error?.Code);
        Assert.Contains(word, answer.Error?.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "0", true)]
    [InlineData(false, "-11:59", true)]
    [InlineData(false, "-12:02", false)]
    [InlineData(false, "0:02", false)]
    [InlineData(false, "soon", false)]
    [InlineData(false, null, true)]
    [InlineData(true, "0", true)]
    [InlineData(true, "-0:05", false)]
    public async Task When_the_user_signed_in_there_is_known_and_not_too_long_ago(bool mustBeAnew, string? ago, bool isLetIn)
    {
        DateTimeOffset? then = ago switch
        {
            null or "soon" => null,
            _ => _clock.Now + TimeSpan.Parse(ago, CultureInfo.InvariantCulture),
        };
        _provider.Saying = (_, claims) => claims["auth_time"] = then is { } time ? time.ToUnixTimeSeconds() : ago;
        if (ago is null)
        {
            _provider.Saying = (_, _) => { };
        }

        ExternalStart start = (await _signIn.BeginAsync("x", mustBeAnew, Cancelled)).Value;
        OAuthResult<ExternalUser> answer = await ReturnAsync(start);

        Assert.Equal(mustBeAnew ? "login" : null, _provider.Asked.GetValueOrDefault("prompt"));
        Assert.Equal((isLetIn, isLetIn ? then : null), (answer.IsOk, answer.IsOk ? answer.Value.SignedIn : null));
    }

    [Fact]
    public async Task A_second_audience_is_fine_when_the_token_was_made_for_us()
    {
        _provider.Saying = (_, claims) =>
        {
            claims["aud"] = new JsonArray("us", "other");
            claims["azp"] = "us";
        };

        Assert.True((await RunAsync()).IsOk);
    }

    [Theory]
    [InlineData("issuer", "https://other.example")]
    [InlineData("issuer", null)]
    [InlineData("authorization_endpoint", null)]
    [InlineData("token_endpoint", "http://provider.example/token")]
    [InlineData("jwks_uri", "file:///etc/passwd")]
    public async Task A_provider_that_describes_itself_wrongly_is_not_used(string member, string? value)
    {
        _provider.Describing = json => json[member] = value;

        Assert.Equal("temporarily_unavailable", (await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Error?.Code);
    }

    [Fact]
    public async Task Accounts_are_found_by_another_claim_where_the_operator_says_so()
    {
        _signIn = Make(options => options with { Claim = "employee" });
        Assert.Equal("access_denied", (await RunAsync()).Error?.Code);
        _provider.Saying = (_, claims) => claims["employee"] = "E-7";

        Assert.Equal("E-7", (await RunAsync()).Value.Subject);
    }

    [Fact]
    public async Task An_address_of_mail_counts_only_when_it_was_checked()
    {
        _signIn = Make(options => options with { Claim = "email" });
        _provider.Saying = (_, claims) => claims["email"] = "a@example.org";
        Assert.Equal("access_denied", (await RunAsync()).Error?.Code);
        _provider.Saying = (_, claims) =>
        {
            claims["email"] = "a@example.org";
            claims["email_verified"] = true;
        };

        Assert.Equal("a@example.org", (await RunAsync()).Value.Subject);
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private ExternalOptions Options => new() { Issuer = _provider.Issuer, ClientId = "us", ClientSecret = "s:ecret", Timeout = TimeSpan.FromMinutes(1) };

    private ExternalSignIn Make(Func<ExternalOptions, ExternalOptions> change) => ExternalSignIn.Make(change(Options), Callback, null!, _clock);

    private async Task<OAuthResult<ExternalUser>> RunAsync() => await ReturnAsync((await _signIn.BeginAsync("x", mustBeAnew: false, Cancelled)).Value);

    private ValueTask<OAuthResult<ExternalUser>> ReturnAsync(ExternalStart start, string? secret = null) =>
        _signIn.CompleteAsync(new ExternalReturn(_provider.SignIn(start.Redirect), "good", _provider.Issuer, null), secret ?? start.Secret, Cancelled);

    private void Spoil(string what, JsonObject header, JsonObject claims)
    {
        switch (what)
        {
            case "aud of two without azp": claims["aud"] = new JsonArray("us", "other"); break;
            case "iat old": claims["iat"] = _clock.Now.AddMinutes(-11).ToUnixTimeSeconds(); break;
            case "exp past": claims["exp"] = _clock.Now.AddMinutes(-2).ToUnixTimeSeconds(); break;
            case "sub long": claims["sub"] = new string('x', 256); break;
            case "kid unknown": header["kid"] = "other"; break;
            case "another key": _provider.Sign = data => System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256).SignData(data, System.Security.Cryptography.HashAlgorithmName.SHA256); break;
            case "none" or "HS256": header["alg"] = what; break;
            default:
                string claim = what[..what.IndexOf(' ', StringComparison.Ordinal)];
                _ = what.EndsWith(" missing", StringComparison.Ordinal) ? claims.Remove(claim) : (claims[claim] = "other") is not null;
                break;
        }
    }
}
