namespace HealthChain.LedgerAnchor.Files;

/// <summary>The file operations whose failure or interruption decides over the log; tests put a disk in its place that fails, tears or forgets.</summary>
/// <remarks>What was written is durable after <see cref="Sync"/>, a new or changed name after <see cref="SyncFolder"/> of its folder.</remarks>
internal interface IDisk
{
    /// <summary>The whole file; null when it is not there.</summary>
    byte[]? Read(string path);

    /// <summary>Fills the buffer, except at the end of the file; returns how many bytes were read, 0 when the file is not there.</summary>
    int Read(string path, Span<byte> buffer, long offset);

    long Length(string path);

    /// <summary>Writes the whole file anew; one that is made is readable by its owner only.</summary>
    void Write(string path, ReadOnlySpan<byte> bytes);

    /// <summary>Writes at a place of a file, which is made when it is not there.</summary>
    void Write(string path, ReadOnlySpan<byte> bytes, long offset);

    void Sync(string path);

    /// <summary>Moves a file, in place of one that is there.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Makes a folder with its parents, for its owner alone.</summary>
    void CreateFolder(string path);

    void SyncFolder(string path);

    /// <summary>Names of the files in a folder, without their paths; none when there is no such folder.</summary>
    IReadOnlyList<string> List(string folder);
}

internal static class DiskExtensions
{
    /// <summary>What is being written has this at the end of its name; a crash may leave it.</summary>
    public const string Unfinished = ".new";

    /// <summary>Replaces a file as a whole: after a crash the old or the new one is there.</summary>
    public static void Replace(this IDisk disk, string path, ReadOnlySpan<byte> bytes)
    {
        disk.Write(path + Unfinished, bytes);
        disk.Sync(path + Unfinished);
        disk.Rename(path + Unfinished, path);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }
}
