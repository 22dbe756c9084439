namespace HealthChain.Storage.Sqlite.Index;

/// <summary>Which ranges of a parameter are meant: bounds, themselves included, for both of their ends, and the unit.</summary>
/// <param name="Unit"><see cref="IndexKey.Hash"/> of the keys: 0, or the canonical unit of a quantity.</param>
internal readonly record struct RangeQuery(long LowFrom, long LowTo, long HighFrom, long HighTo, long Unit = 0)
{
    public bool Includes(long low, long high, long unit) =>
        low >= LowFrom && low <= LowTo && high >= HighFrom && high <= HighTo && unit == Unit;
}

/// <summary>
/// How wide a range is, by orders of magnitude. Ranges of one width class stand together, so that a bound for one end gives a bound for the
/// other: without that, "ends after today" would read all of the past.
/// </summary>
internal static class RangeWidth
{
    /// <summary>Of ranges that end before they begin (a position has no order) or are too wide to count: no bound follows.</summary>
    public const int Unbounded = 9;

    public const int Classes = Unbounded + 1;

    public static int ClassOf(long low, long high)
    {
        if (low == high)
        {
            return 0;
        }

        ulong width = (ulong)(high - low);
        return high < low || width > long.MaxValue ? Unbounded : 1 + (System.Numerics.BitOperations.Log2(width) / 8);
    }

    /// <summary>The lowest and highest low end that a range of the class can have.</summary>
    public static (long From, long To) LowEnds(int width, in RangeQuery query)
    {
        if (width == Unbounded)
        {
            return (query.LowFrom, query.LowTo);
        }

        long widest = width == 0 ? 0 : width == 8 ? long.MaxValue : (1L << (8 * width)) - 1;
        long from = query.HighFrom < long.MinValue + widest ? long.MinValue : query.HighFrom - widest;
        return (Math.Max(query.LowFrom, from), Math.Min(query.LowTo, query.HighTo));
    }
}
