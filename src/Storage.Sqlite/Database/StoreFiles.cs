using HealthChain.Files;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>The files of a store and how they are opened. Holds the lock that keeps a second process out.</summary>
internal sealed class StoreFiles : IDisposable
{
    public const string DatabaseName = "healthchain.db";

    private readonly FileStream _lock;

    public StoreFiles(string folder)
    {
        Folder = Path.GetFullPath(folder);
        PrivateFolder.Make(Folder);

        try
        {
            _lock = new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure)
        {
            throw new StoreException($"{Folder} is in use by another process, or cannot be written. One process at a time may open it.", failure);
        }
    }

    public string Folder { get; }

    public string Database => Path.Combine(Folder, DatabaseName);

    /// <summary>The database with what makes a commit durable.</summary>
    public Connection OpenForWriting(SqliteStoreOptions options)
    {
        Connection connection = Connection.OpenForWriting(Database, options.Vfs);
        try
        {
            connection.Execute($"PRAGMA page_size={Schema.PageBytes}");
            connection.Execute("PRAGMA journal_mode=WAL");
            connection.Execute("PRAGMA synchronous=FULL");
            connection.Execute("PRAGMA secure_delete=ON");
            connection.Execute("PRAGMA temp_store=MEMORY");
            connection.Execute($"PRAGMA cache_size={-options.WriterCacheBytes / 1024}");
            connection.Execute("PRAGMA wal_autocheckpoint=0");
            connection.Execute($"PRAGMA journal_size_limit={2 * options.CheckpointBytes}");
            connection.WatchLog();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Connection OpenForReading(SqliteStoreOptions options)
    {
        Connection connection = Connection.OpenForReading(Database);
        try
        {
            connection.Execute("PRAGMA temp_store=MEMORY");
            connection.Execute($"PRAGMA cache_size={-options.ReaderCacheBytes / 1024}");
            connection.Execute($"PRAGMA mmap_size={options.ReaderMappedBytes}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();
}
