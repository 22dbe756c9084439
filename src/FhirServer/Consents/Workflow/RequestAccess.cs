using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// <c>$request-access</c>: asks a patient for access to her record. Makes a Task for her and the Consent that it proposes, in one transaction; nothing is
/// permitted by that.
/// </summary>
/// <remarks>
/// One may ask a patient whose record one does not see. That somebody is a patient here must not come out by asking: who does not see her must know her by
/// an identifier and the day of birth, and gets the same 404 for an unknown patient and for a wrong guess, a few times an hour.
/// </remarks>
internal sealed class RequestAccess(WorkflowStore workflow, IResourceStore store, IdSource ids, DefinitionSet definitions, TimeProvider time) : IOperation
{
    private const int WrongGuesses = 20;

    /// <summary>Requests of one organisation that wait for one patient: more would hide those of others from her.</summary>
    private const int MostOpen = 20;
    private const int MinReason = 10;
    private const int MaxReason = 1000;
    private const string PatientType = "Patient";

    /// <summary>How long a patient has to answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromDays(30);

    private static readonly string[] FormParameters = ["purpose", "class", "code", "action", "recipient"];

    private readonly Attempts _guesses = new(WrongGuesses, time);

    public string Name => "request-access";

    public string Definition => OwnDefinitions.Canonical + "Patient-request-access";

    public OperationLevels Levels => OperationLevels.Type | OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [PatientType];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (WorkflowStore.RefuseAsking(request.Requester) is { } refusal)
        {
            return refusal;
        }

        if (!request.Requester.Rights!.Gives(Permissions.Create, ConsentRequest.Type))
        {
            return WorkflowStore.Forbidden($"The access token does not allow this: it needs 'c' on {ConsentRequest.Type}.");
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        Result<Asked> asked = Read(input.Value, request.Requester);
        if (!asked.IsOk)
        {
            return asked.Error;
        }

        Result<string> patient = await FindPatientAsync(request, input.Value, cancellationToken);
        if (!patient.IsOk)
        {
            return patient.Error;
        }

        return await workflow.CommitAsync(request, token => ThinkAsync(request, asked.Value, patient.Value, token), cancellationToken);
    }

    /// <param name="Form">Scope, category, policies and provision of the Consent that is proposed.</param>
    private sealed record Asked(JsonObject Form, string Reason, DateTimeOffset Until);

    private Result<Asked> Read(OperationInput input, Requester requester)
    {
        string reason = input.Text("reason")!.Trim();
        if (reason.Length is < MinReason or > MaxReason)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"The reason has {MinReason} to {MaxReason} characters; the patient decides by it.");
        }

        JsonObject? form = input.Value("consent") is { Exists: true } consent ? ConsentTexts.Parse(consent) : null;
        if (form is not null && Array.Find(FormParameters, input.Has) is { } twice)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"What is asked for is said either by 'consent' or by '{twice}' and the like, not by both.");
        }

        if (form is null && (!input.Has("purpose") || !input.Has("period")))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "What for and for how long is needed: 'purpose' and 'period', or a 'consent' that says so.");
        }

        form ??= new JsonObject { ["provision"] = ConsentTexts.Additive(CriteriaOf(input, requester)) };
        if (input.Value("period") is { Exists: true } period && form["provision"] is JsonObject provision)
        {
            provision["period"] = ConsentTexts.Parse(period);
        }

        DateTimeOffset now = workflow.Now;
        if (EndOf(form) is not { } end || end <= now)
        {
            return FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, "Access is asked for until a time that is to come: the period needs an end.");
        }

        return new Asked(form, reason, end < now + Patience ? end : now + Patience);
    }

    private static JsonObject CriteriaOf(OperationInput input, Requester requester)
    {
        var criteria = new JsonObject { ["actor"] = new JsonArray([.. Recipients(input, requester).Select(ConsentTexts.Recipient)]) };
        Add("action", (input.Has("action") ? input.Texts("action") : ["access"]).Select(ConsentTexts.Action));
        Add("purpose", input.Texts("purpose").Select(ConsentTexts.Purpose));
        Add("class", input.Texts("class").Select(ConsentTexts.Class));
        Add("code", input.Values("code").Select(code => new JsonObject { ["coding"] = new JsonArray(ConsentTexts.Parse(code)) }));
        return criteria;

        void Add(string name, IEnumerable<JsonObject> values)
        {
            if (values.ToArray() is { Length: > 0 } all)
            {
                criteria[name] = new JsonArray(all);
            }
        }
    }

    /// <summary>The organisation, unless the request is narrower.</summary>
    private static IEnumerable<string> Recipients(OperationInput input, Requester requester) => input.Has("recipient")
        ? input.Values("recipient").Select(recipient => recipient.TextOf("reference") ?? "")
        : [requester.Organisation!];

    private static DateTimeOffset? EndOf(JsonObject form) =>
        form["provision"]?["period"]?["end"] is JsonValue end && DateRange.TryParse(System.Text.Encoding.UTF8.GetBytes(end.ToString()), out DateRange range)
            ? new DateTimeOffset(Math.Clamp(range.End, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero)
            : null;

    /// <summary>The patient whom the requester sees, or knows.</summary>
    private async ValueTask<Result<string>> FindPatientAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        string? id = request.Target.Id;
        if (id is not null)
        {
            Requester reader = await Admission.ForSearchAsync(request.Requester, cancellationToken);
            if (await store.ReadAsync(reader.Scope, new ResourceKey(PatientType, id), cancellationToken) is { IsDeleted: false })
            {
                return $"{PatientType}/{id}";
            }
        }

        string who = request.Requester.Account ?? request.Requester.Who;
        if (!_guesses.TryCount(who))
        {
            return FhirError.Of(ErrorKind.Throttled, IssueType.Throttled, "Too many requests were for patients who are not known; try again in an hour.");
        }

        Element identifier = input.Value("identifier");
        (string? system, string? value, string? birthDate) = (identifier.Exists ? identifier.TextOf("system") : null, identifier.Exists ? identifier.TextOf("value") : null, input.Text("birthDate"));
        StoredVersion? patient = system is null || value is null || birthDate is null ? null
            : id is null ? await workflow.FindPatientAsync(system, value, birthDate, cancellationToken)
            : await workflow.ReadAsync(new ResourceKey(PatientType, id), cancellationToken) is { } named && WorkflowStore.IsKnownBy(named, system, value, birthDate) ? named
            : null;
        if (patient is null)
        {
            return FhirError.NotFound("There is no such Patient. Who does not see the record must know the patient: by 'identifier' (system and value) and 'birthDate'.");
        }

        _guesses.TakeBack(who);
        request.Access.Concerns = patient.Key;
        return patient.Key.ToString();
    }

    /// <summary>The same request of the same requester: sent again by somebody who got no answer, it would be a second one for the patient to answer.</summary>
    private async ValueTask<StoredVersion?> FindSameAsync(Requester requester, Asked asked, IReadOnlyList<StoredVersion> waiting, CancellationToken cancellationToken)
    {
        foreach (StoredVersion proposal in waiting)
        {
            if (ConsentTexts.IsProposalOf(ConsentTexts.Parse(proposal), asked.Form)
                && await workflow.FindOpenAsync(proposal, cancellationToken) is { } request
                && request.By == ByOf(requester)
                && request.Reason == asked.Reason)
            {
                return request.Task;
            }
        }

        return null;
    }

    /// <summary>Who asks, as the patient reads it.</summary>
    private static string ByOf(Requester requester) =>
        requester.FhirUser is { } user && !user.StartsWith("Person/", StringComparison.Ordinal) ? user : requester.Organisation!;

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, Asked asked, string patient, CancellationToken cancellationToken)
    {
        DateTimeOffset now = workflow.Now;
        Requester requester = request.Requester;
        Result<Match> waiting = await workflow.ProposalsAsync(patient, requester.Organisation!, MostOpen, cancellationToken);
        if (!waiting.IsOk)
        {
            return waiting.Error;
        }

        if (await FindSameAsync(requester, asked, waiting.Value.Found, cancellationToken) is { } same)
        {
            return new Draft(new Transaction([], []), _ => ValueTask.FromResult(WriteAnswers.OfFound(request, same))) { Disclosed = [same] };
        }

        if (waiting.Value.Found.Count == MostOpen)
        {
            return FhirError.Of(ErrorKind.Unprocessable, IssueType.TooCostly, $"The patient has {MostOpen} requests of this organisation to answer; withdraw some of them first.");
        }

        var consent = new ResourceKey(ConsentRequest.ConsentType, ids.Next(ResourceTypes.Find(ConsentRequest.ConsentType)!));
        var task = new ResourceKey(ConsentRequest.Type, ids.Next(ResourceTypes.Find(ConsentRequest.Type)!));

        JsonObject proposal = ConsentTexts.Proposal(consent.Id, asked.Form, patient, requester.Organisation!, now);
        if (Narrowing.FaultOf(workflow.RulesOf(proposal)) is { } fault)
        {
            return FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, fault);
        }

        Result<CheckedPut> proposed = workflow.ToPut(request, consent, proposal, isNew: true);
        Result<CheckedPut> requested = workflow.ToPut(request, task, ConsentTexts.Request(task.Id, consent.Id, patient, ByOf(requester), asked.Reason, now, asked.Until), isNew: true);
        return !proposed.IsOk ? proposed.Error
            : !requested.IsOk ? requested.Error
            : new Draft(
                new Transaction([proposed.Value.Put, requested.Value.Put], [waiting.Value.Guard]),
                versions => ValueTask.FromResult(WriteAnswers.OfPut(request, versions[1]!, requested.Value.Issues)));
    }
}
