using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// Units by text, in two generations: when the young one is full it becomes the old one, and what is used from the old one moves
/// back. Units in use stay, and outside text cannot fill memory.
/// </summary>
/// <remarks>Reads take no lock. Threads that race at the turn of a generation may drop entries, which are then parsed again.</remarks>
internal sealed class UcumCache(int capacity)
{
    private readonly int _generationSize = capacity / 2;
    private ConcurrentDictionary<string, UcumUnit> _young = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, UcumUnit> _old = new(StringComparer.Ordinal);
    private int _youngCount;

    /// <summary>How many units are held; at most the capacity, but for as many as there are threads adding at once.</summary>
    public int Count => _young.Count + _old.Count;

    public bool TryGet(ReadOnlySpan<char> text, [NotNullWhen(true)] out UcumUnit? unit)
    {
        if (Volatile.Read(ref _young).GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out unit))
        {
            return true;
        }

        if (!Volatile.Read(ref _old).GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out unit))
        {
            return false;
        }

        Add(unit.Text, unit);
        return true;
    }

    public void Add(string text, UcumUnit unit)
    {
        if (Volatile.Read(ref _young).TryAdd(text, unit) && Interlocked.Increment(ref _youngCount) >= _generationSize)
        {
            Interlocked.Exchange(ref _youngCount, 0);
            Volatile.Write(ref _old, Interlocked.Exchange(ref _young, new ConcurrentDictionary<string, UcumUnit>(StringComparer.Ordinal)));
        }
    }
}
