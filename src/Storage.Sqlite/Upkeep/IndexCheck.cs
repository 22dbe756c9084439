using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Upkeep;

/// <summary>Compares the index, in tables and memory together, with the keys of all resources: no row is missing, none is too much.</summary>
internal sealed class IndexCheck(Snapshot snapshot, EngineParts parts, Action<string> fault)
{
    /// <summary>How many rows the resources should have.</summary>
    public long Run(Action<double> progress, CancellationToken cancellationToken)
    {
        const int Step = 1000;
        using var tables = new TableRows(snapshot.Connection);
        long newest = Math.Max(1, snapshot.Connection.QueryInt64("SELECT max(rid) FROM res"));
        long expected = 0;
        var head = new Head();
        var rows = new ResourceRows(parts);
        for (long rid = 1; rid <= newest; rid++)
        {
            if (rid % Step == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress(rid / (double)newest);
            }

            if (!snapshot.TryGetHead(rid, head))
            {
                continue;
            }

            rows.Read(head);
            long missing = rows.Rows.Count(row => !IsThere(row, tables));
            missing += IsThere(IndexRow.Value(Numbers.Identity, head.Identity, 0, rid), tables) ? 0 : 1;
            expected += rows.Rows.Count + 1;
            if (missing > 0)
            {
                fault($"{missing} index rows of resource {rid} are missing.");
            }
        }

        long found = tables.Count() + InMemoryAlone(tables);
        if (found != expected)
        {
            fault($"The index has {found} rows; the resources say {expected}.");
        }

        return expected;
    }

    private bool IsThere(in IndexRow row, TableRows tables) =>
        snapshot.Generations.Contains(row, snapshot.Newest) || tables.Contains(row);

    private long InMemoryAlone(TableRows tables)
    {
        GenerationSet generations = snapshot.Generations;
        var seen = new HashSet<IndexRow>(generations.Active.Rows(snapshot.Newest));
        if (generations.Frozen is { } frozen)
        {
            seen.UnionWith(frozen.Rows(snapshot.Newest));
        }

        return seen.Count(row => !tables.Contains(row));
    }

    private sealed class TableRows(Connection connection) : IDisposable
    {
        private readonly Statement _value = connection.Prepare("SELECT 1 FROM value WHERE p=? AND h=? AND pat=? AND rid=?");
        private readonly Statement _range = connection.Prepare("SELECT 1 FROM range WHERE p=? AND w=? AND lo=? AND hi=? AND h=? AND rid=?");

        public bool Contains(in IndexRow row)
        {
            Statement select = row.Table == IndexTable.Value ? _value : _range;
            ReadOnlySpan<long> columns = row.Table == IndexTable.Value
                ? [row.Parameter, row.Hash, row.Patient, row.Rid]
                : [row.Parameter, RangeWidth.ClassOf(row.Low, row.High), row.Low, row.High, row.Hash, row.Rid];
            for (int i = 0; i < columns.Length; i++)
            {
                select.Bind(i + 1, columns[i]);
            }

            bool found = select.Step();
            select.Reset();
            return found;
        }

        public long Count() => connection.QueryInt64("SELECT (SELECT count(*) FROM value) + (SELECT count(*) FROM range)");

        public void Dispose()
        {
            _value.Dispose();
            _range.Dispose();
        }
    }
}
