using System.Text;
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

            if (record.Accessed.Append(record.Consent).Max() > _ledger.Size)
            {
                return ValueTask.FromResult<Result<long>>(FhirError.Of(ErrorKind.Invalid, IssueType.Value, "A record names what is not there."));
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
            return ValueTask.FromResult(_ledger.Record(scope, sequence, HashOf));
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
            return ValueTask.FromResult(_ledger.OpenRecord(scope, sequence, HashOf));
        }
    }

    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(scope.SeesEverything ? _ledger.Read(after, commitments.Span) : 0);
        }
    }

    private long HashOf(ResourceKey key) => setup.Hasher.Reference(Encoding.UTF8.GetBytes(key.Type), Encoding.UTF8.GetBytes(key.Id));
}
