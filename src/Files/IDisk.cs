namespace HealthChain.Files;

/// <summary>The file operations whose failure or interruption decides over data; tests put a disk in its place that fails, tears or forgets.</summary>
/// <remarks>What was written is durable after <see cref="IDiskFile.Sync"/>, a new or changed name after <see cref="SyncFolder"/> of its folder.</remarks>
public interface IDisk
{
    /// <summary>Opens a file for reading and writing; a new one is readable by its owner only.</summary>
    /// <param name="share">What others may do with it meanwhile: without more, nothing.</param>
    IDiskFile Open(string path, FileMode mode, FileShare share = FileShare.None);

    /// <summary>The whole file; null when it is not there.</summary>
    byte[]? Read(string path);

    /// <summary>Fills the buffer, except at the end of the file; returns how many bytes were read, 0 when the file is not there.</summary>
    int Read(string path, Span<byte> buffer, long offset);

    long Length(string path);

    /// <summary>Moves a file, in place of one that is there.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Makes a folder with its parents, for its owner alone.</summary>
    void CreateFolder(string path);

    void SyncFolder(string path);

    /// <summary>Names of the files in a folder, without their paths; none when there is no such folder.</summary>
    IReadOnlyList<string> List(string folder);
}

/// <summary>An open file. What was written is durable when <see cref="Sync"/> has returned.</summary>
public interface IDiskFile : IDisposable
{
    long Length { get; set; }

    /// <summary>Fills the buffer, except at the end of the file; returns how many bytes were read.</summary>
    int Read(Span<byte> buffer, long offset);

    void Write(ReadOnlySpan<byte> bytes, long offset);

    void Sync();
}

/// <summary>What needs a file for one operation alone.</summary>
public static class DiskExtensions
{
    /// <summary>What is being written has this at the end of its name; a crash may leave it.</summary>
    public const string Unfinished = ".new";

    /// <summary>Writes the whole file anew.</summary>
    public static void Write(this IDisk disk, string path, ReadOnlySpan<byte> bytes)
    {
        using IDiskFile file = disk.Open(path, FileMode.Create, FileShare.Read);
        file.Write(bytes, 0);
    }

    /// <summary>Writes at a place of a file, which is made when it is not there.</summary>
    public static void Write(this IDisk disk, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        using IDiskFile file = disk.Open(path, FileMode.OpenOrCreate, FileShare.Read);
        file.Write(bytes, offset);
    }

    /// <summary>Makes durable what was written to a file, in whatever way.</summary>
    public static void Sync(this IDisk disk, string path)
    {
        using IDiskFile file = disk.Open(path, FileMode.Open, FileShare.ReadWrite);
        file.Sync();
    }

    /// <summary>Replaces a file as a whole: after a crash the old or the new one is there.</summary>
    public static void Replace(this IDisk disk, string path, ReadOnlySpan<byte> bytes)
    {
        disk.Write(path + Unfinished, bytes);
        disk.Sync(path + Unfinished);
        disk.Rename(path + Unfinished, path);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }
}
