using HealthChain.Smart.Pages;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>
/// Where users are sent by apps, log in, choose a patient, and decide: https://hl7.org/fhir/smart-app-launch/app-launch.html,
/// https://www.rfc-editor.org/rfc/rfc6749#section-4.1
/// </summary>
internal sealed class AuthorizeEndpoint(SmartState state, ISmartHost host, BrowserState browser, Recorder recorder, LoginPages logins, TimeProvider time)
{
    public const string Path = "/auth/authorize";
    public const string StylePath = "/auth/smart-style.json";

    // What may stand in the address line of our answer, which the platform takes again.
    private const int MaxTextLength = 7000;

    public Task GetAsync(Visit visit)
    {
        string query = visit.Request.QueryString.Value ?? "";
        return ContinueAsync(visit, query.Length > 0 ? query[1..] : "", patient: null);
    }

    /// <summary>A request by form comes back by address: only then does the browser say which session it is in.</summary>
    public static async Task PostAsync(Visit visit)
    {
        byte[]? body = await Parameters.ReadBodyAsync(visit.Request, visit.Aborted);
        string text = body is null ? "" : System.Text.Encoding.UTF8.GetString(body);
        if (body is null || text.Length > MaxTextLength || !System.Text.Ascii.IsValid(text) || text.Any(char.IsControl))
        {
            await Answers.MessageAsync(visit, StatusCodes.Status400BadRequest, "This request cannot be used", "The app sent a form that is too long or not encoded as forms are.");
            return;
        }

        Answers.SeeOther(visit, $"{Path}?{text}");
    }

    /// <summary>The patient was searched for or chosen.</summary>
    public async Task ChoosePatientAsync(Visit visit)
    {
        if (await ReadOwnFormAsync(visit) is not { } form)
        {
            return;
        }

        if (form[FormFields.Patient] is { } chosen)
        {
            await ContinueAsync(visit, form[FormFields.Request] ?? "", chosen);
            return;
        }

        if (await CheckAsync(visit, form[FormFields.Request] ?? "") is var (request, user))
        {
            string search = form[FormFields.Search] ?? "";
            IReadOnlyList<PatientChoice> found = await host.FindPatientsAsync(user.Account.Person, search, visit.Aborted);
            await ShowPatientsAsync(visit, request, search, found);
        }
    }

    /// <summary>The user decided.</summary>
    public async Task DecideAsync(Visit visit)
    {
        if (await ReadOwnFormAsync(visit, repeatable: FormFields.Scope) is not { } form || await CheckAsync(visit, form[FormFields.Request] ?? "") is not var (request, user))
        {
            return;
        }

        Offer offer = await OfferAsync(request, user, form[FormFields.Patient], visit.Aborted);
        if (offer.Refusal is not null || offer.NeedsPatient)
        {
            await FailAsync(visit, request.Target, offer.Refusal ?? OAuthError.InvalidRequest("The patient is not one of the user's."));
            return;
        }

        ScopeSet given = offer.Scopes.Within(ScopeSet.Of(form.All(FormFields.Scope)));
        if (form[FormFields.Decision] == FormFields.Allow && given.Text.Length > 0)
        {
            await GiveAsync(visit, request, user, offer with { Scopes = given });
            return;
        }

        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.AccessDenied)
        {
            Client = request.Client.Id,
            Person = user.Account.Person,
            Patient = offer.Patient?.Id,
            IsRefusal = true,
            Reason = "The user refused.",
        });
        await FailAsync(visit, request.Target, isWritten ? OAuthError.AccessDenied("The user gave no access.") : Recorder.Unwritten);
    }

    private async Task ContinueAsync(Visit visit, string text, string? patient)
    {
        if (await CheckAsync(visit, text) is not var (request, user))
        {
            return;
        }

        Offer offer = await OfferAsync(request, user, patient, visit.Aborted);
        if (offer.Refusal is not null)
        {
            await FailAsync(visit, request.Target, offer.Refusal);
        }
        else if (!offer.NeedsPatient && MayBeGivenUnasked(request, user, offer))
        {
            await GiveAsync(visit, request, user, offer);
        }
        else if (request.IsSilent)
        {
            await FailAsync(visit, request.Target, new OAuthError(offer.NeedsPatient ? "interaction_required" : "consent_required", "The user would have to be asked."));
        }
        else if (offer.NeedsPatient)
        {
            await ShowPatientsAsync(visit, request, "", null);
        }
        else
        {
            Html page = ConsentPages.Consent(
                browser.FormToken(visit), request.TextAfterLogin, request.Client.Name, request.Target.Home, offer.Patient, user.Name, ScopeChoice.Of(offer.Scopes, offer.IsOwn));
            await Answers.PageAsync(visit, page, goesTo: request.Target.Uri);
        }
    }

    /// <summary>The request and who is to decide; null when it was answered already, by an error or a page to log in.</summary>
    private async ValueTask<(AuthorizeRequest Request, SignedIn User)?> CheckAsync(Visit visit, string text)
    {
        (AuthorizeRequest? request, OAuthError? error, RedirectTarget? target) = AuthorizeRequest.Read(text, state, visit.Issuer);
        if (request is null)
        {
            await RefuseAsync(visit, target, error!);
            return null;
        }

        SignedIn? user = browser.Find(visit);
        bool isTooLong = user is not null && request.MaxAge is { } age && time.GetUtcNow() - user.Session.Authenticated > age;
        if (user is null || isTooLong || request.AsksForLogin)
        {
            await (request.IsSilent ? FailAsync(visit, request.Target, new OAuthError("login_required", "The user would have to log in.")) : logins.ShowLoginAsync(visit, request, problem: null));
            return null;
        }

        if (user.Account.MustChangePassword)
        {
            await (request.IsSilent ? FailAsync(visit, request.Target, new OAuthError("interaction_required", "The user must choose a password.")) : logins.ShowPasswordAsync(visit, user, request, problem: null));
            return null;
        }

        return (request, user);
    }

    /// <summary>
    /// An app is told what is wrong with its request. Of one that registered itself nobody knows where its address leads, so who is not even logged in is
    /// not sent there without a word: https://www.rfc-editor.org/rfc/rfc9700#section-4.11.2
    /// </summary>
    private Task RefuseAsync(Visit visit, RedirectTarget? target, OAuthError error)
    {
        if (target is not null && (target.IsVouchedFor || browser.Find(visit) is not null))
        {
            return FailAsync(visit, target, error);
        }

        string? back = target?.WithError(error, visit.Issuer.Origin);
        return Answers.PageAsync(visit, ConsentPages.Refused(error.Reason, target?.Home, back), StatusCodes.Status400BadRequest);
    }

    /// <summary>What the user could give at most.</summary>
    private async ValueTask<Offer> OfferAsync(AuthorizeRequest request, SignedIn user, string? chosen, CancellationToken cancellationToken)
    {
        Account account = user.Account;
        if (request.Launch?.Account is { } other && other != account.Id)
        {
            return new Offer(ScopeSet.None) { Refusal = OAuthError.AccessDenied("The app was started by another user.") };
        }

        ScopeSet possible = request.Scopes.Within(SupportedScopes.AtMost(account.Role, isSystem: false));
        LaunchContext context = request.Launch?.Context ?? LaunchContext.None;
        string? own = account is { Role: Role.Patient, FhirUser: { } fhirUser } ? Chart.PatientOf(fhirUser) : null;
        bool asksForPatient = possible.Has(SupportedScopes.LaunchPatient) || possible.Resources.Any(scope => scope.Context == ScopeContext.Patient);
        string? id = context.Patient ?? own ?? (asksForPatient ? chosen : null);
        PatientChoice? patient = id is null ? null : await host.FindPatientAsync(account.Person, id, cancellationToken);
        if (context.Patient is not null && patient is null)
        {
            return new Offer(ScopeSet.None) { Refusal = OAuthError.AccessDenied("The record that the app was started for is not the user's to give.") };
        }

        ScopeSet scopes = ScopeSet.Of(possible.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => IsGivable(word, context)));
        return new Offer(scopes)
        {
            Patient = asksForPatient || context.Patient is not null ? patient : null,
            NeedsPatient = asksForPatient && patient is null,
            IsOwn = own is not null && own == patient?.Id,
            Refusal = scopes.IsEmpty ? OAuthError.InvalidScope("None of these scopes can be given by this user.") : null,
        };
    }

    private bool IsGivable(string word, LaunchContext context) =>
        ResourceScope.TryParse(word) is { } scope ? host.RefuseScope(scope) is null : word != SupportedScopes.LaunchEncounter || context.Encounter is not null;

    /// <summary>
    /// Apps of the operator's own are not asked about. Others may have silently what the user gave them before, if their address proves who they
    /// are: https://www.rfc-editor.org/rfc/rfc6749#section-10.2
    /// </summary>
    private bool MayBeGivenUnasked(AuthorizeRequest request, SignedIn user, Offer offer)
    {
        if (request.AsksForConsent)
        {
            return false;
        }

        return request.Client.IsTrusted
            || (request.IsSilent
                && request.Client.Kind != ClientKind.Public
                && state.FindAuthorisation(user.Account.Id, request.Client.Id) is { } before
                && before.Patient == offer.Patient?.Id
                && offer.Scopes.IsWithin(before.Scopes));
    }

    private async Task GiveAsync(Visit visit, AuthorizeRequest request, SignedIn user, Offer offer)
    {
        LaunchContext context = ContextOf(request, offer, visit.Issuer);
        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.AccessGranted)
        {
            Client = request.Client.Id,
            Person = user.Account.Person,
            Patient = context.Patient,
            Scopes = offer.Scopes.Text,
        });
        OAuthResult<string> code = !isWritten ? Recorder.Unwritten : await state.IssueCodeAsync(new CodeRequest
        {
            Client = request.Client.Id,
            Account = user.Account.Id,
            RedirectUri = request.Target.Uri,
            CodeChallenge = request.CodeChallenge,
            Scopes = offer.Scopes,
            Authenticated = user.Session.Authenticated,
            Session = user.Cookie,
            Launch = context,
            LaunchId = request.LaunchId,
            Nonce = request.Nonce,
            KeyThumbprint = request.KeyThumbprint,
        });
        if (code.IsOk)
        {
            Answers.SeeOther(visit, request.Target.WithCode(code.Value, visit.Issuer.Origin));
            return;
        }

        await FailAsync(visit, request.Target, code.Error);
    }

    /// <summary>What the app is told of the context, which is no more than the scopes say that were given: the user may have unticked that.</summary>
    private static LaunchContext ContextOf(AuthorizeRequest request, Offer offer, Issuer issuer)
    {
        ScopeSet given = offer.Scopes;
        LaunchContext launch = request.Launch?.Context ?? LaunchContext.None;
        bool isOfLaunch = given.Has(SupportedScopes.Launch);
        bool isOfPatient = isOfLaunch || given.Has(SupportedScopes.LaunchPatient) || given.Resources.Any(scope => scope.Context == ScopeContext.Patient);
        string? patient = isOfPatient ? offer.Patient?.Id : null;
        return (isOfLaunch ? launch : LaunchContext.None) with
        {
            Patient = patient,
            Encounter = isOfLaunch || given.Has(SupportedScopes.LaunchEncounter) ? launch.Encounter : null,
            NeedPatientBanner = (isOfLaunch ? launch.NeedPatientBanner : null) ?? (patient is null ? null : true),
            StyleUrl = (isOfLaunch ? launch.StyleUrl : null) ?? issuer.Origin + StylePath,
        };
    }

    private Task ShowPatientsAsync(Visit visit, AuthorizeRequest request, string search, IReadOnlyList<PatientChoice>? found) =>
        Answers.PageAsync(visit, ConsentPages.Patients(browser.FormToken(visit), request.TextAfterLogin, request.Client.Name, search, found), goesTo: request.Target.Uri);

    private async ValueTask<Parameters?> ReadOwnFormAsync(Visit visit, string? repeatable = null)
    {
        OAuthResult<Parameters> form = await Parameters.ReadFormAsync(visit.Request, repeatable, visit.Aborted);
        if (form.IsOk && browser.IsOwn(visit, form.Value))
        {
            return form.Value;
        }

        await Answers.MessageAsync(visit, StatusCodes.Status400BadRequest, "This page is too old", "Go back to the app and start again.");
        return null;
    }

    /// <summary>Back to the app, at an address that it registered.</summary>
    private static Task FailAsync(Visit visit, RedirectTarget target, OAuthError error)
    {
        Answers.SeeOther(visit, target.WithError(error, visit.Issuer.Origin));
        return Task.CompletedTask;
    }

    private sealed record Offer(ScopeSet Scopes)
    {
        public PatientChoice? Patient { get; init; }

        /// <summary>A patient must be chosen first.</summary>
        public bool NeedsPatient { get; init; }

        /// <summary>The patient is the user.</summary>
        public bool IsOwn { get; init; }

        public OAuthError? Refusal { get; init; }
    }
}

/// <summary>References to people.</summary>
internal static class Chart
{
    private const string PatientPrefix = "Patient/";

    /// <summary>The id in a reference to a patient; null for other references.</summary>
    public static string? PatientOf(string reference) => reference.StartsWith(PatientPrefix, StringComparison.Ordinal) ? reference[PatientPrefix.Length..] : null;
}
