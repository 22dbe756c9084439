using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Bundles;

/// <summary>batch and transaction: https://hl7.org/fhir/R4/http.html#transaction</summary>
internal sealed class BundleRequest(Batch batch, TransactionBundle transaction, ServerOptions options) : IInteraction
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<ReadResult> read = ResourceBody.ReadWithFaults(request.Body);
        if (!read.IsOk)
        {
            return read.Error;
        }

        Element bundle = read.Value.Tree!.Root;
        IReadOnlyList<Issue> faults = read.Value.Issues;
        if (bundle.Type.Name != "Bundle")
        {
            return FhirError.Invalid($"Only a Bundle of type batch or transaction can be posted to the FHIR base; post a {bundle.Type.Name} to /{bundle.Type.Name}.", bundle.Type.Name);
        }

        string? type = bundle.Child("type") is { Exists: true } code ? code.Text : null;
        bool isBatch = type == "batch";
        if (!isBatch && type != "transaction")
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The Bundle's type must be batch or transaction.", "Bundle.type");
        }

        List<RequestEntry> entries = BundleReader.Read(bundle, request, faults);
        if (faults.Count > 0 && !(isBatch && faults.All(fault => entries.Exists(entry => BundleReader.IsWithin(fault, entry.Number)))))
        {
            return new FhirError(ErrorKind.Invalid, faults);
        }

        if (entries.Count > options.Limits.BundleEntries)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The Bundle has {entries.Count} entries; at most {options.Limits.BundleEntries} are accepted.", "Bundle.entry");
        }

        if (!isBatch)
        {
            return await transaction.AnswerAsync(request, entries, cancellationToken);
        }

        // What a batch is on record for are its entries.
        request.Access.IsWritten = true;
        return BundleWriter.Write("batch-response", request.BaseUrl, await batch.AnswerAsync(request, entries, cancellationToken));
    }
}
