namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>
/// Where resources were found by the hash of their type and id. A resource keeps its number as long as it exists, so what is remembered is
/// checked against the head that it leads to, and looked up again where that is another's. Thread-safe, bounded, without locks.
/// </summary>
internal sealed class IdentityCache
{
    private const int Slots = 1 << 16;
    private const int CheckBits = 20;
    private const long CheckMask = (1L << CheckBits) - 1;

    // Number of the resource and some bits of the hash in one word, which is read and written whole.
    private readonly long[] _entries = new long[Slots];

    /// <summary>The number of the resource, or 0 when it is not remembered; seldom that of another.</summary>
    public long Find(long hash)
    {
        long entry = Volatile.Read(ref _entries[hash & (Slots - 1)]);
        return (entry & CheckMask) == CheckOf(hash) ? entry >> CheckBits : 0;
    }

    public void Add(long hash, long rid) => Volatile.Write(ref _entries[hash & (Slots - 1)], (rid << CheckBits) | CheckOf(hash));

    private static long CheckOf(long hash) => (hash >>> (64 - CheckBits)) & CheckMask;
}
