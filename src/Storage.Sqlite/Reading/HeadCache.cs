using System.Numerics;
using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>What stands beside a resource, as it was read. Immutable once it is in the cache.</summary>
internal sealed record HeadRow(
    long Rid, TypeSchema Type, long First, long Newest, long Version, long Instant, bool IsDeleted, long Subject, long Patient, long Identity, byte[] Coded)
{
    /// <summary>The commit whose snapshot showed it, and the time of the cache then.</summary>
    public long ReadAt { get; set; }

    public long Time { get; set; }
}

/// <summary>
/// Heads that searches read before, so that the next need not read them from the database again. A head takes the place of another of
/// the same slot, so the size is bounded. Thread-safe, without locks.
/// </summary>
/// <remarks>
/// A head that was read in one snapshot is true in another when its resource did not change between the two. Which commit changed a
/// resource last is kept by slot, for many resources together: a commit to one makes the others be read again, never be wrong. The writer
/// notes the change before readers can see the commit. What rewrites heads without a new version (indexing again, erasing) shuts the
/// cache meanwhile, and begins a new time in which nothing older counts.
/// </remarks>
internal sealed class HeadCache
{
    private const int ChangeSlots = 1 << 16;

    private readonly HeadRow?[] _heads;
    private readonly long[] _changes = new long[ChangeSlots];
    private long _time;

    /// <param name="size">Heads to keep, rounded up to a power of two.</param>
    public HeadCache(int size) => _heads = new HeadRow?[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, size))];

    /// <summary>The time of now; an odd one while heads are being rewritten.</summary>
    public long Time => Volatile.Read(ref _time);

    /// <summary>How many heads it holds at most.</summary>
    public int Size => _heads.Length;

    public static bool IsOpenAt(long time) => (time & 1) == 0;

    /// <summary>The writer changes a resource by a commit that no reader sees yet.</summary>
    public void Change(long rid, long sequence) => Volatile.Write(ref _changes[rid & (ChangeSlots - 1)], sequence);

    /// <summary>Does what rewrites heads and commits it, on the writer's thread; afterwards the cache is empty.</summary>
    public T Rewrite<T>(Func<T> work)
    {
        Interlocked.Increment(ref _time);
        try
        {
            return work();
        }
        finally
        {
            Array.Clear(_heads);
            Interlocked.Increment(ref _time);
        }
    }

    /// <summary>The head as a snapshot of that commit shows it, or null.</summary>
    public HeadRow? Find(long rid, long newest, long time)
    {
        HeadRow? head = Volatile.Read(ref _heads[rid & (_heads.Length - 1)]);
        return head is not null
            && head.Rid == rid
            && head.Time == time
            && Volatile.Read(ref _changes[rid & (ChangeSlots - 1)]) <= Math.Min(newest, head.ReadAt)
            ? head
            : null;
    }

    /// <summary>
    /// Whether a head should be kept that was not found. Of those that would take the place of another only some are: when far more resources are
    /// searched than it holds, taking in each would cost more than it ever gives back.
    /// </summary>
    /// <param name="misses">Counted by the caller.</param>
    public bool Wants(long rid, long time, int misses)
    {
        const int OneOf = 4;
        HeadRow? kept = Volatile.Read(ref _heads[rid & (_heads.Length - 1)]);
        return kept is null || kept.Rid == rid || kept.Time != time || misses % OneOf == 0;
    }

    /// <summary>Keeps a head that a snapshot of that commit showed.</summary>
    public void Add(HeadRow head, long newest, long time)
    {
        (head.ReadAt, head.Time) = (newest, time);
        Volatile.Write(ref _heads[head.Rid & (_heads.Length - 1)], head);
    }

    /// <summary>
    /// Fetches heads into the caches of the processor, many at a time: one after the other, a search would spend most of its time waiting for
    /// memory. It halves the time for each candidate.
    /// </summary>
    /// <returns>Something that depends on all of it, so that it cannot be left out.</returns>
    public long Touch(ReadOnlySpan<long> rids)
    {
        const int Line = 64;
        long touched = 0;
        foreach (long rid in rids)
        {
            if (Volatile.Read(ref _heads[rid & (_heads.Length - 1)]) is { } head)
            {
                touched += head.ReadAt + _changes[rid & (ChangeSlots - 1)];
                byte[] coded = head.Coded;
                for (int at = 0; at < coded.Length; at += Line)
                {
                    touched += coded[at];
                }
            }
        }

        return touched;
    }
}
