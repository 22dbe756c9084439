using HealthChain.Files;

namespace HealthChain.Storage.Tests;

/// <summary>The real disk, of which one operation fails: a write after half of its bytes, all others before they do anything.</summary>
internal sealed class FaultyDisk(int failing) : IDisk
{
    /// <summary>Whether the failing operation has come.</summary>
    public bool HasFailed => Operations.Count > failing;

    /// <summary>What was asked for, the failing operation included.</summary>
    public List<string> Operations { get; } = [];

    public int Synchronisations => Operations.Count(operation => operation == "synchronise");

    /// <summary>Makes the next such operation fail, or the next that follows right after another.</summary>
    public (string? After, string Operation)? FailNext { get; set; }

    /// <summary>The key file that was opened last, for changing it behind the back of whoever has it open.</summary>
    public IDiskFile? KeyFile { get; private set; }

    public IDiskFile Open(string path, FileMode mode, FileShare share = FileShare.None)
    {
        if (mode != FileMode.Open)
        {
            Step(mode.ToString());
        }

        IDiskFile file = RealDisk.Instance.Open(path, mode, share);
        KeyFile = path.Contains("subjects.keys", StringComparison.Ordinal) ? file : KeyFile;
        return new FaultyFile(this, file);
    }

    public byte[]? Read(string path) => RealDisk.Instance.Read(path);

    public int Read(string path, Span<byte> buffer, long offset) => RealDisk.Instance.Read(path, buffer, offset);

    public long Length(string path) => RealDisk.Instance.Length(path);

    public IReadOnlyList<string> List(string folder) => RealDisk.Instance.List(folder);

    public void Rename(string from, string to)
    {
        Step("rename");
        RealDisk.Instance.Rename(from, to);
    }

    public void Delete(string path)
    {
        if (File.Exists(path))
        {
            Step("delete");
        }

        RealDisk.Instance.Delete(path);
    }

    public void CreateFolder(string path) => RealDisk.Instance.CreateFolder(path);

    public void SyncFolder(string path)
    {
        Step("folder");
        RealDisk.Instance.SyncFolder(path);
    }

    private void Step(string what)
    {
        if (IsFailing(what))
        {
            throw new IOException($"No space left on device: {what}");
        }
    }

    private bool IsFailing(string what)
    {
        bool isNext = FailNext is (var after, var operation) && operation == what && (after is null || Operations.LastOrDefault() == after);
        FailNext = isNext ? null : FailNext;
        Operations.Add(what);
        return isNext || Operations.Count - 1 == failing;
    }

    private sealed class FaultyFile(FaultyDisk disk, IDiskFile file) : IDiskFile
    {
        public long Length
        {
            get => file.Length;
            set
            {
                disk.Step("length");
                file.Length = value;
            }
        }

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (disk.IsFailing("write"))
            {
                file.Write(bytes[..(bytes.Length / 2)], offset);
                throw new IOException("No space left on device: write");
            }

            file.Write(bytes, offset);
        }

        public void Sync()
        {
            disk.Step("synchronise");
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
