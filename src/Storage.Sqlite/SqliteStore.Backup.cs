using System.Globalization;
using HealthChain.Files;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Upkeep;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

// Copies of the store and proofs that it is whole.
public sealed partial class SqliteStore
{
    private const string KeyFileName = "subjects.keys";

    /// <summary>
    /// Copies the state of one moment while the store goes on: <c>database/</c> and <c>keys/</c>, which are to be kept apart. The tenant key is not
    /// copied (<see cref="KeyStore.TenantKeyPath"/>), nor are blobs; they are copied after this, so that none is missing that the database names.
    /// </summary>
    /// <param name="folder">A new or empty one.</param>
    /// <returns>Sequence number of the newest version or record in the backup.</returns>
    /// <exception cref="IOException">The folder is not empty, or the disk is full or failed; what was written is no backup.</exception>
    public Task<long> BackupAsync(string folder, IProgress<double>? progress, CancellationToken cancellationToken) =>
        Task.Run(() => Backup(folder, progress, cancellationToken), cancellationToken);

    /// <summary>Checks one state of the store while it goes on; its log is not cut meanwhile.</summary>
    public Task<VerifyReport> VerifyAsync(VerifyLevel level, IProgress<double>? progress, CancellationToken cancellationToken) =>
        Task.Run(() => Verify(level, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// Puts a backup where there is no store. Secrets that are there stay: they may say that a patient was erased since, and opening the store
    /// erases that patient again. If there are none, those of the backup are put there; the tenant key must be brought back before.
    /// </summary>
    /// <exception cref="StoreException">There is a database already, or the backup is not whole.</exception>
    public static void Restore(string backup, SqliteStoreOptions options, KeyStoreOptions keys, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        BackupManifest manifest = BackupManifest.Read(backup);
        string source = Path.Combine(backup, "database", StoreFiles.DatabaseName);
        if (!File.Exists(source) || new FileInfo(source).Length != manifest.DatabaseBytes
            || BackupManifest.HashOf(source, cancellationToken) != manifest.DatabaseSha256)
        {
            throw new StoreException($"{source} is not the file that was backed up.");
        }

        progress?.Report(0.5);
        using var files = new StoreFiles(options.Folder);
        if (File.Exists(files.Database))
        {
            throw new StoreException($"{files.Database} exists. Move it away first; a restore overwrites nothing.");
        }

        RestoreKeys(Path.Combine(backup, "keys", KeyFileName), keys);
        string incoming = files.Database + ".restoring";
        File.Copy(source, incoming, overwrite: true);
        using (Connection connection = Connection.OpenForWriting(incoming))
        {
            connection.Execute("PRAGMA journal_mode=DELETE");
            connection.Execute("PRAGMA synchronous=FULL");
            connection.Execute($"INSERT OR REPLACE INTO meta(k, v) VALUES({(int)Meta.IsRestored}, 1)");
        }

        RealDisk.Instance.Sync(incoming);
        File.Move(incoming, files.Database);
        RealDisk.Instance.SyncFolder(files.Folder);
        progress?.Report(1);
    }

    private static void RestoreKeys(string source, KeyStoreOptions keys)
    {
        string target = Path.Combine(keys.Folder, KeyFileName);
        if (File.Exists(target))
        {
            return;
        }

        PrivateFiles.EnsureFolder(RealDisk.Instance, keys.Folder);
        string incoming = target + ".restoring";
        File.Copy(source, incoming, overwrite: true);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(incoming, PrivateFolder.FileMode);
        }

        RealDisk.Instance.Sync(incoming);
        File.Move(incoming, target);
        RealDisk.Instance.SyncFolder(keys.Folder);
    }

    private long Backup(string folder, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new StoreException($"{folder} is not empty.");
        }

        string database = Path.Combine(folder, "database");
        string keys = Path.Combine(folder, "keys");
        PrivateFiles.EnsureFolder(RealDisk.Instance, database);
        PrivateFiles.EnsureFolder(RealDisk.Instance, keys);
        string copy = Path.Combine(database, StoreFiles.DatabaseName);
        long newest;
        using (Connection source = _files.OpenForReading(_parts.Options))
        {
            // While this transaction is open the connection sees one state, whatever is committed meanwhile.
            source.Execute("BEGIN");
            newest = WriterState.NewestOf(source);
            OnlineBackup.Copy(source, copy, part => progress?.Report(0.8 * part), cancellationToken);
            source.Execute("COMMIT");
        }

        using (Connection check = Connection.OpenForWriting(copy))
        {
            // A file alone, without a log beside it.
            check.Execute("PRAGMA journal_mode=DELETE");
            using Statement result = check.Prepare("PRAGMA quick_check(1)");
            if (!result.Step() || result.Text(0) != "ok")
            {
                throw new StoreException("The copy of the database is damaged, and so may be the database. Run the integrity check.");
            }
        }

        RealDisk.Instance.Sync(copy);
        RealDisk.Instance.SyncFolder(database);

        // After the database: every subject that it names has its secret in the copy.
        _parts.Keys.CopyTo(Path.Combine(keys, KeyFileName));
        new BackupManifest(
            BackupManifest.TodaysFormat,
            Schema.Version,
            _parts.Keys.Tenant.ToString("x32", CultureInfo.InvariantCulture),
            newest,
            _parts.Time.GetUtcNow(),
            new FileInfo(copy).Length,
            BackupManifest.HashOf(copy, cancellationToken)).Write(folder);
        RealDisk.Instance.SyncFolder(folder);
        progress?.Report(1);
        return newest;
    }

    private VerifyReport Verify(VerifyLevel level, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        // Without the heads that readers keep: what lies in the file is to be judged.
        using var snapshot = new Snapshot(_files.OpenForReading(_parts.Options), _parts, _readers.Generations.Current, heads: null);
        snapshot.Begin(_readers.Generations, changes: 0, withRecords: true);
        VerifyReport report = new Checker(snapshot, _parts, _preparers, _parametersChanged, progress, cancellationToken).Run(level);
        snapshot.End();
        return report;
    }
}
