using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HealthChain.Storage.Sqlite.Database;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// Heads that searches read before, so that the next need not read them from the database again. They lie one after the other in one block of
/// memory, the newest over the oldest, so the size is bounded and the collector has nothing to do with them. Thread-safe; readers take no lock.
/// </summary>
/// <remarks>
/// A head that was read in one snapshot is true in another when its resource did not change between the two. Which commit changed a
/// resource last is kept by slot, for many resources together: a commit to one makes the others be read again, never be wrong. The writer
/// notes the change before readers can see the commit. What rewrites heads without a new version (indexing again, erasing) shuts the
/// cache meanwhile, and begins a new time in which nothing older counts.
/// A reader copies a head and looks only then whether it was written over meanwhile: places are counted on and on, and a place is
/// taken before anything is written there.
/// </remarks>
internal sealed class HeadCache
{
    private const int ChangeSlots = 1 << 16;
    private const int BytesPerSlot = 512;
    private const int Alignment = 8;
    private const int SmallestBytes = 1 << 16;

    private static readonly int EntryBytes = Unsafe.SizeOf<Entry>();

    private readonly byte[] _block;

    // Where the head of a resource lies, counted from 1; 0 for none.
    private readonly long[] _places;
    private readonly long[] _changes = new long[ChangeSlots];
    private readonly Lock _adding = new();
    private long _taken;
    private long _time;

    /// <param name="bytes">Memory for heads; a little more is taken for finding them.</param>
    public HeadCache(int bytes)
    {
        _block = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, SmallestBytes), pinned: true);
        _places = new long[(int)BitOperations.RoundUpToPowerOf2((uint)(_block.Length / BytesPerSlot))];
    }

    /// <summary>The time of now; an odd one while heads are being rewritten.</summary>
    public long Time => Volatile.Read(ref _time);

    /// <summary>Memory that holds heads.</summary>
    public int Bytes => _block.Length;

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
            Array.Clear(_places);
            Interlocked.Increment(ref _time);
        }
    }

    /// <summary>Fills in the head as a snapshot of that commit shows it; false when it is not here.</summary>
    public bool TryFill(long rid, long newest, long time, Head head, Numbers numbers)
    {
        long place = Volatile.Read(ref PlaceOf(rid)) - 1;
        if (!IsWhole(place))
        {
            return false;
        }

        ReadOnlySpan<byte> at = _block.AsSpan((int)(place % _block.Length));
        var entry = MemoryMarshal.Read<Entry>(at);
        if (entry.Row.Rid != rid
            || entry.Time != time
            || Volatile.Read(ref _changes[rid & (ChangeSlots - 1)]) > Math.Min(newest, entry.ReadAt)
            || (uint)entry.Length > at.Length - EntryBytes)
        {
            return false;
        }

        head.Fill(entry.Row, at.Slice(EntryBytes, entry.Length), numbers);

        // All that was copied was copied before this.
        Interlocked.MemoryBarrier();
        return IsWhole(place);
    }

    /// <summary>
    /// Whether a head should be kept that was not found. Where it would be written over others only some are: when far more resources are
    /// searched than it holds, taking in each would cost more than it ever gives back.
    /// </summary>
    /// <param name="misses">Counted by the caller.</param>
    public bool Wants(int misses)
    {
        const int OneOf = 4;
        return Volatile.Read(ref _taken) < _block.Length || misses % OneOf == 0;
    }

    /// <summary>Keeps a head that a snapshot of that commit showed, unless another thread keeps one just now.</summary>
    public void Add(Head head, long newest, long time)
    {
        ReadOnlySpan<byte> coded = head.Coded;
        int length = (EntryBytes + coded.Length + Alignment - 1) / Alignment * Alignment;
        if (length > _block.Length || !_adding.TryEnter())
        {
            return;
        }

        try
        {
            long place = _taken;
            int at = (int)(place % _block.Length);
            if (length > _block.Length - at)
            {
                // It does not fit before the end of the block.
                place += _block.Length - at;
                at = 0;
            }

            Volatile.Write(ref _taken, place + length);

            // Nothing is written before readers can see that it will be.
            Interlocked.MemoryBarrier();
            MemoryMarshal.Write(_block.AsSpan(at), new Entry(head.Row, newest, time, coded.Length));
            coded.CopyTo(_block.AsSpan(at + EntryBytes));
            Volatile.Write(ref PlaceOf(head.Rid), place + 1);
        }
        finally
        {
            _adding.Exit();
        }
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
            long place = Volatile.Read(ref PlaceOf(rid)) - 1;
            if (IsWhole(place))
            {
                touched += _changes[rid & (ChangeSlots - 1)];
                int start = (int)(place % _block.Length);
                int length = Math.Clamp(MemoryMarshal.Read<Entry>(_block.AsSpan(start)).Length, 0, _block.Length - start - EntryBytes);
                for (int at = start + EntryBytes; at < start + EntryBytes + length; at += Line)
                {
                    touched += _block[at];
                }
            }
        }

        return touched;
    }

    /// <summary>Whether there is a head and nothing was written over it.</summary>
    private bool IsWhole(long place) => place >= 0 && Volatile.Read(ref _taken) <= place + _block.Length;

    private ref long PlaceOf(long rid) => ref _places[rid & (_places.Length - 1)];

    /// <summary>What stands before the coded keys.</summary>
    /// <param name="ReadAt">The commit whose snapshot showed it.</param>
    /// <param name="Time">The time of the cache then.</param>
    /// <param name="Length">Bytes of the keys.</param>
    private readonly record struct Entry(HeadRow Row, long ReadAt, long Time, int Length);
}
