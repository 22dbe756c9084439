using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Storage.Sqlite.Native;

/// <summary>A failed call of SQLite: its extended result code and message. Never carries data of a row.</summary>
internal sealed class SqliteException(int code, string message) : IOException($"SQLite reports {code}: {message}")
{
    public int Code { get; } = code;

    /// <summary>The disk or a quota is full; the transaction was rolled back and nothing acknowledged is lost.</summary>
    public bool IsFull => (Code & 0xFF) == ResultCodes.Full;

    /// <summary>The cause lies outside the program and may pass: a disk, memory, another process.</summary>
    public bool MayPass => (Code & 0xFF) is ResultCodes.Full or ResultCodes.IoError or ResultCodes.Busy or ResultCodes.Locked
        or ResultCodes.NoMemory or ResultCodes.ReadOnly or ResultCodes.CannotOpen;
}

internal static class ResultCodes
{
    public const int Ok = 0;
    public const int Error = 1;
    public const int Busy = 5;
    public const int Locked = 6;
    public const int NoMemory = 7;
    public const int ReadOnly = 8;
    public const int IoError = 10;
    public const int Full = 13;
    public const int CannotOpen = 14;
    public const int Constraint = 19;
    public const int Row = 100;
    public const int Done = 101;
}

/// <summary>How a log is copied: https://www.sqlite.org/c3ref/wal_checkpoint_v2.html</summary>
internal enum CheckpointMode
{
    /// <summary>As far as readers allow, without waiting for anybody.</summary>
    Passive = 0,

    /// <summary>All of it, and the next commit begins it anew: waits for those who still read in it, while new readers read the database alone.</summary>
    Restart = 2,

    /// <summary>The same, and the file is cut off.</summary>
    Truncate = 3,
}

/// <summary>A database connection. Used by one thread at a time (opened without SQLite's own mutex).</summary>
internal sealed unsafe class Connection : IDisposable
{
    private const int ReadOnly = 0x1;
    private const int ReadWriteCreate = 0x2 | 0x4;
    private const int NoMutex = 0x8000;

    /// <summary>Milliseconds to wait for a lock of another connection.</summary>
    private const int Patience = 10_000;

    private nint _handle;
    private int* _logPages;

    private Connection(nint handle) => _handle = handle;

    /// <param name="vfs">Name of the VFS that does the file operations; null for the operating system's.</param>
    public static Connection OpenForWriting(string path, string? vfs = null) => Open(path, ReadWriteCreate | NoMutex, vfs);

    public static Connection OpenForReading(string path) => Open(path, ReadOnly | NoMutex, vfs: null);

    internal nint Handle => _handle;

    /// <summary>Compiles a statement that is kept for the life of the connection. The caller disposes it before the connection.</summary>
    public Statement Prepare(string sql)
    {
        const uint Persistent = 1;
        byte[] text = Encoding.UTF8.GetBytes(sql);
        nint statement;
        fixed (byte* start = text)
        {
            Check(SqliteLibrary.PrepareV3(_handle, start, text.Length, Persistent, &statement, null));
        }

        return new Statement(this, statement);
    }

    /// <summary>Runs one statement that gives no rows (rows of a PRAGMA are passed over).</summary>
    public void Execute(string sql)
    {
        using Statement statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    /// <summary>The first column of the first row as an integer; 0 when there is none.</summary>
    public long QueryInt64(string sql)
    {
        using Statement statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>Ends a transaction that failed, if SQLite has not done so itself.</summary>
    public void Rollback()
    {
        if (SqliteLibrary.GetAutocommit(_handle) == 0)
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>Pages in the write-ahead log after this connection's last commit; counted once <see cref="WatchLog"/> was called.</summary>
    public int LogPages => _logPages is null ? 0 : *_logPages;

    /// <summary>Lets SQLite tell after each commit how long the log is, in place of its own checkpoints.</summary>
    public void WatchLog()
    {
        _logPages = (int*)NativeMemory.AllocZeroed(sizeof(int));
        _ = SqliteLibrary.WalHook(_handle, &CountPages, _logPages);
    }

    /// <summary>Copies the log into the database.</summary>
    /// <param name="patience">Milliseconds to wait for readers.</param>
    /// <returns>Whether all was done that was asked for; false when readers held a part of the log for longer.</returns>
    public bool Checkpoint(CheckpointMode mode, int patience = Patience)
    {
        int log;
        int copied;
        _ = SqliteLibrary.BusyTimeout(_handle, patience);
        int code = SqliteLibrary.WalCheckpointV2(_handle, null, (int)mode, &log, &copied);
        _ = SqliteLibrary.BusyTimeout(_handle, Patience);
        if ((code & 0xFF) != ResultCodes.Busy)
        {
            Check(code);
        }

        return code == ResultCodes.Ok && log == copied;
    }

    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = SqliteLibrary.CloseV2(_handle);
            _handle = 0;
            NativeMemory.Free(_logPages);
            _logPages = null;
        }
    }

    [UnmanagedCallersOnly]
    private static int CountPages(int* count, nint connection, byte* database, int pages)
    {
        *count = pages;
        return ResultCodes.Ok;
    }

    internal void Check(int code)
    {
        if (code != ResultCodes.Ok)
        {
            throw Failure(code);
        }
    }

    internal SqliteException Failure(int code) =>
        new(code, Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(SqliteLibrary.ErrorMessage(_handle))));

    private static Connection Open(string path, int flags, string? vfs)
    {
        _ = SqliteLibrary.Version;
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        nint handle;
        int code;
        byte[]? vfsName = vfs is null ? null : Encoding.UTF8.GetBytes(vfs + '\0');
        fixed (byte* start = name)
        fixed (byte* vfsStart = vfsName)
        {
            code = SqliteLibrary.OpenV2(start, &handle, flags, vfsStart);
        }

        var connection = new Connection(handle);
        try
        {
            connection.Check(code);
            _ = SqliteLibrary.ExtendedResultCodes(handle, 1);
            _ = SqliteLibrary.BusyTimeout(handle, Patience);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
