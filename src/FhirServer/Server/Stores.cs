using HealthChain.Fhir.Search;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Server;

/// <summary>Everything in a data folder: keys, resources and blobs, opened together and closed in the order that loses nothing.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private Stores(KeyStore keys, SqliteStore resources, BlobStore blobs)
    {
        Keys = keys;
        Resources = resources;
        Blobs = blobs;
    }

    public KeyStore Keys { get; }

    public SqliteStore Resources { get; }

    public BlobStore Blobs { get; }

    /// <summary>Opens what is there, or makes it.</summary>
    /// <exception cref="StoreException">The database is in use, belongs to other keys or a newer program, or is damaged.</exception>
    /// <exception cref="KeyStoreException">The keys cannot be used.</exception>
    public static async Task<Stores> OpenAsync(ServerOptions options, SearchParameterSet parameters, TimeProvider time, CancellationToken cancellationToken)
    {
        KeyStore keys = KeyStore.Open(KeysOf(options));
        try
        {
            SqliteStore resources = await SqliteStore.OpenAsync(SqliteOf(options), keys, parameters, time, cancellationToken);
            var blobs = new BlobStore(options.Blobs with { Folder = options.Folder(options.Blobs.Folder) }, time);
            return new Stores(keys, resources, blobs);
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public static KeyStoreOptions KeysOf(ServerOptions options) =>
        options.Keys with { Folder = options.Folder(options.Keys.Folder), TenantKeyFolder = options.Folder(options.Keys.TenantKeyFolder) };

    public static SqliteStoreOptions SqliteOf(ServerOptions options)
    {
        SqliteStoreOptions sqlite = options.Sqlite with { Folder = options.Folder(options.Sqlite.Folder), ServerBase = options.BaseUrl, HasLedger = options.Ledger.IsEnabled, LedgerOrigin = options.Ledger.Origin };
        return options.SqliteReaders == 0 ? sqlite : sqlite with { Readers = options.SqliteReaders };
    }

    /// <summary>Writes what is still in memory and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await Resources.DisposeAsync();
        Keys.Dispose();
    }
}
