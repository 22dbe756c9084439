using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// <c>$approve</c>, <c>$reject</c> and <c>$withdraw</c> of a request for access: the patient agrees, to all of it or to less, or does not; the requester
/// wants it no more. Task and Consent change together, and each request is answered once.
/// </summary>
internal sealed class AnswerRequest(string name, WorkflowStore workflow, DefinitionSet definitions) : IOperation
{
    public const string Approve = "approve";
    public const string Reject = "reject";
    public const string Withdraw = "withdraw";

    public string Name => name;

    public string Definition => $"{OwnDefinitions.Canonical}Task-{name}";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [ConsentRequest.Type];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Requester.Rights is { } rights && !rights.Gives(Permissions.Update, ConsentRequest.Type))
        {
            return WorkflowStore.Forbidden($"The access token does not allow this: it needs 'u' on {ConsentRequest.Type}.");
        }

        FhirError? refusal = name == Withdraw ? WorkflowStore.RefuseAsking(request.Requester) : RefuseAnswering(request.Requester);
        if (refusal is not null)
        {
            return refusal;
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        return input.IsOk
            ? await workflow.CommitAsync(request, token => ThinkAsync(request, input.Value, token), cancellationToken)
            : input.Error;
    }

    private static FhirError? RefuseAnswering(Requester requester) =>
        requester is { Role: Role.Patient, FhirUser: not null } ? null : WorkflowStore.Forbidden("Patients answer for themselves.");

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        StoredVersion? task = await workflow.ReadAsync(new ResourceKey(ConsentRequest.Type, request.Target.Id!), cancellationToken);
        if (task is null || ConsentRequest.Read(task, workflow.ServerBase) is not { } asked || !await ConcernsAsync(asked, request.Requester, cancellationToken))
        {
            return FhirError.NotFound($"There is no such {ConsentRequest.Type}.");
        }

        if (Preconditioned.Check(request.Conditions, task) is { } failed)
        {
            return failed;
        }

        if (asked.Status != ConsentRequest.Open)
        {
            return FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, $"The request is not open any more: it is {asked.Status}.", "Task.status");
        }

        // A proposal that changed is not what the patient was shown; and nobody's Consent is another's to answer, whatever a Task says.
        if (await workflow.ReadAsync(asked.Proposal, cancellationToken) is not { } proposal || !asked.Proposes(proposal, workflow.ServerBase))
        {
            return FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The Consent that was proposed has changed since; it has to be asked for anew.", "Task.input");
        }

        return name == Approve ? Grant(request, input, asked, proposal) : End(request, input, asked, proposal);
    }

    /// <summary>Whether the request is the patient's to answer, or the requester's to withdraw: the same person's, or one of the same organisation.</summary>
    private async ValueTask<bool> ConcernsAsync(ConsentRequest asked, Requester requester, CancellationToken cancellationToken)
    {
        if (name != Withdraw)
        {
            return asked.Patient == requester.FhirUser;
        }

        return asked.By == requester.FhirUser
            || (await workflow.ReadAsync(asked.Proposal, cancellationToken) is { } proposal
                && (string?)ConsentTexts.Parse(proposal)["organization"]?[0]?["reference"] == requester.Organisation);
    }

    private Result<Draft> Grant(FhirRequest request, OperationInput input, ConsentRequest asked, StoredVersion proposal)
    {
        DateTimeOffset now = workflow.Now;
        if (now.UtcTicks >= asked.Until)
        {
            return FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, "The time in which this could be answered is over.", "Task.restriction.period");
        }

        JsonObject before = ConsentTexts.Parse(proposal);
        Result<JsonNode> provision = AgreedProvision.Of(before["provision"]!, input);
        if (!provision.IsOk)
        {
            return provision.Error;
        }

        JsonObject grant = ConsentTexts.Grant(before, provision.Value, asked.Patient, now);
        ConsentRules agreed = workflow.RulesOf(grant);
        if ((Narrowing.FaultOf(agreed) ?? workflow.Narrowing.WiderIn(agreed, workflow.RulesOf(before))) is { } wider)
        {
            return FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, wider);
        }

        return Draft(request, asked, grant, "completed", input, $"{asked.Proposal}/_history/{proposal.Version + 1}", proposal, isAboutConsent: true);
    }

    private Result<Draft> End(FhirRequest request, OperationInput input, ConsentRequest asked, StoredVersion proposal)
    {
        (string task, string consent) = name == Reject ? ("rejected", "rejected") : ("cancelled", "inactive");
        return Draft(request, asked, ConsentTexts.Ended(ConsentTexts.Parse(proposal), consent, workflow.Now), task, input, grant: null, proposal, isAboutConsent: false);
    }

    private Result<Draft> Draft(
        FhirRequest request, ConsentRequest asked, JsonObject consent, string status, OperationInput input, string? grant, StoredVersion proposal, bool isAboutConsent)
    {
        JsonObject task = ConsentTexts.Answered(ConsentTexts.Parse(asked.Task), status, name == Approve ? null : input.Text("reason"), grant, workflow.Now);
        Result<CheckedPut> consentPut = workflow.ToPut(request, asked.Proposal, consent);
        Result<CheckedPut> taskPut = workflow.ToPut(request, asked.Task.Key, task);
        Guard[] guards = [new AtVersion(asked.Task.Key, asked.Task.Version), new AtVersion(asked.Proposal, proposal.Version)];
        return !consentPut.IsOk ? consentPut.Error
            : !taskPut.IsOk ? taskPut.Error
            : new Draft(
                new Transaction([consentPut.Value.Put, taskPut.Value.Put], guards),
                versions => ValueTask.FromResult(FhirResponse.Of(versions[isAboutConsent ? 0 : 1]!)));
    }
}
