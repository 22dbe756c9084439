using System.Globalization;
using System.Net;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Ledger;

/// <summary>
/// <c>$receipt</c> of a version: a text that proves, without this server, what was written, that it stands in the log, and where the log is
/// anchored. Its definition is in Operations/Definitions/Resource-receipt.json.
/// </summary>
/// <param name="ledger">Null where no ledger runs.</param>
internal sealed class ReceiptOperation(IResourceStore store, LedgerNode? ledger) : IOperation
{
    private const string Text = "text/plain; charset=utf-8";

    public string Name => "receipt";

    public string Definition => OwnDefinitions.Canonical + "Resource-receipt";

    public OperationLevels Levels => OperationLevels.Version;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        var key = new ResourceKey(request.Target.Type!.Name, request.Target.Id!);
        LeafOpening? opening = long.TryParse(request.Target.Version, NumberStyles.None, CultureInfo.InvariantCulture, out long version)
            ? await store.OpenLeafAsync(request.Requester.Scope, key, version, cancellationToken)
            : null;
        if (opening is null)
        {
            return FhirError.NotFound($"There is no such {key.Type}.");
        }

        if (ledger?.Worker is not { } worker)
        {
            return ledger?.StartProblem is null && ledger?.IsEnabled == true
                ? Later(TimeSpan.FromSeconds(1))
                : FhirError.Unsupported("The ledger of this server does not run, so that there are no receipts.");
        }

        if (worker.Published is not { } published || published.Head.Size < opening.Sequence)
        {
            return Later(ledger.CheckpointInterval);
        }

        StoredVersion? proven = await store.ReadVersionAsync(request.Requester.Scope, key, version, cancellationToken);
        return FhirResponse.Of(await WriteAsync(worker, published, opening, cancellationToken)) with
        {
            ContentType = Text,
            Disclosed = proven is null ? [] : [proven],
        };
    }

    private static async ValueTask<byte[]> WriteAsync(
        LedgerWorker worker, PublishedCheckpoint published, LeafOpening opening, CancellationToken cancellationToken)
    {
        long index = opening.Sequence - 1;
        TileTree tree = worker.Tree!;
        Hash256[] proof = await tree.InclusionAsync(index, published.Head.Size, cancellationToken);
        var anchors = new List<ReceiptAnchor>();
        foreach (AnchorStatus anchor in worker.AnchorsCovering(index))
        {
            anchors.Add(await ToReceiptAsync(anchor, worker.TargetName!, published.Head, tree, cancellationToken));
        }

        _ = SignedNote.TryRead(published.Note.Span, out SignedNote? note, out _);
        return new Receipt(index, proof, note!, opening.Statement, opening.Salt, anchors).ToBytes();
    }

    /// <summary>The anchored head and the checkpoint's are mostly not one; then the receipt also proves that one begins with the other.</summary>
    private static async ValueTask<ReceiptAnchor> ToReceiptAsync(
        AnchorStatus anchor, string target, TreeHead checkpoint, TileTree tree, CancellationToken cancellationToken)
    {
        TreeHead head = anchor.Submission.Next;
        Hash256[] consistency = head.Size == checkpoint.Size ? []
            : await tree.ConsistencyAsync(Math.Min(head.Size, checkpoint.Size), Math.Max(head.Size, checkpoint.Size), cancellationToken);
        int colon = target.LastIndexOf(':');
        return new ReceiptAnchor(
            target[..colon], target[(colon + 1)..], anchor.Submission.Transaction, anchor.BlockNumber, anchor.BlockHash!, head, consistency);
    }

    private static FhirResponse Later(TimeSpan wait)
    {
        var issue = new Issue(IssueSeverity.Information, IssueType.Incomplete, "No checkpoint has this version yet; ask again after the time in Retry-After.");
        return FhirResponse.Of(OperationOutcome.ToJson([issue]), HttpStatusCode.Accepted) with { RetryAfter = wait };
    }
}
