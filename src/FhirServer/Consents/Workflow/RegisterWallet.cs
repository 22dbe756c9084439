using System.Globalization;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// <c>$register-wallet</c>: a patient shows that a wallet is hers, and from then on signs with it what is entered of her Consents. First she gets what to sign,
/// then brings the signature; nothing is kept in between.
/// </summary>
internal sealed class RegisterWallet(WorkflowStore workflow, Wallets wallets, Func<WalletSignatures?> registry, DefinitionSet definitions) : IOperation
{
    private const string PatientType = "Patient";

    public string Name => "register-wallet";

    public string Definition => OwnDefinitions.Canonical + "Patient-register-wallet";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types { get; } = [PatientType];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        var patient = new ResourceKey(PatientType, request.Target.Id!);
        if (WalletOperation.Refuse(request, patient.ToString()) is { } refusal)
        {
            return refusal;
        }

        Result<OperationInput> read = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!read.IsOk)
        {
            return read.Error;
        }

        OperationInput input = read.Value;
        if (!EthereumAddress.TryParse(input.Text("address"), out EthereumAddress address) || address.IsZero)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The parameter 'address' is 0x and 40 hexadecimal digits; letters of both cases carry the check sum of EIP-55.");
        }

        if (await workflow.ReadAsync(patient, cancellationToken) is null)
        {
            return FhirError.NotFound("There is no such Patient.");
        }

        if (registry() is not { } signatures)
        {
            return WalletOperation.NoRegistry;
        }

        if (input.Text("signature") is not { } signature)
        {
            return WalletOperation.Answer(await signatures.ProofAsync(patient, address, cancellationToken));
        }

        // What is no time of the calendar, such as a leap second, was not signed here.
        if (!DateTimeOffset.TryParse(input.Text("deadline"), CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset deadline))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "With the signature comes the 'deadline' that was signed.");
        }

        return await signatures.RefuseAsync(patient, address, deadline, signature, cancellationToken) is { } fault
            ? fault
            : await workflow.CommitAsync(request, token => ThinkAsync(request, patient, address, token), cancellationToken);
    }

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, ResourceKey patient, EthereumAddress address, CancellationToken cancellationToken)
    {
        if (await wallets.PlaceAsync(patient, cancellationToken) is not { } place)
        {
            return FhirError.NotFound("There is no such Patient.");
        }

        StoredVersion? before = await wallets.NewestAsync(place, cancellationToken);
        Result<CheckedPut> put = workflow.ToPut(request, place, await wallets.WriteAsync(patient, address, cancellationToken), isNew: before is null);
        return put.IsOk
            ? new Draft(new Transaction([put.Value.Put], before is null ? [] : [Preconditioned.At(place, before)]), versions => ValueTask.FromResult(FhirResponse.Of(versions[0]!)))
            : put.Error;
    }
}
