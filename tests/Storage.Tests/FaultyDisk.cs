using HealthChain.Storage.Sealing;

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

    public IDiskFile Open(string path, FileMode mode)
    {
        if (mode != FileMode.Open)
        {
            Step(mode.ToString());
        }

        IDiskFile file = Disk.Real.Open(path, mode);
        KeyFile = path.Contains("subjects.keys", StringComparison.Ordinal) ? file : KeyFile;
        return new FaultyFile(this, file);
    }

    public void Rename(string from, string to)
    {
        Step("rename");
        Disk.Real.Rename(from, to);
    }

    public void Delete(string path)
    {
        if (File.Exists(path))
        {
            Step("delete");
        }

        Disk.Real.Delete(path);
    }

    public void SyncFolder(string path)
    {
        Step("folder");
        Disk.Real.SyncFolder(path);
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
