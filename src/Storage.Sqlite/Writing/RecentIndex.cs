using System.Runtime.InteropServices;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// The writer's side of the generations: takes rows in, freezes a generation that is full, and moves it to the tables in their order, a
/// slice at a time within the writer's transactions. Nothing of it is undone: after a failure a new one is made from the database.
/// </summary>
internal sealed class RecentIndex : IIndexRows
{
    private readonly GenerationSource _source;
    private readonly IndexTables _tables;
    private readonly int _rows;

    // Made again from the resources at the start: some of its rows may have been flushed before.
    private Generation? _recovered;
    private Task<int[]>? _sorting;
    private readonly List<IndexRow> _slice = [];
    private int _flushed;
    private IndexRow _lastFlushed;
    private long _frozenAt;

    /// <param name="rows">How many rows fill a generation.</param>
    /// <param name="recovered">What was made from the resources whose rows the tables may lack.</param>
    public RecentIndex(GenerationSource source, IndexTables tables, int rows, Generation recovered)
    {
        _source = source;
        _tables = tables;
        _rows = rows;
        _recovered = recovered.Count > 0 ? recovered : null;
        Set = new GenerationSet(recovered, null);
    }

    /// <summary>What readers should use from the next commit on.</summary>
    public GenerationSet Set { get; private set; }

    public bool IsFull => Set.Active.Count >= _rows;

    /// <summary>All rows are in the tables.</summary>
    public bool IsEmpty => Set.Frozen is null && Set.Active.Count == 0;

    public void Add(in IndexRow row, long sequence) => Set.Active.Add(row, sequence);

    public void Remove(in IndexRow row, long sequence)
    {
        if (Set.Active.Remove(row, sequence))
        {
            if (Set.Active == _recovered)
            {
                _tables.Delete(row);
            }
        }
        else if (Set.Frozen is not { } frozen || !frozen.Remove(row, sequence) || frozen == _recovered || IsFlushed(row))
        {
            _tables.Delete(row);
        }
    }

    /// <summary>Begins a new generation; the one before is sorted by another thread.</summary>
    /// <param name="sequence">Of the newest version.</param>
    public void Freeze(long sequence)
    {
        Generation frozen = Set.Active;
        _sorting = Task.Run(frozen.InOrder);
        _flushed = 0;
        _frozenAt = sequence;
        Set = new GenerationSet(new Generation(_rows, sequence), frozen);
        _source.Current = Set;
    }

    /// <summary>Moves some rows to the tables.</summary>
    /// <param name="wait">Wait for the rows to be sorted, if they are not.</param>
    /// <returns>The sequence number up to which the tables are complete, when this was the last slice.</returns>
    public long? Flush(int rows, bool wait)
    {
        if (Set.Frozen is not { } frozen || (!wait && !_sorting!.IsCompleted))
        {
            return null;
        }

        int[] order = _sorting!.GetAwaiter().GetResult();
        int end = (int)Math.Min(order.Length, (long)_flushed + rows);
        for (; _flushed < end; _flushed++)
        {
            if (frozen.TryGet(order[_flushed], out IndexRow row))
            {
                _slice.Add(row);
                _lastFlushed = row;
            }
        }

        _tables.Insert(CollectionsMarshal.AsSpan(_slice));
        _slice.Clear();

        if (_flushed < order.Length)
        {
            return null;
        }

        _recovered = frozen == _recovered ? null : _recovered;
        _sorting = null;
        Set = new GenerationSet(Set.Active, null);
        return _frozenAt;
    }

    private bool IsFlushed(in IndexRow row) => _flushed > 0 && row.CompareTo(_lastFlushed) <= 0;
}
