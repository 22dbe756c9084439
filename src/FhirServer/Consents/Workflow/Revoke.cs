using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// <c>$revoke</c>: takes a Consent back in one step, as easy as giving it was (GDPR, article 7(3)). It stays under its id, inactive; once it is, revoking it
/// again changes nothing. What the requester may see and write decides whose Consents these are.
/// </summary>
internal sealed class Revoke(IResourceStore store, Commits commits, WorkflowStore workflow, DefinitionSet definitions) : IOperation
{
    public string Name => "revoke";

    public string Definition => OwnDefinitions.Canonical + "Consent-revoke";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [ConsentRequest.ConsentType];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Requester.Role is not (Role.Patient or Role.RelatedPerson))
        {
            return WorkflowStore.Forbidden("Patients revoke for themselves, or who acts for them.");
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        return input.IsOk
            ? await commits.CommitAsync(request, token => ThinkAsync(request, token), cancellationToken)
            : input.Error;
    }

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<StoredVersion> found = await Read.FindAsync(store, request, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        StoredVersion version = found.Value;
        if (Preconditioned.Check(request.Conditions, version) is { } failed)
        {
            return failed;
        }

        JsonObject consent = ConsentTexts.Parse(version);
        switch ((string?)consent["status"])
        {
            case "inactive" or "rejected" or "entered-in-error":
                return new Draft(new Transaction([], []), _ => ValueTask.FromResult(FhirResponse.Of(version))) { Disclosed = [version] };
            case "draft" or "proposed":
                return FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "This Consent was never given; reject the request for it instead.", "Consent.status");
        }

        Result<CheckedPut> put = workflow.ToPut(request, version.Key, ConsentTexts.Ended(consent, "inactive", workflow.Now));
        return put.IsOk
            ? new Draft(new Transaction([put.Value.Put], [Preconditioned.At(version.Key, version)]), versions => ValueTask.FromResult(FhirResponse.Of(versions[0]!)))
            : put.Error;
    }
}
