using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// The store as FHIR sees it: every access record is an AuditEvent among the stored ones. It is read, searched, has a history of one version
/// and a receipt as any resource; nobody can change it. Everything else is the engine's.
/// </summary>
/// <remarks>
/// Records are found where AuditEvent is the only type asked for. A search or history of several types, chains over references to any type, and
/// what follows references into AuditEvent, see the stored ones.
/// </remarks>
internal sealed class AuditedStore(IResourceStore engine, AuditEvents events, AuditSearch search) : StoreAround(engine)
{
    public const string Documentation =
        "Besides those that clients store, every entry of the access log is an AuditEvent, by the profiles of IHE BALP; nobody can change one. "
        + "Patients find those about themselves, auditors all. A search of AuditEvent alone finds both kinds, by any parameter, sorted by date or _lastUpdated, newest first by default; "
        + "not by chains or _has, nor with _revinclude. Searches and histories of several types find the stored ones. "
        + "A patient's accounting of disclosures: AuditEvent?patient=[id]&subtype=http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose&date=ge[day].";

    public override ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is { } sequence ? events.ReadAsync(scope, sequence, cancellationToken) : Inner.ReadAsync(scope, key, cancellationToken);

    public override ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is not { } sequence ? Inner.ReadVersionAsync(scope, key, version, cancellationToken)
        : version == 1 ? events.ReadAsync(scope, sequence, cancellationToken)
        : ValueTask.FromResult<StoredVersion?>(null);

    public override ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        bool seesLog = scope.MaySee(AuditEvents.Type);
        return seesLog && request.Types is [{ Name: AuditEvents.Type }] ? search.FindAsync(scope, request, cancellationToken)
            : seesLog && AuditDetours.In(request) is { } refusal ? ValueTask.FromResult<Result<SearchPage>>(refusal)
            : Inner.SearchAsync(scope, request, cancellationToken);
    }

    public override async ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        if (request.Type != AuditEvents.Type || !scope.MaySee(AuditEvents.Type))
        {
            return await Inner.HistoryAsync(scope, request, cancellationToken);
        }

        return request.Id is not { } id ? await TypeHistoryAsync(scope, request, cancellationToken)
            : AuditEvents.SequenceOf(new ResourceKey(AuditEvents.Type, id)) is { } sequence ? await HistoryOfAsync(scope, sequence, request, cancellationToken)
            : await Inner.HistoryAsync(scope, request, cancellationToken);
    }

    public override ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken)
    {
        bool isOfLog = false;
        foreach (Write write in transaction.Writes)
        {
            isOfLog |= AuditEvents.SequenceOf(write.Key) is not null;
        }

        return isOfLog
            ? ValueTask.FromResult<Result<CommitResult>>(FhirError.Of(ErrorKind.MethodNotAllowed, IssueType.NotSupported, "This AuditEvent is an entry of the access log, which nobody can change."))
            : Inner.CommitAsync(scope, transaction.Guards.Count == 0 ? transaction : transaction with { Guards = AuditDetours.WithoutRecords(transaction.Guards) }, cancellationToken);
    }

    public override ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is not { } sequence ? Inner.OpenLeafAsync(scope, key, version, cancellationToken)
        : version == 1 && scope.MaySee(AuditEvents.Type) ? OpenAccessAsync(scope, sequence, cancellationToken)
        : ValueTask.FromResult<LeafOpening?>(null);

    public override IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken) =>
        Inner.ChangesAsync(scope, after, cancellationToken);

    /// <summary>The leaves of other records than accesses are no AuditEvent's.</summary>
    private async ValueTask<LeafOpening?> OpenAccessAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        await Inner.ReadRecordAsync(scope, sequence, cancellationToken) is { Kind: StatementKind.Access } ? await Inner.OpenRecordLeafAsync(scope, sequence, cancellationToken) : null;

    private async ValueTask<HistoryPage> HistoryOfAsync(AccessScope scope, long sequence, HistoryRequest request, CancellationToken cancellationToken)
    {
        StoredVersion? version = await events.ReadAsync(scope, sequence, cancellationToken);
        bool isAsked = version is not null
            && (request.Since is not { } since || version.LastUpdated >= since)
            && (request.At is not { } at || version.LastUpdated <= at.To)
            && (request.Before is not { } before || sequence < before);
        return isAsked ? new HistoryPage(request.Count == 0 ? [] : [version!], 1, null) : new HistoryPage([], 0, null);
    }

    /// <summary>Versions and records in their one order; how many there are in all is not counted.</summary>
    private async ValueTask<HistoryPage> TypeHistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        HistoryPage stored = await Inner.HistoryAsync(scope, request, cancellationToken);
        var query = new RecordQuery
        {
            Kind = StatementKind.Access,
            Before = request.Before,
            From = request.Since,

            // What never changes is current from its commit on.
            Until = request.At is { } at ? at.To.AddTicks(1) : null,
            Count = request.Count,
        };
        RecordPage records = request.Count == 0 ? new RecordPage([], null) : await Inner.RecordsAsync(scope, query, cancellationToken);
        IEnumerable<StoredVersion> told = await events.WriteAsync(scope, records.Records, cancellationToken);
        StoredVersion[] all = [.. stored.Versions.Concat(told).OrderByDescending(version => version.Sequence)];
        StoredVersion[] page = [.. all.Take(request.Count)];
        bool isMore = all.Length > page.Length || stored.Next is not null || records.Next is not null;
        return new HistoryPage(page, isMore || request.Before is not null ? null : page.Length, isMore && page.Length > 0 ? page[^1].Sequence : null);
    }
}
