using HealthChain.Smart.External;
using HealthChain.Smart.Pages;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>Users who log in at another OpenID provider, and come back from there.</summary>
internal sealed class ExternalEndpoint(SmartState state, BrowserState browser, LoginPages logins, Recorder recorder)
{
    public const string StartPath = "/auth/external/start";

    /// <summary>https://www.rfc-editor.org/rfc/rfc8176 has no word for it.</summary>
    private static readonly string[] Methods = ["ext"];

    public async Task StartAsync(Visit visit)
    {
        OAuthResult<Parameters> form = await Parameters.ReadFormAsync(visit.Request, null, visit.Aborted);
        if (visit.Issuer.External is not { } external || !form.IsOk || !browser.IsOwn(visit, form.Value))
        {
            await Answers.MessageAsync(visit, StatusCodes.Status400BadRequest, "This page is too old", "Go back and load it again.");
            return;
        }

        OAuthResult<ExternalStart> start = await external.BeginAsync(form.Value[FormFields.Request] ?? "", mustBeAnew: form.Value[FormFields.Anew] is not null, visit.Aborted);
        if (!start.IsOk)
        {
            await logins.ShowLoginAsync(visit, null, start.Error.Reason, StatusCodes.Status503ServiceUnavailable);
            return;
        }

        BrowserState.Begin(visit, start.Value.Secret);
        await Answers.PageAsync(visit, AccountPages.Elsewhere(start.Value.Redirect.AbsoluteUri));
    }

    public async Task CallbackAsync(Visit visit)
    {
        OAuthResult<Parameters> query = Parameters.Read(visit.Request.QueryString.Value?.TrimStart('?') ?? "");
        string? secret = BrowserState.End(visit);
        if (visit.Issuer.External is not { } external || !query.IsOk)
        {
            await RefuseAsync(visit, null, null, "What the other provider sent cannot be read.");
            return;
        }

        Parameters back = query.Value;
        OAuthResult<ExternalUser> user = await external.CompleteAsync(new ExternalReturn(back["state"], back["code"], back["iss"], back["error"]), secret, visit.Aborted);
        if (!user.IsOk)
        {
            await RefuseAsync(visit, null, null, user.Error.Reason);
            return;
        }

        AuthorizeRequest? request = user.Value.Continuation.Length == 0 ? null : AuthorizeRequest.Read(user.Value.Continuation, state, visit.Issuer).Request;
        Account? account = state.FindAccountByExternal(user.Value.Issuer, user.Value.Subject);
        if (account is not { IsDisabled: false })
        {
            await RefuseAsync(visit, request, account, "No account here belongs to the user of the other provider.");
            return;
        }

        await logins.EnterAsync(visit, account, Methods, request, user.Value.SignedIn);
    }

    private async Task RefuseAsync(Visit visit, AuthorizeRequest? request, Account? account, string reason)
    {
        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.LoginRefused) { IsRefusal = true, Person = account?.Person, Reason = reason });
        await (isWritten ? logins.ShowLoginAsync(visit, request, reason, StatusCodes.Status401Unauthorized) : LoginPages.UnwrittenAsync(visit));
    }
}
