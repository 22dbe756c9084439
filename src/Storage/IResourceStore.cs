using HealthChain.Fhir;
using HealthChain.Storage.Blobs;

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
    /// belongs to a withheld resource: the one place where existence cannot be hidden.
    /// </summary>
    ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken);

    /// <summary>All versions after a sequence number in the order of their commits, then ends; for followers that keep a watermark.</summary>
    IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken);

    /// <summary>
    /// Erases a patient: destroys the secret under which the patient and all that is in that patient's compartment alone is sealed, and
    /// removes their index. Afterwards none of it exists for anybody, in no version; the sequence numbers and what the ledger commits to stay.
    /// </summary>
    /// <returns>What was erased; NotFound when the patient does not exist for the scope.</returns>
    ValueTask<Result<Erasure>> EraseAsync(AccessScope scope, ResourceKey patient, CancellationToken cancellationToken);

    /// <summary>Computes the index of current resources again, after search parameters changed.</summary>
    /// <param name="type">Only that type; null for all.</param>
    /// <returns>How many resources were looked at.</returns>
    ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken);

    /// <summary>The blobs to which any version refers, a deleted or superseded one too; the rest may be swept.</summary>
    IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken);

    /// <summary>Completes when there is a commit after that sequence number, visible or not: for the server's own followers.</summary>
    ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken);
}
