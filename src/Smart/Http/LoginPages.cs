using System.Globalization;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Pages;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>Where users log in and out, and look after their account.</summary>
/// <param name="hasInbox">Whether patients have an inbox here.</param>
internal sealed class LoginPages(
    SmartOptions options, SmartState state, AccountBook book, SignIn signIn, KnownBrowsers browsers, BrowserState browser, Recorder recorder, bool hasInbox)
{
    private const string AppsPath = "/auth/apps";
    private const string Wrong = "The login name, the password or the code is wrong.";

    public Task GetLoginAsync(Visit visit) => browser.Find(visit) is null ? ShowLoginAsync(visit, null, null) : Go(visit, AppsPath);

    /// <param name="request">What the user came with; null for a user who came alone.</param>
    public Task ShowLoginAsync(Visit visit, AuthorizeRequest? request, string? problem, int? status = null) => Answers.PageAsync(
        visit,
        AccountPages.Login(
            browser.FormToken(visit),
            request?.TextAfterLogin,
            request?.Client.Name,
            problem,
            options.External.Issuer is null ? null : options.External.Name,
            mustBeAnew: request is { AsksForLogin: true } or { MaxAge: not null }),
        status,
        request?.Target.Uri);

    public Task ShowPasswordAsync(Visit visit, SignedIn user, AuthorizeRequest? request, string? problem) => Answers.PageAsync(
        visit,
        AccountPages.Password(
            browser.FormToken(visit),
            request?.TextAfterLogin,
            user.Account.MustChangePassword,
            user.Account.SecondFactor is not null,
            hasApps: state.AuthorisationsOf(user.Account.Id).Count > 0,
            problem),
        goesTo: request?.Target.Uri);

    public async Task PostLoginAsync(Visit visit)
    {
        if (await ReadOwnFormAsync(visit) is not { } form)
        {
            return;
        }

        AuthorizeRequest? request = RequestIn(visit, form);
        LoginResult result = await signIn.TryAsync(AttemptOf(visit, form[FormFields.Name] ?? "", form), visit.Aborted);
        if (result.Refusal != LoginRefusal.None)
        {
            await RefuseAsync(visit, result, problem => ShowLoginAsync(visit, request, problem));
            return;
        }

        await EnterAsync(visit, result.Account!, result.Methods, request, proved: result.Account!.Password);
    }

    /// <summary>Lets a user in who has proved who it is.</summary>
    /// <param name="authenticated">When that was; null for now.</param>
    public async Task EnterAsync(Visit visit, Account account, IReadOnlyList<string> methods, AuthorizeRequest? request, DateTimeOffset? authenticated = null, byte[]? proved = null)
    {
        if (!await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.Login) { Person = account.Person, Client = request?.Client.Id }))
        {
            await UnwrittenAsync(visit);
            return;
        }

        if (await state.EnterSessionAsync(account.Id, methods, BrowserState.SessionIn(visit), authenticated, proved) is not { } cookie)
        {
            await ShowLoginAsync(visit, request, Wrong, StatusCodes.Status401Unauthorized);
            return;
        }

        BrowserState.Enter(visit, cookie, browsers.Mark(account.Name));
        await Go(visit, request is not null ? $"{AuthorizeEndpoint.Path}?{request.TextAfterLogin}" : account.MustChangePassword ? "/auth/password" : AppsPath);
    }

    public Task GetPasswordAsync(Visit visit) => browser.Find(visit) is { } user ? ShowPasswordAsync(visit, user, null, null) : Go(visit, "/auth/login");

    public async Task PostPasswordAsync(Visit visit)
    {
        if (await ReadFormOfUserAsync(visit, mayHaveOneTimePassword: true) is not var (form, user))
        {
            return;
        }

        AuthorizeRequest? request = RequestIn(visit, form);
        Task ShowAsync(string problem) => ShowPasswordAsync(visit, user, request, problem);
        if (form[FormFields.NewPassword] is not { } password || password != form[FormFields.Repeated])
        {
            await ShowAsync("The new password and its repetition differ.");
            return;
        }

        LoginResult proof = await signIn.TryAsync(AttemptOf(visit, user.Account.Name, form), visit.Aborted);
        if (proof.Refusal != LoginRefusal.None)
        {
            await RefuseAsync(visit, proof, ShowAsync);
        }
        else if (password == form[FormFields.Password])
        {
            await ShowAsync("The new password is the present one.");
        }
        else if (!await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.AccountChanged) { Person = user.Account.Person, Reason = "New password." }))
        {
            await UnwrittenAsync(visit);
        }
        else if (await book.SetPasswordAsync(proof.Account!, password, visit.Aborted) is { } refusal)
        {
            await ShowAsync(refusal.Reason);
        }
        else if (form[FormFields.Revoke] is not null && !await TakeBackAllAsync(visit, user))
        {
            await UnwrittenAsync(visit);
        }
        else
        {
            // The password was changed for all; whoever changed it goes on in a session of its own.
            await EnterAsync(visit, state.FindAccount(user.Account.Id) ?? user.Account, proof.Methods, request);
        }
    }

    public Task GetSecondFactorAsync(Visit visit) => ShowForUserAsync(visit, user => ShowSecondFactorAsync(visit, user, null, null));

    public async Task PostSecondFactorAsync(Visit visit)
    {
        if (await ReadFormOfUserAsync(visit) is not var (form, user))
        {
            return;
        }

        string? shown = form[FormFields.Secret];
        bool switchesOn = user.Account.SecondFactor is null;
        byte[]? secret = shown is not null && Base32.TryDecode(shown, out byte[]? bytes) && bytes.Length == Totp.SecretBytes ? bytes : null;
        Task ShowAsync(string problem) => ShowSecondFactorAsync(visit, user, secret, problem);
        if (!switchesOn && shown is not null)
        {
            // The form that switches on, sent again: not the one that switches off.
            await ShowSecondFactorAsync(visit, user, null, "The second factor is on already.");
            return;
        }

        if (switchesOn && secret is null)
        {
            await ShowSecondFactorAsync(visit, user, null, "The key was not complete; here is a new one.");
            return;
        }

        // To switch on, the code proves that the app has the new key; to switch off, it is checked like that of a login.
        LoginAttempt attempt = AttemptOf(visit, user.Account.Name, form);
        LoginResult proof = await signIn.TryAsync(attempt, visit.Aborted);
        if (proof.Refusal != LoginRefusal.None)
        {
            await RefuseAsync(visit, proof, ShowAsync);
        }
        else if (!await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.AccountChanged) { Person = user.Account.Person, Reason = switchesOn ? "Second factor on." : "Second factor off." }))
        {
            await UnwrittenAsync(visit);
        }
        else if (!switchesOn)
        {
            await book.RemoveSecondFactorAsync(user.Account);
            await Go(visit, AppsPath);
        }
        else if (await book.EnrolAsync(user.Account, secret!, attempt.Code) is { } codes)
        {
            await Answers.PageAsync(visit, AccountPages.RecoveryCodes(browser.FormToken(visit), codes));
        }
        else
        {
            await ShowAsync("The code is wrong.");
        }
    }

    public Task GetAppsAsync(Visit visit) => ShowForUserAsync(visit, user =>
    {
        IReadOnlyList<(Authorisation, string, IReadOnlyList<string>)> apps =
        [
            .. state.AuthorisationsOf(user.Account.Id).Select(given => (
                given,
                state.FindClient(given.Client)?.Name ?? given.Client,
                (IReadOnlyList<string>)[.. ScopeChoice.Of(given.Scopes, user.Account.Role == Role.Patient).Select(choice => choice.Sentence)])),
        ];
        return Answers.PageAsync(visit, AccountPages.Apps(browser.FormToken(visit), user.Name, hasInbox && InboxEndpoint.IsFor(user.Account), apps));
    });

    /// <summary>The user takes access back; tokens are dead with the next request.</summary>
    public async Task PostAppsAsync(Visit visit)
    {
        if (await ReadFormOfUserAsync(visit) is not var (form, user))
        {
            return;
        }

        Authorisation? given = state.AuthorisationsOf(user.Account.Id).FirstOrDefault(given => given.Id == form[FormFields.Id]);
        if (given is null)
        {
            await Go(visit, AppsPath);
        }
        else if (await TakeBackAsync(visit, user, given))
        {
            await Go(visit, AppsPath);
        }
        else
        {
            await UnwrittenAsync(visit);
        }
    }

    /// <returns>False when it cannot be put on record, and so is not done.</returns>
    private async ValueTask<bool> TakeBackAsync(Visit visit, SignedIn user, Authorisation given)
    {
        if (!await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.Revoked) { Person = user.Account.Person, Client = given.Client, Patient = given.Patient, Scopes = given.Scopes.Text }))
        {
            return false;
        }

        _ = await state.RevokeAuthorisationAsync(user.Account.Id, given.Id);
        return true;
    }

    private async ValueTask<bool> TakeBackAllAsync(Visit visit, SignedIn user)
    {
        foreach (Authorisation given in state.AuthorisationsOf(user.Account.Id))
        {
            if (!await TakeBackAsync(visit, user, given))
            {
                return false;
            }
        }

        return true;
    }

    public Task GetLogoutAsync(Visit visit) => Answers.PageAsync(visit, AccountPages.AskLogout(browser.FormToken(visit)));

    public async Task PostLogoutAsync(Visit visit)
    {
        if (await ReadOwnFormAsync(visit) is null)
        {
            return;
        }

        // A user gets out also when nothing can be written, and also of a session that was idle for so long that nobody is logged in by it: apps may still
        // have what was given for it.
        if (BrowserState.SessionIn(visit) is { } cookie)
        {
            _ = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.Logout) { Person = browser.Find(visit)?.Account.Person });
            _ = await state.EndSessionAsync(cookie);
        }

        BrowserState.Leave(visit);
        await Answers.PageAsync(visit, AccountPages.LoggedOut());
    }

    private static LoginAttempt AttemptOf(Visit visit, string name, Parameters form) =>
        new(name, form[FormFields.Password] ?? "", form[FormFields.Code] ?? "", BrowserState.MarkOf(visit), visit.Address);

    private AuthorizeRequest? RequestIn(Visit visit, Parameters form) =>
        form[FormFields.Request] is { } text ? AuthorizeRequest.Read(text, state, visit.Issuer).Request : null;

    private async Task RefuseAsync(Visit visit, LoginResult result, Func<string, Task> showAsync)
    {
        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.LoginRefused) { IsRefusal = true, Person = result.Account?.Person, Reason = result.Refusal.ToString() });
        if (!isWritten)
        {
            await UnwrittenAsync(visit);
            return;
        }

        visit.Response.StatusCode = result.Refusal switch
        {
            LoginRefusal.Wrong => StatusCodes.Status401Unauthorized,
            LoginRefusal.MustWait => StatusCodes.Status429TooManyRequests,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        if (result.Wait > TimeSpan.Zero)
        {
            Answers.RetryAfter(visit, result.Wait);
        }

        await showAsync(result.Refusal switch
        {
            LoginRefusal.Wrong => Wrong,
            LoginRefusal.MustWait => string.Create(CultureInfo.InvariantCulture, $"Too many logins have failed. Try again in {Math.Ceiling(result.Wait.TotalSeconds):F0} seconds."),
            _ => "Too many people log in at this moment. Try again in a few seconds.",
        });
    }

    private Task ShowSecondFactorAsync(Visit visit, SignedIn user, byte[]? secret, string? problem)
    {
        byte[]? offered = user.Account.SecondFactor is null ? secret ?? Totp.NewSecret() : null;
        Html page = offered is null
            ? AccountPages.SecondFactor(browser.FormToken(visit), null, null, problem)
            : AccountPages.SecondFactor(browser.FormToken(visit), Base32.Encode(offered), Totp.KeyUri("HealthChain", user.Account.Name, offered), problem);
        return Answers.PageAsync(visit, page);
    }

    /// <summary>Shows a page to who is logged in, and has everybody else log in.</summary>
    public Task ShowForUserAsync(Visit visit, Func<SignedIn, Task> showAsync) => browser.Find(visit) switch
    {
        null => ShowLoginAsync(visit, null, null),
        { Account.MustChangePassword: true } user => ShowPasswordAsync(visit, user, null, null),
        var user => showAsync(user),
    };

    /// <summary>A form of a user who is logged in; null when it was answered already.</summary>
    /// <param name="repeatable">The one field that may be there more than once.</param>
    public async ValueTask<(Parameters Form, SignedIn User)?> ReadFormOfUserAsync(Visit visit, bool mayHaveOneTimePassword = false, string? repeatable = null)
    {
        if (await ReadOwnFormAsync(visit, repeatable) is not { } form)
        {
            return null;
        }

        if (browser.Find(visit) is { } user && (mayHaveOneTimePassword || !user.Account.MustChangePassword))
        {
            return (form, user);
        }

        await ShowLoginAsync(visit, RequestIn(visit, form), "You were logged out, since nothing was done for a while.", StatusCodes.Status401Unauthorized);
        return null;
    }

    private async ValueTask<Parameters?> ReadOwnFormAsync(Visit visit, string? repeatable = null)
    {
        OAuthResult<Parameters> form = await Parameters.ReadFormAsync(visit.Request, repeatable, visit.Aborted);
        if (form.IsOk && browser.IsOwn(visit, form.Value))
        {
            return form.Value;
        }

        await Answers.MessageAsync(visit, StatusCodes.Status400BadRequest, "This page is too old", "Go back and load it again.");
        return null;
    }

    public static Task UnwrittenAsync(Visit visit) =>
        Answers.MessageAsync(visit, StatusCodes.Status503ServiceUnavailable, "Not at this moment", "The access log cannot be written, so nothing may be done. Try again later.");

    private static Task Go(Visit visit, string path)
    {
        Answers.SeeOther(visit, path);
        return Task.CompletedTask;
    }
}
