using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Index;

/// <summary>Turns the keys of a resource into its index rows.</summary>
/// <param name="lastUpdated">Number of <c>_lastUpdated</c>, which has no rows: the order of versions answers for it.</param>
internal sealed class RowWriter(int lastUpdated)
{
    /// <summary>Replaces what is in the list by the rows, in the order of the tables, none twice.</summary>
    /// <param name="keys">With the database's numbers of parameters.</param>
    public void Write(ReadOnlySpan<IndexKey> keys, long patient, long rid, List<IndexRow> rows)
    {
        rows.Clear();
        foreach (ref readonly IndexKey key in keys)
        {
            if (IndexKey.IsLookedUp(key.Kind) && !IsRange(key.Kind))
            {
                rows.Add(IndexRow.Value(key.Parameter, key.Hash, patient, rid));
            }
        }

        int values = rows.Count;
        foreach (ref readonly IndexKey key in keys)
        {
            if (IsRange(key.Kind) && (key.Kind != IndexKeyKind.Date || key.Parameter != lastUpdated))
            {
                rows.Add(IndexRow.Range(key.Parameter, key.Low, key.High, key.Hash, rid));
            }
        }

        Span<IndexRow> all = CollectionsMarshal.AsSpan(rows);
        Order(all[..values]);
        Order(all[values..]);
        int kept = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (kept == 0 || all[i] != all[kept - 1])
            {
                all[kept++] = all[i];
            }
        }

        CollectionsMarshal.SetCount(rows, kept);
    }

    private static bool IsRange(IndexKeyKind kind) => kind is IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.Position;

    /// <summary>The order of keys is mostly that of rows already.</summary>
    private static void Order(Span<IndexRow> rows)
    {
        for (int i = 1; i < rows.Length; i++)
        {
            if (rows[i].CompareTo(rows[i - 1]) < 0)
            {
                rows.Sort();
                return;
            }
        }
    }
}
