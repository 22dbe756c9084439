namespace HealthChain.Storage;

/// <summary>Folders that nobody but the server's own user may enter.</summary>
public static class PrivateFolder
{
    /// <summary>Makes a folder with its parents, for its owner alone; one that is there stays as it is.</summary>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
