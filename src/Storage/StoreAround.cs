using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage;

/// <summary>
/// A store around another. What gives resources out or takes them in, each has to decide by itself, so that none can forget a way out; records and
/// upkeep are the inner one's.
/// </summary>
public abstract class StoreAround(IResourceStore inner) : IResourceStore
{
    /// <inheritdoc/>
    public long Newest => inner.Newest;

    /// <summary>The store inside.</summary>
    protected IResourceStore Inner => inner;

    /// <inheritdoc/>
    public abstract ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Result<Erasure>> EraseAsync(AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        inner.EraseAsync(scope, patient, record, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken) =>
        inner.AppendRecordAsync(scope, record, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        inner.ReadRecordAsync(scope, sequence, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        inner.RecordsAsync(scope, query, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        inner.CountRecordsAsync(scope, query, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken) =>
        inner.IdentifyAsync(scope, sequences, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        inner.OpenRecordLeafAsync(scope, sequence, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken) =>
        inner.ReadLeavesAsync(scope, after, commitments, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken) => inner.ReindexAsync(scope, type, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken) => inner.BlobsAsync(scope, cancellationToken);

    /// <inheritdoc/>
    public void Follow(ICommitFollower follower) => inner.Follow(follower);

    /// <inheritdoc/>
    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) => inner.WaitForChangeAsync(after, cancellationToken);

    /// <summary>Nothing: the inner store is closed by whoever opened it.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
