using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HealthChain.LedgerAnchor.Files;

/// <summary>The disk of the operating system.</summary>
internal sealed class RealDisk : IDisk
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    public static RealDisk Instance { get; } = new();

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

    public long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    public void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = Open(path, FileMode.Create);
        file.Write(bytes);
    }

    public void Write(string path, ReadOnlySpan<byte> bytes, long offset)
    {
        using FileStream file = Open(path, FileMode.OpenOrCreate);
        RandomAccess.Write(file.SafeFileHandle, bytes, offset);
    }

    public void Sync(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnFolder);
        }
    }

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

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnFile;
        }

        return new FileStream(path, options);
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
