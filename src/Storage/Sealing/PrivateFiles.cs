using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

/// <summary>Folders and files that nobody but the server's own user may read.</summary>
internal static class PrivateFiles
{
    /// <summary>Creates the folder with its parents, durably, or checks that it is closed to others.</summary>
    public static void EnsureFolder(IDisk disk, string path)
    {
        path = Path.GetFullPath(path);
        Create(disk, path);
        if (!OperatingSystem.IsWindows())
        {
            Check(path, PrivateFolder.FolderMode);
        }
    }

    /// <summary>Refuses a file that others could read or write.</summary>
    public static void CheckFile(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            Check(path, PrivateFolder.FileMode);
        }
    }

    private static void Create(IDisk disk, string path)
    {
        // An empty folder may be left from a start that failed before its name was durable; in any other something durable lies already.
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            return;
        }

        string? parent = Path.GetDirectoryName(path);
        if (parent is null)
        {
            return;
        }

        Create(disk, parent);
        PrivateFolder.Make(path);
        disk.SyncFolder(parent);
    }

    private static void Check(string path, UnixFileMode widest)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & ~widest) != 0)
        {
            throw new KeyStoreException(
                $"{path} has mode {Octal(mode)}, but keys must not be open to other users. Set it to {Octal(widest)} (chmod) and start again.");
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
