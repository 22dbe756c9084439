using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart.State;
using HealthChain.Files;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sqlite;

namespace HealthChain.FhirServer.Upkeep;

/// <summary>
/// Backups and checks of everything in a data folder, while it is in use. A backup is a folder with <c>database/</c>, <c>keys/</c>, <c>blobs/</c>, <c>smart/</c> and <c>subscriptions/</c>; the
/// tenant key is not in it, so that a thief of the backup opens nothing.
/// </summary>
internal sealed class StoreUpkeep(Stores stores, ServerOptions options)
{
    private const string BlobFolder = "blobs";

    /// <summary>Whoever may open the data folder.</summary>
    private const string Operator = "operator";

    // Of the whole work, the part up to the copied database; blobs may be many times larger or none.
    private const double DatabasePart = 0.7;

    private readonly AccessLog _log = new(stores.Resources, stores.Resources.Hasher, options);

    /// <summary>Copies the state of one moment into a new or empty folder, and puts on record that it did: all that is kept leaves.</summary>
    /// <returns>What was copied, as a line for the operator.</returns>
    /// <exception cref="IOException">The folder is not empty, or the disk is full or failed; what was written is no backup.</exception>
    public async Task<string> BackupAsync(string folder, Action<double> onProgress, CancellationToken cancellationToken)
    {
        Result<long> recorded = await _log.AppendAsync(new AccessEvent(AccessAction.Administration, AccessOutcome.Success) { Who = Operator, Query = "backup" });
        if (!recorded.IsOk)
        {
            throw new IOException(RecordedAnswer.Unrecorded.ToString());
        }

        long newest = await stores.Resources.BackupAsync(folder, new Progress(onProgress, 0, DatabasePart), cancellationToken);

        // After the database, so that no blob is missing that it names; more than it names do no harm.
        int count = CopyBlobs(options.Folder(options.Blobs.Folder), Path.Combine(folder, BlobFolder), new Progress(onProgress, DatabasePart, 1), cancellationToken);
        CopyState(options.Folder(SmartRegistration.Folder), Path.Combine(folder, SmartRegistration.Folder), SmartState.FileName);
        CopyState(options.Folder(SubscriptionRegistration.Folder), Path.Combine(folder, SubscriptionRegistration.Folder), SubscriptionBook.JournalName);
        CopyState(options.Folder(SubscriptionRegistration.Folder), Path.Combine(folder, SubscriptionRegistration.Folder), SubscriptionBook.CursorName);
        return $"Versions and records up to {newest}, and {Count(count, "large content")} in {folder}. The tenant key is not in it; keep a copy of {stores.Keys.TenantKeyPath} in another place.";
    }

    /// <summary>Checks that the store is whole.</summary>
    public async Task<VerifyReport> VerifyAsync(VerifyLevel level, Action<double> onProgress, CancellationToken cancellationToken)
    {
        VerifyReport report = await stores.Resources.VerifyAsync(level, new Progress(onProgress, 0, 1), cancellationToken);
        long missing = 0;
        await foreach (BlobAddress blob in stores.Resources.BlobsAsync(AccessScope.System("integrity check"), cancellationToken))
        {
            missing += stores.Blobs.Has(blob) ? 0 : 1;
        }

        return missing == 0 ? report : report with { Faults = [.. report.Faults, $"{Count(missing, "large content")} missing."] };
    }

    /// <summary>Puts a backup where there is no store.</summary>
    /// <exception cref="StoreException">There is a database already, or the backup is not whole.</exception>
    public static string Restore(string backup, ServerOptions options, Action<double> onProgress, CancellationToken cancellationToken)
    {
        PrivateFolder.Make(options.Folder(""));

        // Before the database, which must not name blobs that are not there.
        int count = CopyBlobs(Path.Combine(backup, BlobFolder), options.Folder(options.Blobs.Folder), new Progress(onProgress, 0, 1 - DatabasePart), cancellationToken);
        CopyState(Path.Combine(backup, SubscriptionRegistration.Folder), options.Folder(SubscriptionRegistration.Folder), SubscriptionBook.JournalName);
        CopyState(Path.Combine(backup, SubscriptionRegistration.Folder), options.Folder(SubscriptionRegistration.Folder), SubscriptionBook.CursorName);
        if (CopyState(Path.Combine(backup, SmartRegistration.Folder), options.Folder(SmartRegistration.Folder), SmartState.FileName))
        {
            RestoredState.Mark(options);
        }

        SqliteStore.Restore(backup, Stores.SqliteOf(options), Stores.KeysOf(options), new Progress(onProgress, 1 - DatabasePart, 1), cancellationToken);
        return $"The database and {Count(count, "large content")} are in {options.Folder("")}.";
    }

    /// <summary>
    /// Copies a journal, sealed as it is: of the authorisation server, not the keys that sign, which are not; and of the owners of Subscriptions. What is there already
    /// stays.
    /// </summary>
    private static bool CopyState(string from, string to, string name)
    {
        var source = new FileInfo(Path.Combine(from, name));
        string target = Path.Combine(to, name);
        if (!source.Exists || File.Exists(target))
        {
            return false;
        }

        PrivateFolder.Make(to);
        return TryCopy(source, target);
    }

    public static string Count(long number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static int CopyBlobs(string from, string to, Progress progress, CancellationToken cancellationToken)
    {
        int count = 0;
        if (!Directory.Exists(from))
        {
            return count;
        }

        PrivateFolder.Make(to);
        string[] folders = [.. Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) != "incoming")];
        for (int i = 0; i < folders.Length; i++)
        {
            string target = Path.Combine(to, Path.GetFileName(folders[i]));
            PrivateFolder.Make(target);
            foreach (FileInfo file in new DirectoryInfo(folders[i]).EnumerateFiles())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (TryCopy(file, Path.Combine(target, file.Name)))
                {
                    count++;
                }
            }

            progress.Report((i + 1) / (double)folders.Length);
        }

        return count;
    }

    private static bool TryCopy(FileInfo file, string target)
    {
        try
        {
            // A blob's name is the digest of its bytes: one of that name that is whole is the same.
            if (new FileInfo(target) is { Exists: true } known && known.Length == file.Length)
            {
                return true;
            }

            string incoming = target + ".incoming";
            file.CopyTo(incoming, overwrite: true);
            using (FileStream copy = File.Open(incoming, FileMode.Open, FileAccess.ReadWrite))
            {
                copy.Flush(flushToDisk: true);
            }

            File.Move(incoming, target, overwrite: true);
            return true;
        }
        catch (FileNotFoundException)
        {
            // Swept meanwhile: nothing referred to it.
            return false;
        }
    }

    /// <summary>Tells of a part of a longer work, on the thread that does it.</summary>
    private sealed class Progress(Action<double> report, double from, double to) : IProgress<double>
    {
        public void Report(double value) => report(from + ((to - from) * value));
    }
}
