using System.Net;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Accounts;

public sealed class SignInTests : IDisposable
{
    private const string Password = "a long sentence of mine";
    private static readonly IPAddress Home = IPAddress.Parse("198.51.100.7");
    private static readonly IPAddress Elsewhere = IPAddress.Parse("203.0.113.9");
    private static readonly PasswordOptions Cheap = new() { HashKibiBytes = 64, HashPasses = 1 };

    private readonly TestClock _clock = new();
    private readonly SmartState _state;
    private readonly AccountBook _book;
    private readonly KnownBrowsers _browsers = new(new byte[32]);
    private readonly SignIn _signIn;

    public SignInTests()
    {
        _state = SmartState.InMemory(new SmartStateOptions(), _clock);
        _book = new AccountBook(_state, Cheap, _clock);
        _signIn = new SignIn(_state, _book, new LoginGuard(new LockoutOptions(), _clock), _browsers, _clock);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _book.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task Who_knows_the_password_is_let_in_whatever_the_case_of_the_name()
    {
        Account account = await CreateAsync();

        LoginResult result = await TryAsync(" ADA ", Password);

        Assert.Equal(LoginRefusal.None, result.Refusal);
        Assert.Equal(account.Id, result.Account?.Id);
        Assert.Equal(["pwd"], result.Methods);
    }

    [Theory]
    [InlineData("ada", "a wrong sentence of mine")]
    [InlineData("ada", "")]
    [InlineData("nobody", Password)]
    [InlineData("", Password)]
    public async Task Who_does_not_is_told_the_same_whether_the_account_exists_or_not(string name, string password)
    {
        await CreateAsync();

        LoginResult result = await TryAsync(name, password);

        Assert.Equal((LoginRefusal.Wrong, TimeSpan.Zero), (result.Refusal, result.Wait));
    }

    [Fact]
    public async Task A_disabled_account_lets_nobody_in()
    {
        Account account = await CreateAsync();
        await _state.ChangeAccountAsync(account.Id, before => before with { IsDisabled = true });

        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", Password)).Refusal);
    }

    [Fact]
    public async Task After_five_failures_one_must_wait_and_each_further_failure_doubles_the_wait()
    {
        await CreateAsync();
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", "wrong")).Refusal);
        }

        foreach (int seconds in new[] { 2, 4, 8 })
        {
            LoginResult refused = await TryAsync("ada", Password);
            Assert.Equal((LoginRefusal.MustWait, TimeSpan.FromSeconds(seconds)), (refused.Refusal, refused.Wait));
            _clock.Now += TimeSpan.FromSeconds(seconds);
            Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", "wrong")).Refusal);
        }

        _clock.Now += TimeSpan.FromSeconds(16);
        Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password)).Refusal);
        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", "wrong")).Refusal);
    }

    [Fact]
    public async Task A_name_that_nobody_has_must_wait_as_long_as_one_that_somebody_has()
    {
        await CreateAsync();
        for (int i = 0; i < 5; i++)
        {
            await TryAsync("ada", "wrong");
            await TryAsync("nobody", "wrong");
        }

        Assert.True(SameAnswer(await TryAsync("ada", "wrong"), await TryAsync("nobody", "wrong")));
    }

    [Fact]
    public async Task Nobody_can_lock_a_user_out_of_the_browser_that_the_user_knows_nor_for_longer_than_a_quarter_of_an_hour()
    {
        await CreateAsync();
        string mark = _browsers.Mark("ada");
        for (int i = 0; i < 30; i++)
        {
            await TryAsync("ada", "wrong", address: Elsewhere);
            _clock.Now += TimeSpan.FromMinutes(15);
        }

        await TryAsync("ada", "wrong", address: Elsewhere);
        LoginResult stranger = await TryAsync("ada", Password, address: Elsewhere);
        Assert.Equal((LoginRefusal.MustWait, TimeSpan.FromMinutes(15)), (stranger.Refusal, stranger.Wait));
        Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password, mark: mark)).Refusal);
    }

    [Fact]
    public async Task The_mark_of_a_browser_is_worth_nothing_for_other_accounts_and_has_a_count_of_its_own()
    {
        await CreateAsync();
        string mark = _browsers.Mark("grace");
        for (int i = 0; i < 5; i++)
        {
            await TryAsync("ada", "wrong", mark: mark);
        }

        Assert.Equal(LoginRefusal.MustWait, (await TryAsync("ada", Password)).Refusal);

        string own = _browsers.Mark("ada");
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", "wrong", mark: own)).Refusal);
        }

        Assert.Equal(LoginRefusal.MustWait, (await TryAsync("ada", Password, mark: own)).Refusal);
    }

    [Fact]
    public async Task Who_tries_many_accounts_from_one_address_must_wait_and_others_need_not()
    {
        await CreateAsync();
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal(LoginRefusal.Wrong, (await TryAsync($"name{i}", "Summer2026!Summer")).Refusal);
        }

        LoginResult refused = await TryAsync("ada", Password);
        Assert.Equal((LoginRefusal.MustWait, TimeSpan.FromSeconds(20)), (refused.Refusal, refused.Wait));
        Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password, address: Elsewhere)).Refusal);
        Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password, mark: _browsers.Mark("ada"))).Refusal);
    }

    [Fact]
    public async Task Successful_logins_are_not_counted_against_an_address()
    {
        await CreateAsync();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password)).Refusal);
        }
    }

    [Fact]
    public async Task Many_attempts_at_once_gain_nothing()
    {
        await CreateAsync();

        LoginResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => TryAsync("ada", $"guess {i}"))));

        Assert.Equal(5, results.Count(result => result.Refusal == LoginRefusal.Wrong));
        Assert.Equal(15, results.Count(result => result.Refusal == LoginRefusal.MustWait));
    }

    [Fact]
    public async Task With_a_second_factor_the_password_alone_is_wrong_and_each_code_counts_once()
    {
        Account account = await CreateAsync();
        byte[] secret = Totp.NewSecret();
        IReadOnlyList<string>? recovery = await _book.EnrolAsync(account, secret, CodeNow(secret));
        _clock.Now += TimeSpan.FromSeconds(30);

        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", Password)).Refusal);
        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", "wrong", CodeNow(secret))).Refusal);
        LoginResult result = await TryAsync("ada", Password, CodeNow(secret));
        Assert.Equal(LoginRefusal.None, result.Refusal);
        Assert.Equal(["pwd", "otp", "mfa"], result.Methods);
        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", Password, CodeNow(secret))).Refusal);
        Assert.Equal(LoginRefusal.None, (await TryAsync("ada", Password, recovery![0])).Refusal);
        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("ada", Password, recovery[0])).Refusal);
    }

    [Fact]
    public async Task Of_many_who_come_with_the_same_code_one_is_let_in()
    {
        Account account = await CreateAsync();
        byte[] secret = Totp.NewSecret();
        await _book.EnrolAsync(account, secret, CodeNow(secret));
        _clock.Now += TimeSpan.FromSeconds(30);
        string mark = _browsers.Mark("ada");

        LoginResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => TryAsync("ada", Password, CodeNow(secret), mark))));

        Assert.Single(results, result => result.Refusal == LoginRefusal.None);
    }

    [Fact]
    public async Task A_second_factor_is_not_switched_on_by_a_wrong_code()
    {
        Account account = await CreateAsync();

        Assert.Null(await _book.EnrolAsync(account, Totp.NewSecret(), "000000x"));
        Assert.Null(_state.FindAccount(account.Id)?.SecondFactor);
    }

    [Fact]
    public async Task A_hash_of_another_cost_is_made_anew_at_the_next_login()
    {
        Account account = await CreateAsync();
        using var dearer = new AccountBook(_state, Cheap with { HashKibiBytes = 128 }, _clock);
        var signIn = new SignIn(_state, dearer, new LoginGuard(new LockoutOptions(), _clock), _browsers, _clock);

        Assert.Equal(LoginRefusal.None, (await signIn.TryAsync(new LoginAttempt("ada", Password, "", null, Home), Cancel)).Refusal);

        Assert.Equal(128, PasswordHash.TryRead(_state.FindAccount(account.Id)!.Password)?.Cost.KibiBytes);
        Assert.Equal(LoginRefusal.None, (await signIn.TryAsync(new LoginAttempt("ada", Password, "", null, Home), Cancel)).Refusal);
    }

    [Fact]
    public async Task A_flood_of_logins_is_told_to_come_later_and_not_hashed()
    {
        using var turns = new SemaphoreSlim(0);
        using var hasher = new PasswordHasher(Cheap with { MostWaiting = 2 }, turns);
        Task<PasswordVerdict>[] waiting = [hasher.VerifyAsync("guess", null, Cancel).AsTask(), hasher.VerifyAsync("guess", null, Cancel).AsTask()];

        Assert.Equal(PasswordVerdict.Busy, await hasher.VerifyAsync("guess", null, Cancel));
        Assert.Null(await hasher.HashAsync("a new password", Cancel));
        turns.Release();

        Assert.All(await Task.WhenAll(waiting), verdict => Assert.Equal(PasswordVerdict.Wrong, verdict));
        Assert.Equal(2, hasher.Made);
        Assert.Equal(PasswordVerdict.Wrong, await hasher.VerifyAsync("guess", null, Cancel));
    }

    [Fact]
    public async Task Logins_for_which_there_was_no_time_are_no_failed_ones()
    {
        await CreateAsync();
        var guard = new LoginGuard(new LockoutOptions { FailuresOfAddress = 3 }, _clock);
        using var full = new AccountBook(_state, Cheap with { MostWaiting = 0 }, _clock);
        var busy = new SignIn(_state, full, guard, _browsers, _clock);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(LoginRefusal.Busy, (await busy.TryAsync(new LoginAttempt("ada", Password, "", null, Home), Cancel)).Refusal);
        }

        var signIn = new SignIn(_state, _book, guard, _browsers, _clock);
        Assert.Equal(LoginRefusal.None, (await signIn.TryAsync(new LoginAttempt("ada", Password, "", null, Home), Cancel)).Refusal);
    }

    [Fact]
    public async Task Failed_logins_still_count_when_there_was_no_time_for_others()
    {
        await CreateAsync();
        var guard = new LoginGuard(new LockoutOptions(), _clock);
        using var full = new AccountBook(_state, Cheap with { MostWaiting = 0 }, _clock);
        var busy = new SignIn(_state, full, guard, _browsers, _clock);
        var signIn = new SignIn(_state, _book, guard, _browsers, _clock);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(LoginRefusal.Busy, (await busy.TryAsync(new LoginAttempt("ada", "guess", "", null, Home), Cancel)).Refusal);
            Assert.Equal(LoginRefusal.Wrong, (await signIn.TryAsync(new LoginAttempt("ada", "guess", "", null, Home), Cancel)).Refusal);
        }

        Assert.Equal(LoginRefusal.MustWait, (await signIn.TryAsync(new LoginAttempt("ada", Password, "", null, Home), Cancel)).Refusal);
    }

    /// <summary>What takes the time is the hash: 77 ms of some hundredths of a millisecond for all else (docs/adr/0026).</summary>
    [Fact]
    public async Task An_account_that_is_not_there_costs_a_hash_as_one_that_is()
    {
        Account account = await CreateAsync();
        foreach (string name in new[] { "ada", "nobody", "", "ada" })
        {
            long before = _book.Hasher.Made;
            Assert.Equal(LoginRefusal.Wrong, (await TryAsync(name, "a wrong sentence of mine")).Refusal);
            Assert.Equal(before + 1, _book.Hasher.Made);
            await _state.ChangeAccountAsync(account.Id, one => one with { IsDisabled = true });
        }
    }

    [Theory]
    [InlineData("too short", "characters")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa", "again and again")]
    [InlineData("this is ada's password", "login name")]
    [InlineData("passwordpassword", "tried first")]
    [InlineData("PassW0rd12345678", "tried first")]
    [InlineData("qwertyuiop123456", "tried first")]
    [InlineData("1234567890123456", "tried first")]
    [InlineData("zyxwvutsrqponmlk", "tried first")]
    [InlineData("aaaabbbbccccdddd", "tried first")]
    [InlineData("Welcome2Hospital!", "tried first")]
    [InlineData("healthchain-admin-1", "tried first")]
    public async Task Passwords_are_judged_by_their_length(string password, string reason)
    {
        OAuthResult<CreatedAccount> result = await _book.CreateAsync(new NewAccount("ada", Role.Patient) { Password = password }, Cancel);

        Assert.Contains(reason, result.Error?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_nobody_gave_is_made_shown_once_and_must_be_changed()
    {
        CreatedAccount created = (await _book.CreateAsync(new NewAccount("root", Role.Administrator), Cancel)).Value;

        Assert.True(created.Account.MustChangePassword);
        Assert.Equal(24, created.OneTimePassword?.Length);
        Assert.Equal(LoginRefusal.None, (await TryAsync("root", created.OneTimePassword!)).Refusal);
        Assert.Null(await _book.SetPasswordAsync(created.Account, Password, Cancel));
        Assert.False(_state.FindAccountByName("root")?.MustChangePassword);
        Assert.Equal(LoginRefusal.Wrong, (await TryAsync("root", created.OneTimePassword!)).Refusal);
        Assert.Equal(LoginRefusal.None, (await TryAsync("root", Password)).Refusal);
    }

    [Fact]
    public async Task A_new_password_ends_the_sessions()
    {
        Account account = await CreateAsync();
        string cookie = (await _state.StartSessionAsync(account.Id, ["pwd"]))!;

        Assert.Null(await _book.SetPasswordAsync(account, "another sentence of mine", Cancel));

        Assert.Null(_state.FindSession(cookie));
    }

    /// <summary>Checking a password takes a while, longer when many log in.</summary>
    [Fact]
    public async Task Who_proved_a_password_that_was_changed_meanwhile_neither_gets_in_nor_sets_another()
    {
        Account account = await CreateAsync();
        LoginResult before = await TryAsync("ada", Password);
        Assert.Null(await _book.SetPasswordAsync(account, "another sentence of mine", Cancel));

        Assert.Null(await _state.EnterSessionAsync(account.Id, before.Methods, null, proved: before.Account!.Password));
        Assert.NotNull(await _book.SetPasswordAsync(before.Account, "a sentence of somebody else", Cancel));

        LoginResult after = await TryAsync("ada", "another sentence of mine");
        Assert.Equal(LoginRefusal.None, after.Refusal);
        Assert.NotNull(await _state.EnterSessionAsync(account.Id, after.Methods, null, proved: after.Account!.Password));
    }

    [Fact]
    public async Task A_second_factor_that_is_on_is_not_replaced()
    {
        Account account = await CreateAsync();
        byte[] secret = Totp.NewSecret();
        Assert.NotNull(await _book.EnrolAsync(account, secret, CodeNow(secret)));
        byte[] other = Totp.NewSecret();

        Assert.Null(await _book.EnrolAsync(account, other, CodeNow(other)));
        Assert.Equal(secret, _state.FindAccount(account.Id)!.SecondFactor);
    }

    [Fact]
    public async Task Two_accounts_cannot_have_the_same_name()
    {
        await CreateAsync();

        Assert.False((await _book.CreateAsync(new NewAccount("Ada", Role.Auditor), Cancel)).IsOk);
    }

    private static bool SameAnswer(LoginResult one, LoginResult other) => one.Refusal == other.Refusal && one.Wait == other.Wait;

    private async Task<Account> CreateAsync() => (await _book.CreateAsync(new NewAccount("ada", Role.Patient) { Password = Password }, Cancel)).Value.Account;

    private Task<LoginResult> TryAsync(string name, string password, string code = "", string? mark = null, IPAddress? address = null) =>
        _signIn.TryAsync(new LoginAttempt(name, password, code, mark, address ?? Home), Cancel).AsTask();

    private string CodeNow(byte[] secret) => Totp.CodeAt(secret, Totp.StepAt(_clock.GetUtcNow()));
}
