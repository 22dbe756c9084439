using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

// Records, and what opens the leaves of the ledger.
public sealed partial class SqliteStore
{
    /// <summary>The name of the ledger's log, decided at the first start; null when the store has no ledger.</summary>
    public string? LedgerOrigin => _parts.LedgerOrigin;

    private string Origin => LedgerOrigin ?? throw new InvalidOperationException("The store was begun without a ledger.");

    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FhirError? refusal = scope.SeesEverything
            ? PreparedRecord.Refusal(record)
            : FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "Records are written by the server alone.");
        return refusal is null ? _writer.AppendAsync(PreparedRecord.Of(record), cancellationToken) : ValueTask.FromResult<Result<long>>(refusal);
    }

    public async ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        return Records(rented, scope).Read(sequence);
    }

    public async ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        return Records(rented, scope).Page(query, HashOf(query.Patient), cancellationToken);
    }

    public async ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        return Records(rented, scope).Count(query, HashOf(query.Patient), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        var reader = new VersionReader(rented.Snapshot, _parts, _preparers, scope);
        var found = new List<VersionIdentity>(sequences.Count);
        foreach (long sequence in sequences)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader.At(sequence) is { } version)
            {
                found.Add(new VersionIdentity(sequence, version.Key, version.Version));
            }
        }

        return found;
    }

    private long? HashOf(ResourceKey? patient) => patient is { } key ? _parts.Hasher.Reference(key) : null;

    private RecordReader Records(ReaderPool.Rented rented, AccessScope scope) => new(rented.Snapshot, scope, _parts.Chains, _readers.Generations);

    public async ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        return new VersionReader(rented.Snapshot, _parts, _preparers, scope).Find(key, version) is { } row
            ? rented.Snapshot.OpenLeaf(row, key, Origin)
            : null;
    }

    public async ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
        return Records(rented, scope).Sees(sequence) ? rented.Snapshot.OpenRecordLeaf(sequence, Origin) : null;
    }

    public async ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken)
    {
        // A turn at a time: whoever reads all must not keep the log from being cut.
        const int BytesAtOnce = 32 << 14;
        _ = Origin;
        if (!scope.SeesEverything)
        {
            return 0;
        }

        int count = 0;
        bool isLast = false;
        for (Memory<byte> rest = commitments; !isLast && rest.Length >= Hash256.Bytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using ReaderPool.Rented rented = await _readers.RentWithRecordsAsync(cancellationToken);
            Memory<byte> part = rest[..Math.Min(BytesAtOnce, rest.Length)];
            int found = rented.Snapshot.ReadLeaves(after + count, part.Span);
            isLast = found < part.Length / Hash256.Bytes;
            count += found;
            rest = rest[(found * Hash256.Bytes)..];
        }

        return count;
    }
}
