using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Organisations;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary><c>$signature-request</c>: what a patient's wallet signs so that a Consent, or its end, is entered on the chain by her and nobody else.</summary>
internal sealed class SignatureRequest(IResourceStore store, WorkflowStore workflow, Func<WalletSignatures?> registry, DefinitionSet definitions)
    : ConsentSigning("signature-request", store, workflow, registry, definitions)
{
    protected override async ValueTask<Result<FhirResponse>> AnswerAsync(
        WalletSignatures signatures, StoredVersion consent, OperationInput input, CancellationToken cancellationToken)
    {
        Result<ToSign> asked = await signatures.AskForAsync(consent, cancellationToken);
        return asked.IsOk ? WalletOperation.Answer(asked.Value) : asked.Error;
    }
}

/// <summary><c>$sign</c>: takes the signature of what <see cref="SignatureRequest"/> answered.</summary>
internal sealed class Sign(IResourceStore store, WorkflowStore workflow, Func<WalletSignatures?> registry, DefinitionSet definitions)
    : ConsentSigning("sign", store, workflow, registry, definitions)
{
    protected override async ValueTask<Result<FhirResponse>> AnswerAsync(
        WalletSignatures signatures, StoredVersion consent, OperationInput input, CancellationToken cancellationToken) =>
        await signatures.SignAsync(consent, input.Text("signature")!, cancellationToken) is { } fault
            ? fault
            : FhirResponse.Of(consent) with { Disclosed = [consent] };
}

/// <summary>An operation about what a patient signs of one of her Consents.</summary>
internal abstract class ConsentSigning(
    string name, IResourceStore store, WorkflowStore workflow, Func<WalletSignatures?> registry, DefinitionSet definitions) : IOperation
{
    public string Name => name;

    public string Definition { get; } = OwnDefinitions.Canonical + "Consent-" + name;

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [ConsentRequest.ConsentType];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        Result<StoredVersion> consent = await WalletOperation.FindAsync(store, workflow, request, cancellationToken);
        return !consent.IsOk ? consent.Error
            : registry() is not { } signatures ? WalletOperation.NoRegistry
            : await AnswerAsync(signatures, consent.Value, input.Value, cancellationToken);
    }

    protected abstract ValueTask<Result<FhirResponse>> AnswerAsync(
        WalletSignatures signatures, StoredVersion consent, OperationInput input, CancellationToken cancellationToken);
}

/// <summary>What operations with wallets share: only the patient herself signs.</summary>
internal static class WalletOperation
{
    public static FhirError NoRegistry => FhirError.Of(ErrorKind.Unsupported, IssueType.NotSupported, "This server enters no consents in a registry on a chain at this moment.");

    /// <summary>Why a request is not that patient's own; null when it is.</summary>
    public static FhirError? Refuse(FhirRequest request, string patient) =>
        request.Requester is not { Role: Role.Patient } || request.Requester.FhirUser != patient ? WorkflowStore.Forbidden("Patients sign for themselves.")
        : request.Requester.Rights is { } rights && !rights.Gives(Permissions.Update, ConsentRequest.ConsentType)
            ? WorkflowStore.Forbidden($"The access token does not allow this: it needs 'u' on {ConsentRequest.ConsentType}.")
        : null;

    /// <summary>The current version of a Consent of the patient who asks.</summary>
    public static async ValueTask<Result<StoredVersion>> FindAsync(IResourceStore store, WorkflowStore workflow, FhirRequest request, CancellationToken cancellationToken)
    {
        Result<StoredVersion> found = await Read.FindAsync(store, request, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        Element about = FhirJson.Read(found.Value.Json).Root.Child("patient");
        return Refuse(request, about.Exists ? about.LocalTarget(workflow.ServerBase) ?? "" : "") is { } refusal ? refusal
            : Preconditioned.Check(request.Conditions, found.Value) is { } failed ? failed
            : found.Value;
    }

    public static FhirResponse Answer(ToSign data)
    {
        using var answer = new ParametersWriter();
        answer.Text("typedData", data.TypedData);
        answer.Text("deadline", ConsentTexts.Instant(data.Deadline), "valueInstant");
        return answer.ToResponse();
    }
}
