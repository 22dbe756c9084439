using System.Diagnostics.CodeAnalysis;
using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.ContractTests;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>A store in a folder of its own, with its keys; both go when it is disposed.</summary>
internal sealed class TestStore : IResourceStore
{
    private readonly TemporaryFolder _folder = new();
    private readonly Func<SqliteStoreOptions, SqliteStoreOptions> _change;

    public TestStore(StoreSetup setup, Func<SqliteStoreOptions, SqliteStoreOptions>? change = null)
    {
        Setup = setup;
        _change = change ?? (options => options);
        Open();
    }

    public SqliteStore Store { get; private set; }

    public KeyStore Keys { get; private set; }

    /// <summary>What it is opened with next time.</summary>
    public StoreSetup Setup { get; set; }

    public string Folder => _folder.Path;

    public SqliteStoreOptions Options => _change(new SqliteStoreOptions { Folder = _folder.File("store"), GenerationRows = 1000, Readers = 4, LedgerOrigin = Setup.LedgerOrigin });

    /// <summary>The keys for the contract tests have to be shared; else the key store's own.</summary>
    [MemberNotNull(nameof(Store), nameof(Keys))]
    public void Open()
    {
        Keys = KeyStore.Open(new KeyStoreOptions { Folder = _folder.File("keys"), TenantKeyFolder = _folder.File("tenant") });
        try
        {
            Store = SqliteStore.OpenAsync(Options, Keys, Setup.Hasher, Setup.Parameters, Setup.Time, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch
        {
            Keys.Dispose();
            throw;
        }
    }

    public async Task CloseAsync()
    {
        await Store.DisposeAsync();
        Keys.Dispose();
    }

    public async Task ReopenAsync()
    {
        await CloseAsync();
        Open();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        Store.ReadAsync(scope, key, cancellationToken);

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        Store.ReadVersionAsync(scope, key, version, cancellationToken);

    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken) =>
        Store.SearchAsync(scope, request, cancellationToken);

    public ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken) =>
        Store.HistoryAsync(scope, request, cancellationToken);

    public ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken) =>
        Store.CommitAsync(scope, transaction, cancellationToken);

    public IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken) =>
        Store.ChangesAsync(scope, after, cancellationToken);

    public ValueTask<Result<Erasure>> EraseAsync(
        AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        Store.EraseAsync(scope, patient, record, cancellationToken);

    public long Newest => Store.Newest;

    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken) =>
        Store.AppendRecordAsync(scope, record, cancellationToken);

    public ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        Store.ReadRecordAsync(scope, sequence, cancellationToken);

    public ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        Store.RecordsAsync(scope, query, cancellationToken);

    public ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        Store.CountRecordsAsync(scope, query, cancellationToken);

    public ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken) =>
        Store.IdentifyAsync(scope, sequences, cancellationToken);

    public ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        Store.OpenLeafAsync(scope, key, version, cancellationToken);

    public ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        Store.OpenRecordLeafAsync(scope, sequence, cancellationToken);

    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken) =>
        Store.ReadLeavesAsync(scope, after, commitments, cancellationToken);

    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken) =>
        Store.ReindexAsync(scope, type, cancellationToken);

    public IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken) => Store.BlobsAsync(scope, cancellationToken);

    public void Follow(ICommitFollower follower) => Store.Follow(follower);

    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) => Store.WaitForChangeAsync(after, cancellationToken);
}
