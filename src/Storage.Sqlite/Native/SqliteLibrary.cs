using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Storage.Sqlite.Native;

/// <summary>
/// The system's libsqlite3, called by function pointers. The version is checked when it is loaded, because older ones have faults
/// that matter for outside input (CVE-2022-35737 and later).
/// </summary>
internal static unsafe partial class SqliteLibrary
{
    public const int OldestVersion = 3_040_001;

    private static readonly nint Handle = Load();

    public static readonly delegate* unmanaged<byte*, nint*, int, byte*, int> OpenV2 =
        (delegate* unmanaged<byte*, nint*, int, byte*, int>)Export("sqlite3_open_v2");

    public static readonly delegate* unmanaged<nint, int> CloseV2 = (delegate* unmanaged<nint, int>)Export("sqlite3_close_v2");

    public static readonly delegate* unmanaged<nint, int, int> ExtendedResultCodes =
        (delegate* unmanaged<nint, int, int>)Export("sqlite3_extended_result_codes");

    public static readonly delegate* unmanaged<nint, int, int> BusyTimeout =
        (delegate* unmanaged<nint, int, int>)Export("sqlite3_busy_timeout");

    public static readonly delegate* unmanaged<nint, int> GetAutocommit = (delegate* unmanaged<nint, int>)Export("sqlite3_get_autocommit");

    public static readonly delegate* unmanaged<nint, byte*> ErrorMessage = (delegate* unmanaged<nint, byte*>)Export("sqlite3_errmsg");

    public static readonly delegate* unmanaged<nint, byte*, int, uint, nint*, byte**, int> PrepareV3 =
        (delegate* unmanaged<nint, byte*, int, uint, nint*, byte**, int>)Export("sqlite3_prepare_v3");

    public static readonly delegate* unmanaged<nint, int> Step = (delegate* unmanaged<nint, int>)Export("sqlite3_step");

    public static readonly delegate* unmanaged<nint, int> Finalize = (delegate* unmanaged<nint, int>)Export("sqlite3_finalize");

    // The calls below touch memory only and return at once: the transition to preemptive mode would cost more than the call.
    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int> Reset =
        (delegate* unmanaged[SuppressGCTransition]<nint, int>)Export("sqlite3_reset");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, long, int> BindInt64 =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, long, int>)Export("sqlite3_bind_int64");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, double, int> BindDouble =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, double, int>)Export("sqlite3_bind_double");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, int> BindNull =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, int>)Export("sqlite3_bind_null");

    public static readonly delegate* unmanaged<nint, int, byte*, int, nint, int> BindBlob =
        (delegate* unmanaged<nint, int, byte*, int, nint, int>)Export("sqlite3_bind_blob");

    public static readonly delegate* unmanaged<nint, int, byte*, int, nint, int> BindText =
        (delegate* unmanaged<nint, int, byte*, int, nint, int>)Export("sqlite3_bind_text");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, long> ColumnInt64 =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, long>)Export("sqlite3_column_int64");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, double> ColumnDouble =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, double>)Export("sqlite3_column_double");

    public static readonly delegate* unmanaged<nint, int, byte*> ColumnBlob =
        (delegate* unmanaged<nint, int, byte*>)Export("sqlite3_column_blob");

    public static readonly delegate* unmanaged<nint, int, byte*> ColumnText =
        (delegate* unmanaged<nint, int, byte*>)Export("sqlite3_column_text");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, int> ColumnBytes =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, int>)Export("sqlite3_column_bytes");

    public static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, int> ColumnType =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, int>)Export("sqlite3_column_type");

    public static readonly delegate* unmanaged<nint, byte*, nint, byte*, nint> BackupInit =
        (delegate* unmanaged<nint, byte*, nint, byte*, nint>)Export("sqlite3_backup_init");

    public static readonly delegate* unmanaged<nint, int, int> BackupStep = (delegate* unmanaged<nint, int, int>)Export("sqlite3_backup_step");

    public static readonly delegate* unmanaged<nint, int> BackupRemaining = (delegate* unmanaged<nint, int>)Export("sqlite3_backup_remaining");

    public static readonly delegate* unmanaged<nint, int> BackupPageCount = (delegate* unmanaged<nint, int>)Export("sqlite3_backup_pagecount");

    public static readonly delegate* unmanaged<nint, int> BackupFinish = (delegate* unmanaged<nint, int>)Export("sqlite3_backup_finish");

    public static readonly delegate* unmanaged<nint, delegate* unmanaged<int*, nint, byte*, int, int>, int*, nint> WalHook =
        (delegate* unmanaged<nint, delegate* unmanaged<int*, nint, byte*, int, int>, int*, nint>)Export("sqlite3_wal_hook");

    public static readonly delegate* unmanaged<nint, byte*, int, int*, int*, int> WalCheckpointV2 =
        (delegate* unmanaged<nint, byte*, int, int*, int*, int>)Export("sqlite3_wal_checkpoint_v2");

    /// <summary>Version of the loaded library, as in <c>3.40.1</c>.</summary>
    public static string Version { get; } = ReadVersion();

    private static nint Load()
    {
        // An operator may bring a newer build than the system's.
        string? chosen = Environment.GetEnvironmentVariable("HEALTHCHAIN_SQLITE");
        foreach (string name in chosen is null ? ["libsqlite3.so.0", "libsqlite3.dylib", "winsqlite3"] : new[] { chosen })
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException(
            $"SQLite was not found ({chosen ?? "libsqlite3.so.0"}). Install it (Debian: apt-get install libsqlite3-0) or name it in HEALTHCHAIN_SQLITE.");
    }

    private static void* Export(string name) => (void*)NativeLibrary.GetExport(Handle, name);

    private static string ReadVersion()
    {
        int number = ((delegate* unmanaged<int>)Export("sqlite3_libversion_number"))();
        string version = Encoding.UTF8.GetString(
            MemoryMarshal.CreateReadOnlySpanFromNullTerminated(((delegate* unmanaged<byte*>)Export("sqlite3_libversion"))()));
        return number >= OldestVersion
            ? version
            : throw new DllNotFoundException($"SQLite {version} is too old: 3.40.1 or newer is needed. Name a newer one in HEALTHCHAIN_SQLITE.");
    }
}
