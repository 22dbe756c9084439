using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Index;

/// <summary>The index tables of the database. Their numbers stand in no file; their order is the order of flushing.</summary>
internal enum IndexTable : byte
{
    /// <summary>(parameter, hash, patient, rid): tokens, references, uris, texts. One range for all of a value, a shorter one for a patient's.</summary>
    Value,

    /// <summary>(parameter, width, low, high, hash, rid): dates, numbers and quantities.</summary>
    Range,
}

/// <summary>One row of an index table, in memory until it is flushed.</summary>
/// <param name="Hash">Of the value; for a range of its unit, or 0.</param>
/// <param name="Patient">Subject of the one patient in whose compartment the resource is; 0 for none or several.</param>
/// <param name="Rid">Number of the resource.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IndexRow(IndexTable Table, ushort Parameter, long Hash, long Patient, long Low, long High, long Rid)
    : IComparable<IndexRow>
{
    public static IndexRow Value(ushort parameter, long hash, long patient, long rid) =>
        new(IndexTable.Value, parameter, hash, patient, 0, 0, rid);

    public static IndexRow Range(ushort parameter, long low, long high, long hash, long rid) =>
        new(IndexTable.Range, parameter, hash, 0, low, high, rid);

    /// <summary>
    /// The order of the B-trees, column by column as SQLite compares integers. Rows flushed in any other order would touch a page for
    /// nearly every row instead of a page for many.
    /// </summary>
    public int CompareTo(IndexRow other)
    {
        int order = ((int)Table).CompareTo((int)other.Table);
        if (order != 0)
        {
            return order;
        }

        order = Parameter.CompareTo(other.Parameter);
        if (order != 0)
        {
            return order;
        }

        return Table == IndexTable.Value ? CompareValue(other) : CompareRange(other);
    }

    private int CompareValue(in IndexRow other)
    {
        int order = Hash.CompareTo(other.Hash);
        if (order == 0)
        {
            order = Patient.CompareTo(other.Patient);
        }

        return order == 0 ? Rid.CompareTo(other.Rid) : order;
    }

    private int CompareRange(in IndexRow other)
    {
        int order = RangeWidth.ClassOf(Low, High).CompareTo(RangeWidth.ClassOf(other.Low, other.High));
        if (order == 0)
        {
            order = Low.CompareTo(other.Low);
        }

        if (order == 0)
        {
            order = High.CompareTo(other.High);
        }

        if (order == 0)
        {
            order = Hash.CompareTo(other.Hash);
        }

        return order == 0 ? Rid.CompareTo(other.Rid) : order;
    }
}
