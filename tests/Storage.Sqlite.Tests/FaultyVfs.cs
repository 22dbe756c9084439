using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>What the disk does wrong.</summary>
public enum DiskFault
{
    None,

    /// <summary>A write fails and nothing of it is there.</summary>
    Write,

    /// <summary>A write fails half way.</summary>
    TornWrite,

    /// <summary>A synchronisation fails.</summary>
    Sync,

    /// <summary>The disk is full.</summary>
    Full,
}

/// <summary>
/// The operating system's files under another name, with faults on command: SQLite's default VFS with the tables of its functions copied and
/// three entries replaced. One for the process, so tests that use it run one after the other.
/// </summary>
/// <remarks>https://www.sqlite.org/c3ref/vfs.html and io_methods.html give the layouts.</remarks>
internal static unsafe class FaultyVfs
{
    public const string Name = "faulty";

    // Pointers in sqlite3_vfs behind two ints, the longest path, and so on; in sqlite3_io_methods behind the version.
    private const int VfsBytes = 21 * 8;
    private const int NameAt = 24;
    private const int OpenAt = 40;
    private const int MethodsBytes = 19 * 8;
    private const int WriteAt = 3 * 8;
    private const int SyncAt = 5 * 8;

    private const int IoErrorWrite = 10 | (3 << 8);
    private const int IoErrorSync = 10 | (4 << 8);
    private const int DiskFull = 13;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, nint> Patched = [];
    private static byte* _vfs;
    private static delegate* unmanaged<nint, byte*, byte**, int, int*, int> _open;
    private static delegate* unmanaged<byte**, byte*, int, long, int> _write;
    private static delegate* unmanaged<byte**, int, int> _sync;
    private static DiskFault _fault;
    private static int _after;
    private static bool _isLasting;
    private static int _operations;

    /// <summary>Writes and synchronisations since the last <see cref="Break"/>.</summary>
    public static int Operations => Volatile.Read(ref _operations);

    public static bool HasFailed => Volatile.Read(ref _operations) >= _after;

    public static void Register()
    {
        lock (Gate)
        {
            if (_vfs is not null)
            {
                return;
            }

            nint library = NativeLibrary.Load("libsqlite3.so.0");
            var find = (delegate* unmanaged<byte*, byte*>)NativeLibrary.GetExport(library, "sqlite3_vfs_find");
            var register = (delegate* unmanaged<byte*, int, int>)NativeLibrary.GetExport(library, "sqlite3_vfs_register");
            byte* original = find(null);
            byte* copy = (byte*)NativeMemory.AllocZeroed(VfsBytes);
            Buffer.MemoryCopy(original, copy, VfsBytes, VfsBytes);
            byte[] name = Encoding.ASCII.GetBytes(Name + '\0');
            byte* kept = (byte*)NativeMemory.Alloc((nuint)name.Length);
            name.CopyTo(new Span<byte>(kept, name.Length));
            *(byte**)(copy + NameAt) = kept;
            _open = (delegate* unmanaged<nint, byte*, byte**, int, int*, int>)(*(void**)(original + OpenAt));
            *(void**)(copy + OpenAt) = (delegate* unmanaged<nint, byte*, byte**, int, int*, int>)&Open;
            if (register(copy, 0) != 0)
            {
                throw new InvalidOperationException("SQLite did not take the VFS.");
            }

            _vfs = copy;
        }
    }

    /// <summary>From the n-th write or synchronisation on (counted from 1) things go wrong: once, or until <see cref="Mend"/>.</summary>
    public static void Break(DiskFault fault, int after, bool isLasting)
    {
        lock (Gate)
        {
            (_fault, _after, _isLasting, _operations) = (fault, after, isLasting, 0);
        }
    }

    public static void Mend() => Break(DiskFault.None, int.MaxValue, isLasting: false);

    [UnmanagedCallersOnly]
    private static int Open(nint vfs, byte* name, byte** file, int flags, int* outFlags)
    {
        int code = _open(vfs, name, file, flags, outFlags);
        if (code == 0)
        {
            lock (Gate)
            {
                // There are some tables: a database has locks, its log has none.
                if (!Patched.TryGetValue((nint)(*file), out nint methods))
                {
                    methods = (nint)NativeMemory.AllocZeroed(MethodsBytes);
                    Buffer.MemoryCopy(*file, (void*)methods, MethodsBytes, MethodsBytes);
                    _write = (delegate* unmanaged<byte**, byte*, int, long, int>)(*(void**)(*file + WriteAt));
                    _sync = (delegate* unmanaged<byte**, int, int>)(*(void**)(*file + SyncAt));
                    *(void**)(methods + WriteAt) = (delegate* unmanaged<byte**, byte*, int, long, int>)&Write;
                    *(void**)(methods + SyncAt) = (delegate* unmanaged<byte**, int, int>)&Sync;
                    Patched.Add((nint)(*file), methods);
                }

                *file = (byte*)methods;
            }
        }

        return code;
    }

    [UnmanagedCallersOnly]
    private static int Write(byte** file, byte* bytes, int length, long offset)
    {
        DiskFault fault = Next(isSync: false);
        if (fault == DiskFault.TornWrite)
        {
            _ = _write(file, bytes, length / 2, offset);
        }

        return fault switch
        {
            DiskFault.None => _write(file, bytes, length, offset),
            DiskFault.Full => DiskFull,
            _ => IoErrorWrite,
        };
    }

    [UnmanagedCallersOnly]
    private static int Sync(byte** file, int flags) => Next(isSync: true) == DiskFault.None ? _sync(file, flags) : IoErrorSync;

    /// <summary>The fault that befalls this operation. A full disk synchronises; a disk that cannot synchronise still writes.</summary>
    private static DiskFault Next(bool isSync)
    {
        lock (Gate)
        {
            if (_fault == DiskFault.None || isSync != (_fault == DiskFault.Sync))
            {
                return DiskFault.None;
            }

            int operation = ++_operations;
            return operation == _after || (_isLasting && operation > _after) ? _fault : DiskFault.None;
        }
    }
}
