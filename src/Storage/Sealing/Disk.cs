using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HealthChain.Storage.Sealing;

/// <summary>The file operations whose failure or interruption decides over data; tests put one that fails in its place.</summary>
internal interface IDisk
{
    /// <summary>Opens a file for this process alone; a new one is readable by its owner only.</summary>
    IDiskFile Open(string path, FileMode mode);

    /// <summary>Moves a file, in place of one that is there; durable after <see cref="SyncFolder"/>.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Makes the names in a folder durable: a new or renamed file may be gone after a crash before that.</summary>
    void SyncFolder(string path);
}

/// <summary>An open file. What was written is durable when <see cref="Sync"/> has returned.</summary>
internal interface IDiskFile : IDisposable
{
    long Length { get; set; }

    /// <summary>Fills the buffer, except at the end of the file; returns how many bytes were read.</summary>
    int Read(Span<byte> buffer, long offset);

    void Write(ReadOnlySpan<byte> bytes, long offset);

    void Sync();
}

/// <summary>The disk of the operating system.</summary>
internal sealed class Disk : IDisk
{
    public static Disk Real { get; } = new();

    public IDiskFile Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = PrivateFiles.FileMode;
        }

        return new OpenFile(new FileStream(path, options));
    }

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void SyncFolder(string path)
    {
        // The platform has no call for this; NTFS orders its names itself.
        if (!OperatingSystem.IsWindows())
        {
            Libc.SyncFolder(path);
        }
    }

    /// <summary>Makes what another way of writing left in a file durable.</summary>
    public static void SyncFile(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Fills the buffer, except at the end of the file; a single call of the system may return less.</summary>
    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int read = 0;
        while (read < buffer.Length)
        {
            int more = RandomAccess.Read(file, buffer[read..], offset + read);
            if (more == 0)
            {
                break;
            }

            read += more;
        }

        return read;
    }

    private sealed class OpenFile(FileStream stream) : IDiskFile
    {
        private readonly SafeFileHandle _handle = stream.SafeFileHandle;

        public long Length
        {
            get => RandomAccess.GetLength(_handle);
            set => RandomAccess.SetLength(_handle, value);
        }

        public int Read(Span<byte> buffer, long offset) => ReadFully(_handle, buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

        public void Sync() => RandomAccess.FlushToDisk(_handle);

        public void Dispose() => stream.Dispose();
    }

    private static class Libc
    {
        private const int ReadOnly = 0;

        public static void SyncFolder(string path)
        {
            int descriptor = open(Encoding.UTF8.GetBytes(path + '\0'), ReadOnly);
            if (descriptor < 0)
            {
                throw Failed(path);
            }

            try
            {
                if (fsync(descriptor) != 0)
                {
                    throw Failed(path);
                }
            }
            finally
            {
                _ = close(descriptor);
            }
        }

        private static IOException Failed(string path) =>
            new($"The folder {path} could not be synchronised: {Marshal.GetLastPInvokeErrorMessage()}.");

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int open(byte[] path, int flags);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int fsync(int descriptor);

        [DllImport("libc", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int close(int descriptor);
    }
}
