using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;
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
internal sealed class AuditedStore(IResourceStore engine, AuditEvents events, AuditSearch search) : IResourceStore
{
    public const string Documentation =
        "Besides those that clients store, every entry of the access log is an AuditEvent, by the profiles of IHE BALP; nobody can change one. "
        + "Patients find those about themselves, auditors all. A search of AuditEvent alone finds both kinds, by any parameter, sorted by date or _lastUpdated, newest first by default; "
        + "not by chains or _has, nor with _revinclude. Searches and histories of several types find the stored ones. "
        + "A patient's accounting of disclosures: AuditEvent?patient=[id]&subtype=http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose&date=ge[day].";

    public long Newest => engine.Newest;

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is { } sequence ? events.ReadAsync(scope, sequence, cancellationToken) : engine.ReadAsync(scope, key, cancellationToken);

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is not { } sequence ? engine.ReadVersionAsync(scope, key, version, cancellationToken)
        : version == 1 ? events.ReadAsync(scope, sequence, cancellationToken)
        : ValueTask.FromResult<StoredVersion?>(null);

    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        bool seesLog = scope.MaySee(AuditEvents.Type);
        return seesLog && request.Types is [{ Name: AuditEvents.Type }] ? search.FindAsync(scope, request, cancellationToken)
            : seesLog && AuditDetours.In(request) is { } refusal ? ValueTask.FromResult<Result<SearchPage>>(refusal)
            : engine.SearchAsync(scope, request, cancellationToken);
    }

    public async ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        if (request.Type != AuditEvents.Type || !scope.MaySee(AuditEvents.Type))
        {
            return await engine.HistoryAsync(scope, request, cancellationToken);
        }

        return request.Id is not { } id ? await TypeHistoryAsync(scope, request, cancellationToken)
            : AuditEvents.SequenceOf(new ResourceKey(AuditEvents.Type, id)) is { } sequence ? await HistoryOfAsync(scope, sequence, request, cancellationToken)
            : await engine.HistoryAsync(scope, request, cancellationToken);
    }

    public ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken)
    {
        bool isOfLog = false;
        foreach (Write write in transaction.Writes)
        {
            isOfLog |= AuditEvents.SequenceOf(write.Key) is not null;
        }

        return isOfLog
            ? ValueTask.FromResult<Result<CommitResult>>(FhirError.Of(ErrorKind.MethodNotAllowed, IssueType.NotSupported, "This AuditEvent is an entry of the access log, which nobody can change."))
            : engine.CommitAsync(scope, transaction.Guards.Count == 0 ? transaction : transaction with { Guards = AuditDetours.WithoutRecords(transaction.Guards) }, cancellationToken);
    }

    public ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        AuditEvents.SequenceOf(key) is not { } sequence ? engine.OpenLeafAsync(scope, key, version, cancellationToken)
        : version == 1 && scope.MaySee(AuditEvents.Type) ? OpenAccessAsync(scope, sequence, cancellationToken)
        : ValueTask.FromResult<LeafOpening?>(null);

    public IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken) =>
        engine.ChangesAsync(scope, after, cancellationToken);

    public ValueTask<Result<Erasure>> EraseAsync(AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        engine.EraseAsync(scope, patient, record, cancellationToken);

    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken) =>
        engine.AppendRecordAsync(scope, record, cancellationToken);

    public ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        engine.ReadRecordAsync(scope, sequence, cancellationToken);

    public ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        engine.RecordsAsync(scope, query, cancellationToken);

    public ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        engine.CountRecordsAsync(scope, query, cancellationToken);

    public ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken) =>
        engine.IdentifyAsync(scope, sequences, cancellationToken);

    public ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        engine.OpenRecordLeafAsync(scope, sequence, cancellationToken);

    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken) =>
        engine.ReadLeavesAsync(scope, after, commitments, cancellationToken);

    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken) => engine.ReindexAsync(scope, type, cancellationToken);

    public IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken) => engine.BlobsAsync(scope, cancellationToken);

    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) => engine.WaitForChangeAsync(after, cancellationToken);

    /// <summary>The engine is closed by whoever opened it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The leaves of other records than accesses are no AuditEvent's.</summary>
    private async ValueTask<LeafOpening?> OpenAccessAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        await engine.ReadRecordAsync(scope, sequence, cancellationToken) is { Kind: StatementKind.Access } ? await engine.OpenRecordLeafAsync(scope, sequence, cancellationToken) : null;

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
        HistoryPage stored = await engine.HistoryAsync(scope, request, cancellationToken);
        var query = new RecordQuery
        {
            Kind = StatementKind.Access,
            Before = request.Before,
            From = request.Since,

            // What never changes is current from its commit on.
            Until = request.At is { } at ? at.To.AddTicks(1) : null,
            Count = request.Count,
        };
        RecordPage records = request.Count == 0 ? new RecordPage([], null) : await engine.RecordsAsync(scope, query, cancellationToken);
        IEnumerable<StoredVersion> told = await events.WriteAsync(scope, records.Records, cancellationToken);
        StoredVersion[] all = [.. stored.Versions.Concat(told).OrderByDescending(version => version.Sequence)];
        StoredVersion[] page = [.. all.Take(request.Count)];
        bool isMore = all.Length > page.Length || stored.Next is not null || records.Next is not null;
        return new HistoryPage(page, isMore || request.Before is not null ? null : page.Length, isMore && page.Length > 0 ? page[^1].Sequence : null);
    }
}
