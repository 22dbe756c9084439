using System.Runtime.CompilerServices;
using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Searching;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

/// <summary>
/// The embedded store: one SQLite database that holds no text, one thread that writes, any number that read. docs/adr/0014-sqlite-engine.md
/// says how it works.
/// </summary>
public sealed partial class SqliteStore : IResourceStore
{
    private readonly StoreFiles _files;
    private readonly EngineParts _parts;
    private readonly PreparerPool _preparers;
    private readonly ReaderPool _readers;
    private readonly Writer _writer;
    private readonly ChangeSignal _changes;
    private readonly SearchEngine _search;
    private volatile bool _parametersChanged;
    private bool _isDisposed;

    private SqliteStore(
        StoreFiles files, EngineParts parts, PreparerPool preparers, ReaderPool readers, Writer writer, ChangeSignal changes, SearchEngine search, bool parametersChanged)
    {
        _files = files;
        _parts = parts;
        _preparers = preparers;
        _readers = readers;
        _writer = writer;
        _changes = changes;
        _search = search;
        _parametersChanged = parametersChanged;
    }

    /// <summary>Makes the hashes of this store's index, for access scopes that compare them.</summary>
    public IndexHasher Hasher => _parts.Hasher;

    /// <summary>
    /// True when resources were indexed by other search parameters than today's: searches by those that changed miss older resources
    /// until all types are indexed again.
    /// </summary>
    public bool NeedsReindexing => _parametersChanged;

    /// <summary>Why the last commit could not be written, for operators; null when it could.</summary>
    public string? WriteFailure => _writer.Failure;

    /// <summary>Tries whether a failure has passed by writing a mark that nobody reads; null when it has, else why not.</summary>
    public async ValueTask<string?> ProbeAsync()
    {
        try
        {
            Result<bool> written = await _writer.RunAloneAsync(session =>
            {
                session.Sql.Begin.Run();
                session.Sql.Set(Meta.Probed, _parts.Time.GetUtcNow().ToUnixTimeMilliseconds());
                session.Commit();
                return true;
            });
            return written.Error?.ToString();
        }
        catch (IOException failure)
        {
            return failure.Message;
        }
    }

    public async ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentAsync(cancellationToken);
        return VersionReader.Newest(rented.Snapshot, _parts, scope, key);
    }

    public async ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentAsync(cancellationToken);
        return new VersionReader(rented.Snapshot, _parts, _preparers, scope).Version(key, version);
    }

    public async ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        using ReaderPool.Rented rented = await _readers.RentAsync(cancellationToken);
        return new HistoryReader(rented.Snapshot, _parts, new VersionReader(rented.Snapshot, _parts, _preparers, scope)).Read(request, cancellationToken);
    }

    public async IAsyncEnumerable<StoredVersion> ChangesAsync(
        AccessScope scope, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Few at a time: whoever follows slowly must not keep the log from being cut.
        const int AtOnce = 64;
        long newest = _changes.Newest;
        var versions = new List<StoredVersion>(AtOnce);
        bool isLast = false;
        while (!isLast)
        {
            versions.Clear();
            using (ReaderPool.Rented rented = await _readers.RentAsync(cancellationToken))
            {
                var reader = new VersionReader(rented.Snapshot, _parts, _preparers, scope);
                while (!isLast && versions.Count < AtOnce)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    long next = rented.Snapshot.NextVersion(after);
                    isLast = next == 0 || next > newest;
                    if (!isLast && reader.At(after = next) is { } version)
                    {
                        versions.Add(version);
                    }
                }
            }

            foreach (StoredVersion version in versions)
            {
                yield return version;
            }
        }
    }

    public long Newest => _changes.Newest;

    public void Follow(ICommitFollower follower) => _parts.Followers.Add(follower);

    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) => _changes.WaitAsync(after, cancellationToken);

    public async ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Result<PreparedTransaction> prepared = _preparers.Prepare(scope, transaction);
        return prepared.IsOk ? await _writer.CommitAsync(prepared.Value, cancellationToken) : prepared.Error;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        // Waits for a thread that may have seconds of flushing before it.
        await Task.Run(_writer.Dispose);
        _readers.Dispose();
        _files.Dispose();
        _parts.Meter.Dispose();
    }
}
