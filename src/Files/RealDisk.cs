using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HealthChain.Files;

/// <summary>The disk of the operating system.</summary>
public sealed class RealDisk : IDisk
{
    private RealDisk()
    {
    }

    public static RealDisk Instance { get; } = new();

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

    public IDiskFile Open(string path, FileMode mode, FileShare share = FileShare.None)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = PrivateFolder.FileMode;
        }

        return new OpenFile(new FileStream(path, options));
    }

    public byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public int Read(string path, Span<byte> buffer, long offset)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return ReadFully(file, buffer, offset);
    }

    public long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void CreateFolder(string path) => PrivateFolder.Make(path);

    public void SyncFolder(string path)
    {
        // The platform has no call for this; NTFS orders its names itself.
        if (!OperatingSystem.IsWindows())
        {
            Libc.SyncFolder(path);
        }
    }

    public IReadOnlyList<string> List(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))] : [];

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
