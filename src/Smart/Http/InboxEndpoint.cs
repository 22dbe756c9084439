using System.Globalization;
using HealthChain.Smart.Pages;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>Where a patient answers who asks for her record, and takes back what she gave. For everybody else there is no such page.</summary>
internal sealed class InboxEndpoint(IPatientInbox inbox, BrowserState browser, LoginPages logins)
{
    public static bool IsFor(Account account) => account.Role == Role.Patient && account.FhirUser?.StartsWith("Patient/", StringComparison.Ordinal) == true;

    public Task GetAsync(Visit visit) => logins.ShowForUserAsync(visit, user => IsFor(user.Account) ? ShowAsync(visit, user, null) : Answers.NothingHereAsync(visit));

    public async Task PostAsync(Visit visit)
    {
        if (await logins.ReadFormOfUserAsync(visit, repeatable: FormFields.Data) is not var (form, user))
        {
            return;
        }

        if (!IsFor(user.Account))
        {
            await Answers.NothingHereAsync(visit);
            return;
        }

        InboxOutcome outcome = await AnswerAsync(visit, user, form);
        if (outcome == InboxOutcome.Done)
        {
            Answers.SeeOther(visit, InboxPages.Path);
            return;
        }

        visit.Response.StatusCode = outcome switch
        {
            InboxOutcome.Unknown => StatusCodes.Status404NotFound,
            InboxOutcome.Changed => StatusCodes.Status409Conflict,
            InboxOutcome.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status422UnprocessableEntity,
        };
        await ShowAsync(visit, user, outcome switch
        {
            InboxOutcome.Unknown => "There is nothing like that to answer any more.",
            InboxOutcome.Changed => "It has changed since you saw it. Look at it again.",
            InboxOutcome.Unavailable => "This cannot be done at this moment. Try again later.",
            InboxOutcome.Empty => "Tick at least one kind of data, or reject the request.",
            _ => "You can approve what is asked for, or less, until a day to come; not more.",
        });
    }

    private ValueTask<InboxOutcome> AnswerAsync(Visit visit, SignedIn user, Parameters form)
    {
        string id = form[FormFields.Id] ?? "";
        string version = form[FormFields.Version] ?? "";
        InboxVisitor visitor = VisitorOf(visit, user);
        switch (form[FormFields.Decision])
        {
            case FormFields.Allow:
                return inbox.ApproveAsync(visitor, id, version, null, visit.Aborted);
            case FormFields.Less:
                DateOnly lastDay = default;
                return form[FormFields.LastDay] is { } day && !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out lastDay)
                    ? ValueTask.FromResult(InboxOutcome.Refused)
                    : inbox.ApproveAsync(visitor, id, version, new ApprovedPart(form.All(FormFields.Data), lastDay == default ? null : lastDay), visit.Aborted);
            case FormFields.Deny:
                return inbox.RejectAsync(visitor, id, version, visit.Aborted);
            case FormFields.Revoke:
                return inbox.RevokeAsync(visitor, id, visit.Aborted);
            default:
                return ValueTask.FromResult(InboxOutcome.Refused);
        }
    }

    private async Task ShowAsync(Visit visit, SignedIn user, string? problem)
    {
        InboxContent? content = await inbox.ReadAsync(VisitorOf(visit, user), visit.Aborted);
        await (content is null
            ? Answers.MessageAsync(visit, StatusCodes.Status503ServiceUnavailable, "Not at this moment", "Your inbox cannot be read. Try again later.")
            : Answers.PageAsync(visit, InboxPages.Inbox(browser.FormToken(visit), user.Name, content, problem)));
    }

    private static InboxVisitor VisitorOf(Visit visit, SignedIn user) => new(user.Account.Person, visit.Address);
}
