using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// <c>$break-glass</c>: a practitioner who may declares that a patient's safety needs what nobody permitted, and gets a token to see that record for some
/// minutes. What a Consent denies stays denied.
/// </summary>
/// <remarks>
/// The patient is told by a Communication; the record of the same commit is what auditors watch for (docs/consent-workflow.md). A patient of whom nothing
/// could be seen all the same is one that is not there.
/// </remarks>
internal sealed class BreakGlass(
    WorkflowStore workflow, EmergencyTokens tokens, IResourceStore store, IdSource ids, DefinitionSet definitions, ServerOptions options, TimeProvider time) : IOperation
{
    private const int MinLetters = 10;
    private const int MaxReason = 400;
    private const string PatientType = "Patient";
    private const string ReportType = "Communication";

    private readonly Attempts _attempts = new(options.BreakGlassPerHour, time);

    public string Name => "break-glass";

    public string Definition => OwnDefinitions.Canonical + "break-glass";

    public OperationLevels Levels => OperationLevels.System;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Requester requester = request.Requester;
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        Element named = input.IsOk ? input.Value.Value(PatientParameter) : default;
        string? id = named.Exists ? await PatientAsync(named, cancellationToken) : null;

        // On record with the patient's, however it ends.
        request.Access.Concerns = id is null ? null : new ResourceKey(PatientType, id);
        if (Refuse(requester) is { } refusal)
        {
            return refusal;
        }

        string who = requester.Account ?? requester.Who;
        if (!_attempts.TryCount(who))
        {
            return FhirError.Of(ErrorKind.Throttled, IssueType.Throttled, $"The glass was broken {options.BreakGlassPerHour} times within an hour; ask somebody else.");
        }

        if (!input.IsOk)
        {
            return input.Error;
        }

        string reason = input.Value.Text("reason")!.Trim();
        if (reason.Count(char.IsLetter) < MinLetters || reason.Length > MaxReason || reason.Any(char.IsControl))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"The reason is a line of at least {MinLetters} letters and at most {MaxReason} characters; the patient and the auditors read it.");
        }

        var declared = new BreakGlassDeclaration(reason, workflow.Now + options.BreakGlassLifetime);
        (string Token, TokenRights Rights)? issued = id is null ? null : tokens.Issue(name => RightsOf(requester, declared, id, name));
        if (issued is not var (token, rights))
        {
            return id is null ? NotFound : FhirError.Of(ErrorKind.Busy, IssueType.Throttled, "Too many have broken the glass at this moment.");
        }

        Entitlement entitlement = await rights.NowAsync(cancellationToken);
        var patient = new ResourceKey(PatientType, id!);
        if (await store.ReadAsync(entitlement.For(Permissions.Read).Scope, patient, cancellationToken) is not { IsDeleted: false })
        {
            return NotFound;
        }

        FhirRequest asDeclared = request with { Requester = rights.Requester };
        return await workflow.CommitAsync(asDeclared, cancel => ThinkAsync(asDeclared, patient, token, rights, cancel), cancellationToken);
    }

    private const string PatientParameter = "patient";

    private static FhirError NotFound => FhirError.NotFound("There is no such Patient.");

    private static FhirError? Refuse(Requester requester) =>
        requester is not { Role: Role.Practitioner, MayBreakGlass: true, FhirUser: not null } ? WorkflowStore.Forbidden("Only practitioners break the glass, and of them those who may.")
        : requester.Organisation is null || requester.Rights is not { MayActForOrganisation: true } ? WorkflowStore.Forbidden("Only who acts for a verified organisation may break the glass.")
        : requester.BreakGlass is not null ? WorkflowStore.Forbidden("A token that was got by breaking the glass does not break it again.")
        : null;

    /// <summary>Id of the patient whom a reference names, by id or by identifier.</summary>
    private async ValueTask<string?> PatientAsync(Element reference, CancellationToken cancellationToken)
    {
        if (reference.LocalTarget(workflow.ServerBase) is { } target)
        {
            return target.StartsWith(PatientType + "/", StringComparison.Ordinal) ? target[(PatientType.Length + 1)..] : null;
        }

        Element identifier = reference.Child("identifier");
        return identifier.Exists && (identifier.TextOf("system"), identifier.TextOf("value")) is ({ } system, { } value)
            ? (await workflow.FindPatientAsync(system, value, birthDate: null, cancellationToken))?.Key.Id
            : null;
    }

    /// <summary>The requester's own, for that patient and that purpose, bound to the same key.</summary>
    private static TokenRights RightsOf(Requester requester, BreakGlassDeclaration declared, string patient, string name) => requester.Rights!.ForEmergency(
        requester with { BreakGlass = declared, Purpose = Vocabulary.BreakGlass.Code, TokenName = name },
        patient);

    private ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, ResourceKey patient, string token, TokenRights rights, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requester requester = rights.Requester;
        var report = new ResourceKey(ReportType, ids.Next(ResourceTypes.Find(ReportType)!));
        Result<CheckedPut> put = workflow.ToPut(
            request, report, ConsentTexts.Report(report.Id, patient.ToString(), requester.FhirUser!, requester.BreakGlass!.Reason, workflow.Now), isNew: true);
        return ValueTask.FromResult<Result<Draft>>(put.IsOk
            ? new Draft(new Transaction([put.Value.Put], []), _ => ValueTask.FromResult(Answer(patient, token, rights)))
            : put.Error);
    }

    /// <summary>Only now that patient and auditors are told, the token is good.</summary>
    private FhirResponse Answer(ResourceKey patient, string token, TokenRights rights)
    {
        Requester requester = rights.Requester;
        tokens.Admit(token, rights);
        using var answer = new ParametersWriter();
        answer.Text("access_token", token);
        answer.Text("token_type", requester.KeyThumbprint is null ? "Bearer" : "DPoP", "valueCode");
        answer.Integer("expires_in", (long)(requester.BreakGlass!.Until - workflow.Now).TotalSeconds);
        answer.Text("scope", string.Join(' ', requester.Scopes));
        answer.Text("patient", patient.Id, "valueId");
        return answer.ToResponse();
    }
}
