namespace HealthChain.Storage.Sqlite.Native;

/// <summary>Copies a database to a file while it is in use. The copy is the state of one moment.</summary>
internal static unsafe class OnlineBackup
{
    private const int PagesAtOnce = 1024;

    /// <summary>Copies in steps, so that it can be cancelled and reports how far it is.</summary>
    /// <param name="source">A connection of its own: the copy restarts when another connection of the process writes through it.</param>
    /// <exception cref="SqliteException">The copy failed; the target is useless.</exception>
    public static void Copy(Connection source, string targetPath, Action<double>? progress, CancellationToken cancellationToken)
    {
        using Connection target = Connection.OpenForWriting(targetPath);
        byte[] main = "main\0"u8.ToArray();
        nint backup;
        fixed (byte* name = main)
        {
            backup = SqliteLibrary.BackupInit(target.Handle, name, source.Handle, name);
        }

        if (backup == 0)
        {
            throw target.Failure(ResultCodes.Error);
        }

        int code;
        try
        {
            while ((code = SqliteLibrary.BackupStep(backup, PagesAtOnce)) == ResultCodes.Ok)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int pages = SqliteLibrary.BackupPageCount(backup);
                progress?.Invoke(1 - (SqliteLibrary.BackupRemaining(backup) / (double)Math.Max(1, pages)));
            }
        }
        finally
        {
            _ = SqliteLibrary.BackupFinish(backup);
        }

        if (code != ResultCodes.Done)
        {
            throw target.Failure(code);
        }
    }
}
