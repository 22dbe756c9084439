using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Where index rows go.</summary>
internal interface IIndexRows
{
    /// <param name="sequence">Of the version that has the row.</param>
    void Add(in IndexRow row, long sequence);

    /// <param name="sequence">Of the version that has it no more.</param>
    void Remove(in IndexRow row, long sequence);
}

/// <summary>The index tables of the database, row by row.</summary>
internal sealed class IndexTables(WriteStatements sql) : IIndexRows
{
    public void Add(in IndexRow row, long sequence) => Insert(row);

    public void Remove(in IndexRow row, long sequence) => Delete(row);

    public void Insert(in IndexRow row) => Run(row, sql.InsertValue, sql.InsertRange);

    /// <summary>Inserts rows in the order of the tables, many at once.</summary>
    public void Insert(ReadOnlySpan<IndexRow> rows)
    {
        while (!rows.IsEmpty)
        {
            int count = Math.Min(rows.Length, WriteStatements.ValuesAtOnce);
            if (count < WriteStatements.ValuesAtOnce || rows[count - 1].Table != IndexTable.Value)
            {
                Insert(rows[0]);
                rows = rows[1..];
                continue;
            }

            int column = 0;
            foreach (ref readonly IndexRow row in rows[..count])
            {
                sql.InsertValues.Bind(++column, row.Parameter);
                sql.InsertValues.Bind(++column, row.Hash);
                sql.InsertValues.Bind(++column, row.Patient);
                sql.InsertValues.Bind(++column, row.Rid);
            }

            sql.InsertValues.Run();
            rows = rows[count..];
        }
    }

    public void Delete(in IndexRow row) => Run(row, sql.DeleteValue, sql.DeleteRange);

    private static void Run(in IndexRow row, Statement value, Statement range)
    {
        if (row.Table == IndexTable.Value)
        {
            value.Bind(1, row.Parameter);
            value.Bind(2, row.Hash);
            value.Bind(3, row.Patient);
            value.Bind(4, row.Rid);
            value.Run();
        }
        else
        {
            range.Bind(1, row.Parameter);
            range.Bind(2, RangeWidth.ClassOf(row.Low, row.High));
            range.Bind(3, row.Low);
            range.Bind(4, row.High);
            range.Bind(5, row.Hash);
            range.Bind(6, row.Rid);
            range.Run();
        }
    }
}
