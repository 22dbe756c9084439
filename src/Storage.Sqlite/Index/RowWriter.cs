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
            switch (key.Kind)
            {
                case IndexKeyKind.Date when key.Parameter == lastUpdated:
                    break;
                case IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.Position:
                    rows.Add(IndexRow.Range(key.Parameter, key.Low, key.High, key.Hash, rid));
                    break;
                case var kind when IndexKey.IsLookedUp(kind):
                    rows.Add(IndexRow.Value(key.Parameter, key.Hash, patient, rid));
                    break;
                default:
                    break;
            }
        }

        rows.Sort();
        Span<IndexRow> all = CollectionsMarshal.AsSpan(rows);
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
}
