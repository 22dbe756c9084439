using HealthChain.Files;
using HealthChain.LedgerAnchor.Anchoring;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// The anchors of one target: those on their way, of which each step stands here before it is done, and all that are final, oldest first. Thread-safe.
/// </summary>
public sealed class AnchorJournal
{
    public const string FolderName = "anchors";

    // More than that is written anew with what still counts.
    private const int MaxRecords = 1024;
    private const byte UnderWay = 1;
    private const byte Settled = 2;

    private readonly Lock _lock = new();
    private readonly JournalFile _steps;
    private readonly JournalFile _final;
    private readonly SortedDictionary<long, AnchorStatus> _underWay = [];

    private AnchorJournal(JournalFile steps, JournalFile final)
    {
        _steps = steps;
        _final = final;
    }

    /// <summary>How many anchors are final.</summary>
    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _final.Count;
            }
        }
    }

    /// <param name="target">Name of the target: each has its own files, since a head that one has says nothing of another.</param>
    /// <exception cref="JournalDamagedException">It cannot be known what was handed in.</exception>
    public static AnchorJournal Open(string folder, string target) => Open(RealDisk.Instance, folder, target);

    internal static AnchorJournal Open(IDisk disk, string folder, string target)
    {
        string path = Path.Combine(folder, FolderName, FileNameOf(target));
        var journal = new AnchorJournal(JournalFile.Open(disk, path + ".steps", 1 + AnchorRecord.Bytes), JournalFile.Open(disk, path, AnchorRecord.Bytes));
        for (long number = 0; number < journal._steps.Count; number++)
        {
            journal.Apply(journal._steps.Read(number));
        }

        return journal;
    }

    public static string FileNameOf(string target) => target.Replace(':', '-');

    /// <summary>The name of the target whose file that is.</summary>
    public static string TargetOf(string fileName) => fileName.Replace('-', ':');

    /// <summary>Anchors on their way, oldest first. One without a transaction may or may not have been handed in.</summary>
    public IReadOnlyList<AnchorStatus> Pending()
    {
        lock (_lock)
        {
            return [.. _underWay.Values];
        }
    }

    /// <summary>Keeps how far the anchor of a head is; one without a transaction is about to be handed in.</summary>
    public void Store(AnchorStatus anchor)
    {
        lock (_lock)
        {
            Append(ToPayload(UnderWay, anchor));
        }
    }

    /// <summary>Forgets an anchor that will not come to be.</summary>
    public void Drop(AnchorStatus anchor)
    {
        lock (_lock)
        {
            Append(ToPayload(Settled, anchor));
        }
    }

    /// <summary>Moves an anchor to those that are final.</summary>
    public void Finalise(AnchorStatus anchor)
    {
        lock (_lock)
        {
            // After a crash it may stand there already.
            if (_final.Count == 0 || At(_final.Count - 1).Submission.Next.Size < anchor.Submission.Next.Size)
            {
                byte[] payload = new byte[AnchorRecord.Bytes];
                AnchorRecord.Write(payload, anchor);
                _final.Append(payload);
            }

            Append(ToPayload(Settled, anchor));
        }
    }

    /// <summary>A final anchor.</summary>
    /// <exception cref="JournalDamagedException">The record is broken.</exception>
    public AnchorStatus this[long number]
    {
        get
        {
            lock (_lock)
            {
                return At(number);
            }
        }
    }

    /// <summary>The oldest final anchor of a head with at least so many leaves, which is the earliest moment that the chain vouches for.</summary>
    public AnchorStatus? FirstCovering(long size)
    {
        lock (_lock)
        {
            long low = 0;
            long high = _final.Count;
            while (low < high)
            {
                long middle = low + ((high - low) / 2);
                if (At(middle).Submission.Next.Size < size)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low < _final.Count ? At(low) : null;
        }
    }

    private static byte[] ToPayload(byte kind, AnchorStatus anchor)
    {
        byte[] payload = new byte[1 + AnchorRecord.Bytes];
        payload[0] = kind;
        AnchorRecord.Write(payload.AsSpan(1), anchor);
        return payload;
    }

    private AnchorStatus At(long number) => AnchorRecord.Read(_final.Read(number));

    private void Append(byte[] payload)
    {
        if (_steps.Count < MaxRecords)
        {
            _steps.Append(payload);
        }
        else
        {
            _steps.Replace([.. _underWay.Values.Select(anchor => ToPayload(UnderWay, anchor)), payload]);
        }

        Apply(payload);
    }

    private void Apply(ReadOnlySpan<byte> payload)
    {
        AnchorStatus anchor = AnchorRecord.Read(payload[1..]);
        if (payload[0] == UnderWay)
        {
            _underWay[anchor.Submission.Next.Size] = anchor;
        }
        else
        {
            _underWay.Remove(anchor.Submission.Next.Size);
        }
    }
}
