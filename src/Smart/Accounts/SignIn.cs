using System.Net;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Accounts;

/// <summary>What somebody typed who wants to log in.</summary>
/// <param name="Code">Of an authenticator app, or a recovery code; empty for none.</param>
/// <param name="BrowserMark">The mark of <see cref="KnownBrowsers"/>, if the browser has one.</param>
internal sealed record LoginAttempt(string Name, string Password, string Code, string? BrowserMark, IPAddress? Address);

/// <summary>Why nobody was logged in.</summary>
internal enum LoginRefusal
{
    None,

    /// <summary>Name, password or code are wrong, or there is no such account: nobody is told which.</summary>
    Wrong,

    /// <summary>Too many failed before.</summary>
    MustWait,

    /// <summary>Too many log in at this moment.</summary>
    Busy,
}

/// <summary>What came of an attempt.</summary>
/// <param name="Account">Who logged in, with the password that was proved; of a refused login the account that was meant, for the record, if there is such.</param>
/// <param name="Methods">https://www.rfc-editor.org/rfc/rfc8176</param>
internal sealed record LoginResult(Account? Account, IReadOnlyList<string> Methods, LoginRefusal Refusal = LoginRefusal.None, TimeSpan Wait = default);

/// <summary>Checks what people type to log in.</summary>
internal sealed class SignIn(SmartState state, AccountBook book, LoginGuard guard, KnownBrowsers browsers, TimeProvider time)
{
    private static readonly string[] ByPassword = ["pwd"];
    private static readonly string[] ByPasswordAndCode = ["pwd", "otp", "mfa"];
    private static readonly TimeSpan BusyDelay = TimeSpan.FromSeconds(5);

    public async ValueTask<LoginResult> TryAsync(LoginAttempt attempt, CancellationToken cancellationToken)
    {
        LoginOrigin origin = browsers.Origin(attempt.Name, attempt.BrowserMark, attempt.Address);
        if (guard.Begin(origin) is { } wait)
        {
            return new LoginResult(null, [], LoginRefusal.MustWait, wait);
        }

        // Unknown and disabled accounts take as long as any other.
        Account? account = attempt.Password.Length > PasswordRules.MaxLength ? null : state.FindAccountByName(attempt.Name.Trim());
        byte[]? kept = account is { IsDisabled: false } ? account.Password : null;
        PasswordVerdict verdict;
        try
        {
            verdict = await book.Hasher.VerifyAsync(attempt.Password, kept, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            guard.NotMade(origin);
            throw;
        }

        if (verdict == PasswordVerdict.Busy)
        {
            guard.NotMade(origin);
            return new LoginResult(null, [], LoginRefusal.Busy, BusyDelay);
        }

        if (verdict == PasswordVerdict.Wrong || account is null || !await ProvesSecondFactorAsync(account, attempt.Code.Trim()))
        {
            return new LoginResult(account, [], LoginRefusal.Wrong);
        }

        guard.Succeeded(origin);
        if (verdict == PasswordVerdict.RightButOld && await book.Hasher.HashAsync(attempt.Password, cancellationToken) is { } hash)
        {
            account = await state.ChangeAccountAsync(account.Id, before => before.Password == kept ? before with { Password = hash } : before) ?? account;
        }

        return new LoginResult(account, account.SecondFactor is null ? ByPassword : ByPasswordAndCode);
    }

    /// <summary>Whether the code is one of the account's that was not used; it is used by this. True for an account without second factor.</summary>
    private async ValueTask<bool> ProvesSecondFactorAsync(Account account, string code)
    {
        if (account.SecondFactor is not { } secret)
        {
            return true;
        }

        // Which of two that come with the same code is the first is decided where the account is changed.
        bool isFirst = false;
        if (Totp.Match(secret, code, account.LastSecondFactorStep, time.GetUtcNow()) is { } step)
        {
            _ = await state.ChangeAccountAsync(account.Id, before =>
            {
                isFirst = before.LastSecondFactorStep < step;
                return isFirst ? before with { LastSecondFactorStep = step } : before;
            });
        }
        else if (RecoveryCodes.Use(account.RecoveryCodes, code) is not null)
        {
            _ = await state.ChangeAccountAsync(account.Id, before =>
            {
                IReadOnlyList<byte[]>? left = RecoveryCodes.Use(before.RecoveryCodes, code);
                isFirst = left is not null;
                return isFirst ? before with { RecoveryCodes = left! } : before;
            });
        }

        return isFirst;
    }
}
