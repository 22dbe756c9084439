using HealthChain.Fhir;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Server;

/// <summary>Holds nothing and takes nothing, until an engine is connected.</summary>
internal sealed class NoStore : IResourceStore
{
    private static readonly FhirError Refusal = FhirError.Of(ErrorKind.Busy, IssueType.NoStore, "No store is connected.");

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) => default;

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) => default;

    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Result<SearchPage>>(Refusal);

    public ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new HistoryPage([], 0, null));

    public ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Result<CommitResult>>(Refusal);

    public IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken) =>
        AsyncEnumerable.Empty<StoredVersion>();

    public ValueTask<Result<Erasure>> EraseAsync(AccessScope scope, ResourceKey patient, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Result<Erasure>>(Refusal);

    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken) => default;

    public IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken) =>
        AsyncEnumerable.Empty<BlobAddress>();

    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) =>
        new(Task.Delay(Timeout.Infinite, cancellationToken));

    public ValueTask DisposeAsync() => default;
}
