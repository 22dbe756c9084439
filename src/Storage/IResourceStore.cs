using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage;

/// <summary>
/// Where resources live. One writer decides the order of commits; what it acknowledged survives a crash, whole. Thread-safe.
/// </summary>
/// <remarks>Implemented by the engines for SQLite and Cosmos DB and, as the tests' oracle, in memory. All pass one suite of contract tests.</remarks>
public interface IResourceStore : IAsyncDisposable
{
    /// <summary>The current version, a deletion included; null when it does not exist for the scope.</summary>
    ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken);

    /// <summary>One version; null when it does not exist for the scope.</summary>
    ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken);

    /// <summary>One page of a search; an error when it would cost too much.</summary>
    ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken);

    ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Commits a transaction: returns when it is durable, or with the guard that failed. An error means that the store cannot write now
    /// (disk full, overload) and that nothing of it was written; or, as <see cref="ErrorKind.Conflict"/>, that it puts to an id which
    /// belongs to a withheld resource: the one place where existence cannot be hidden; or, as <see cref="ErrorKind.Forbidden"/>, that the
    /// scope may not write (<see cref="AccessScope.MayWrite"/>).
    /// </summary>
    ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// All versions after a sequence number in the order of their commits, then ends; for followers that keep a watermark. Numbers between
    /// them are those of records, and of versions that are erased or do not exist for the scope.
    /// </summary>
    IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken);

    /// <summary>
    /// Erases a patient: destroys the secret under which the patient and all that is in that patient's compartment alone is sealed, and
    /// removes their index; so too with Bundles and Binaries that are that patient's alone (<see cref="PatientsWithin"/>). Afterwards none of it exists for anybody, in no version; the sequence numbers and what the ledger commits to stay.
    /// </summary>
    /// <param name="record">Why and by whom, for the ledger, which keeps it for ever: it must tell nothing of the patient.</param>
    /// <returns>What was erased; NotFound when the patient does not exist for the scope.</returns>
    ValueTask<Result<Erasure>> EraseAsync(AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a record, in one commit with whatever else is written at the time; returns its sequence number when it is durable. Where there is no
    /// ledger it is kept without a leaf.
    /// </summary>
    /// <param name="scope">The server's own: requesters write no records.</param>
    /// <returns>Busy as <see cref="CommitAsync"/>; Invalid when the record names something that is not written yet, or more patients than it may.</returns>
    ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken);

    /// <summary>The record with that sequence number; null when it does not exist for the scope, or was erased with its patient.</summary>
    ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken);

    /// <summary>Records, newest first. Of a patient they are found by that patient's chain, whatever else there is.</summary>
    /// <returns>As many as asked for, unless there are no more that the scope sees.</returns>
    ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken);

    /// <summary>How many records a query finds, at most as many as it asks for; none is opened.</summary>
    ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken);

    /// <summary>Which versions those are, such as <see cref="StoredRecord.Accessed"/> names; those that do not exist for the scope are left out.</summary>
    ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken);

    /// <summary>What opens the leaf of a version; null when the version does not exist for the scope.</summary>
    ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken);

    /// <summary>What opens the leaf of a record; null when the record does not exist for the scope, or was erased with its patient.</summary>
    ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken);

    /// <summary>The entries of the ledger after a sequence number, in their order.</summary>
    /// <param name="scope">The server's own: the entries say nothing, but their number says how much is done here.</param>
    /// <param name="commitments">Takes whole entries of 32 bytes.</param>
    /// <returns>How many entries; fewer than there is room for only at the end.</returns>
    ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken);

    /// <summary>Computes the index of current resources again, after search parameters changed.</summary>
    /// <param name="type">Only that type; null for all.</param>
    /// <returns>How many resources were looked at.</returns>
    ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken);

    /// <summary>The blobs to which any version refers, a deleted or superseded one too; the rest may be swept.</summary>
    IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken);

    /// <summary>Sequence number of the newest version or record that is durable: how many leaves the ledger has.</summary>
    long Newest { get; }

    /// <summary>Has a follower told of all that is committed and erased from now on, until the store is closed.</summary>
    void Follow(ICommitFollower follower);

    /// <summary>Completes when there is a version or record after that sequence number, visible or not: for the server's own followers.</summary>
    ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken);
}
