namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>A match with what puts it into its place.</summary>
internal readonly record struct Ranked(long Rid, long Sequence, SortValue?[] Values);

/// <summary>Keeps the first matches behind a place in the order of a search, and no more of them than a page needs.</summary>
/// <param name="count">How many to keep.</param>
/// <param name="after">Where the page before ended; null for the first page.</param>
internal sealed class PageBuilder(SortReader sort, int count, Ranked? after)
{
    // A heap with the last of those kept on top, to be replaced by one that comes before it.
    private readonly List<Ranked> _kept = [];
    private SortValue?[] _spare = new SortValue?[sort.Count];

    /// <summary>How many it keeps.</summary>
    public int Count => count;

    /// <summary>The order is that of first versions alone.</summary>
    public bool IsUnsorted => sort.Count == 0;

    /// <summary>Where an unsorted page begins.</summary>
    public long AfterRid => after?.Rid ?? 0;

    /// <summary>True when nothing that comes later in the order of resources can still get onto the page.</summary>
    public bool IsComplete => sort.Count == 0 && _kept.Count == count;

    public void Offer(SearchRun run, Candidate candidate)
    {
        sort.Read(run, candidate, _spare);
        Offer(candidate.Head.Rid, candidate.Head.Newest);
    }

    /// <summary>
    /// For candidates that come in the order of the first sort key: true when the page is full and this one and all after it come later by
    /// that key alone.
    /// </summary>
    public bool IsBehind(Candidate candidate) =>
        _kept.Count == count && count > 0 && _kept[0].Values[0] is { } last
        && last.Number > DateTimeOffset.FromUnixTimeMilliseconds(candidate.Head.Instant + 1).UtcTicks;

    public bool IsFull => count > 0 && _kept.Count == count;

    public void Clear() => _kept.Clear();

    /// <summary>What leads through resources in the order of the first sort key, from where the page begins; null when nothing does.</summary>
    public DateBands? BandsOf(SearchRun run) => sort.DateOf() is not { } key || count == 0 ? null
        : after is not { } place ? new DateBands(run, key.Parameters[0].Id, key.Descending, key.Descending ? long.MaxValue : long.MinValue)
        : place.Values[0] is { } value ? new DateBands(run, key.Parameters[0].Id, key.Descending, (long)value.Number)
        : null;

    /// <summary>Those kept, in order.</summary>
    public List<Ranked> ToPage()
    {
        _kept.Sort(Compare);
        return _kept;
    }

    private void Offer(long rid, long sequence)
    {
        var offered = new Ranked(rid, sequence, _spare);
        if (after is { } place && Compare(offered, place) <= 0)
        {
            return;
        }

        if (_kept.Count < count)
        {
            _kept.Add(offered);
            _spare = new SortValue?[sort.Count];
            RaiseLast();
        }
        else if (count > 0 && Compare(offered, _kept[0]) < 0)
        {
            _spare = _kept[0].Values;
            _kept[0] = offered;
            LowerFirst();
        }
    }

    /// <summary>Ties are in the order of their first versions, which is that of their numbers.</summary>
    private int Compare(Ranked left, Ranked right)
    {
        int order = sort.Compare(left.Values, right.Values);
        return order != 0 ? order : left.Rid.CompareTo(right.Rid);
    }

    private void RaiseLast()
    {
        int child = _kept.Count - 1;
        while (child > 0 && Compare(_kept[child], _kept[(child - 1) / 2]) > 0)
        {
            int parent = (child - 1) / 2;
            (_kept[child], _kept[parent]) = (_kept[parent], _kept[child]);
            child = parent;
        }
    }

    private void LowerFirst()
    {
        int parent = 0;
        while (true)
        {
            int largest = parent;
            for (int child = (parent * 2) + 1; child <= (parent * 2) + 2 && child < _kept.Count; child++)
            {
                largest = Compare(_kept[child], _kept[largest]) > 0 ? child : largest;
            }

            if (largest == parent)
            {
                return;
            }

            (_kept[parent], _kept[largest]) = (_kept[largest], _kept[parent]);
            parent = largest;
        }
    }
}
