using HealthChain.Fhir;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.ContractTests.Model;

// Records, and what opens the leaves of the ledger.
public sealed partial class ModelStore
{
    public long Newest
    {
        get
        {
            lock (_lock)
            {
                return _ledger.Size;
            }
        }
    }

    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!scope.SeesEverything)
            {
                return ValueTask.FromResult<Result<long>>(FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "Records are written by the server alone."));
            }

            if (Refusal(record) is { } refusal)
            {
                return ValueTask.FromResult<Result<long>>(refusal);
            }

            long sequence = _ledger.Add(record, Now());
            Wake();
            return ValueTask.FromResult<Result<long>>(sequence);
        }
    }

    public ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_ledger.Record(scope, sequence, PatientOf));
        }
    }

    public ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_ledger.Records(scope, query, query.Patient is { } patient ? HashOf(patient) : null, PatientOf));
        }
    }

    public async ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        (await RecordsAsync(scope, query, cancellationToken)).Records.Count;

    public ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<VersionIdentity>>(
            [
                .. sequences
                    .SelectMany(sequence => Kept().Where(version => version.Stored.Sequence == sequence && Exists(scope, version)))
                    .Select(version => new VersionIdentity(version.Stored.Sequence, version.Stored.Key, version.Stored.Version)),
            ]);
        }
    }

    public ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ModelVersion? found = Kept().FirstOrDefault(
                candidate => candidate.Stored.Key == key && candidate.Stored.Version == version && Exists(scope, candidate));
            return ValueTask.FromResult(found is null ? null : _ledger.Open(found.Stored.Sequence));
        }
    }

    public ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_ledger.OpenRecord(scope, sequence));
        }
    }

    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(scope.SeesEverything ? _ledger.Read(after, commitments.Span) : 0);
        }
    }

    /// <summary>Why a record cannot be appended; null when it can.</summary>
    private FhirError? Refusal(LedgerRecord record) =>
        record.Accessed.Append(record.Consent).Max() > _ledger.Size ? FhirError.Of(ErrorKind.Invalid, IssueType.Value, "A record names what is not there.")
        : record.Patients.Distinct().Count() > LedgerRecord.MostPatients ? FhirError.Of(ErrorKind.Invalid, IssueType.TooLong, "A record names too many patients.")
        : null;

    /// <summary>The record of a transaction that made these versions, each with the one before it.</summary>
    private static LedgerRecord Completed(LedgerRecord record, IEnumerable<(ModelVersion? Old, ModelVersion New)> versions) => record with
    {
        Accessed = [.. record.Accessed, .. versions.Select(version => version.New.Stored.Sequence)],
        Patients = [.. record.Patients, .. versions.SelectMany(version => version.New.Stored.Patients.Concat(version.Old?.Stored.Patients ?? []))],
    };

    /// <summary>The patient of whom there is, or was, a resource with that hash.</summary>
    private ResourceKey? PatientOf(long hash) =>
        _newest.Keys.Where(key => key.Type == "Patient" && HashOf(key) == hash).Select(key => (ResourceKey?)key).FirstOrDefault();

    private long HashOf(ResourceKey key) => setup.Hasher.Reference(key);
}
