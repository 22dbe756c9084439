using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Reads what a resource is sorted by: from its keys where they hold it, else from the resource itself. One thread at a time.</summary>
internal sealed class SortReader(IReadOnlyList<SortKey> keys, SortValueCache cache)
{
    public int Count => keys.Count;

    /// <summary>The first key, when it is a date that index rows hold.</summary>
    public SortKey? DateOf() =>
        keys.Count > 0 && keys[0].Parameters is [{ Type: SearchParameterType.Date, Code: not "_lastUpdated" }] ? keys[0] : null;

    public void Read(SearchRun run, Candidate candidate, Span<SortValue?> values)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            if (TryFromKeys(candidate.Head, keys[i], out SortValue? value))
            {
                values[i] = value;
                continue;
            }

            long version = candidate.Head.Newest;
            if (!cache.TryGet(version, keys[i], out value))
            {
                value = SortValue.Of(candidate.Values(run), keys[i]);
                cache.Add(version, keys[i], value);
            }

            values[i] = value;
        }
    }

    public void Read(IndexValues resource, Span<SortValue?> values)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            values[i] = SortValue.Of(resource, keys[i]);
        }
    }

    /// <summary>Missing values come last, whatever the direction.</summary>
    public int Compare(ReadOnlySpan<SortValue?> left, ReadOnlySpan<SortValue?> right)
    {
        for (int i = 0; i < keys.Count; i++)
        {
            int order = left[i] is { } a && right[i] is { } b
                ? (keys[i].Descending ? b.CompareTo(a) : a.CompareTo(b))
                : (left[i] is null).CompareTo(right[i] is null);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>Says the same as <see cref="SortValue.Of"/>; false where keys do not tell.</summary>
    private static bool TryFromKeys(Head head, SortKey key, out SortValue? value)
    {
        value = null;
        bool isBase = false;
        for (int i = 0; i < key.Parameters.Count; i++)
        {
            foreach (ref readonly IndexKey own in head.KeysOf(key.Parameters[i].Id))
            {
                switch (own.Kind)
                {
                    case IndexKeyKind.Date:
                        Choose(key.Descending, key.Descending ? own.High : own.Low, ref value);
                        break;
                    case IndexKeyKind.Number when !OrderedNumber.IsPrecise(own.Low) || !OrderedNumber.IsPrecise(own.High):
                        return false;
                    case IndexKeyKind.Number when own.Hash != 0 && !isBase:
                        // What is in base units goes before what is not.
                        (isBase, value) = (true, null);
                        Choose(key.Descending, OrderedNumber.ToDecimal(key.Descending ? own.High : own.Low), ref value);
                        break;
                    case IndexKeyKind.Number when own.Hash != 0 || !isBase:
                        Choose(key.Descending, OrderedNumber.ToDecimal(key.Descending ? own.High : own.Low), ref value);
                        break;
                    case IndexKeyKind.Present when key.Parameters[i].Type is not (SearchParameterType.Date or SearchParameterType.Number or SearchParameterType.Quantity):
                        return false;
                    default:
                        break;
                }
            }
        }

        return true;
    }

    private static void Choose(bool descending, decimal found, ref SortValue? value)
    {
        if (value is not { } best || (descending ? found > best.Number : found < best.Number))
        {
            value = new SortValue(found, default);
        }
    }
}

/// <summary>
/// Sort values of versions that keys do not hold (texts, codes), so that the next page and the next search need not open the same resources
/// again. Bounded: a value takes the place of another. Thread-safe.
/// </summary>
internal sealed class SortValueCache(int size)
{
    private Entry?[] _entries = new Entry?[size];

    public bool TryGet(long version, SortKey key, out SortValue? value)
    {
        Entry? entry = Volatile.Read(ref Place(version, key));
        bool isHit = entry is not null && entry.Version == version && entry.Descending == key.Descending && entry.Parameter == key.Parameters[0].Id
            && entry.Parameters == key.Parameters.Count;
        value = isHit ? entry!.Value : null;
        return isHit;
    }

    public void Add(long version, SortKey key, SortValue? value) =>
        Volatile.Write(ref Place(version, key), new Entry(version, key.Descending, key.Parameters[0].Id, key.Parameters.Count, value));

    /// <summary>Forgets all: after an erasure nothing of the erased may remain.</summary>
    public void Clear() => _entries = new Entry?[size];

    private ref Entry? Place(long version, SortKey key) =>
        ref _entries[(int)((ulong)HashCode.Combine(version, key.Parameters[0].Id, key.Descending) % (ulong)_entries.Length)];

    private sealed record Entry(long Version, bool Descending, ushort Parameter, int Parameters, SortValue? Value);
}
