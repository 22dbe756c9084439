namespace HealthChain.Fhir.Search;

/// <summary>
/// What prefixes mean (R4, "Prefixes"): a value of a query against what a resource holds. Stores that keep ranges in columns and
/// the matcher in memory share these rules.
/// </summary>
public static class SearchPrefixes
{
    private static readonly string[] Codes = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

    public static string Code(this SearchPrefix prefix) => Codes[(int)prefix];

    /// <summary>Takes a prefix off the text; without one it is <see cref="SearchPrefix.Equal"/>. Values begin with no letter, so two letters are one.</summary>
    /// <returns>False when there are letters that are no prefix.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> text, out SearchPrefix prefix)
    {
        prefix = SearchPrefix.Equal;
        if (text.IsEmpty || !char.IsAsciiLetter((char)text[0]))
        {
            return true;
        }

        for (int i = 0; i < Codes.Length; i++)
        {
            if (text.Length >= 2 && text[0] == Codes[i][0] && text[1] == Codes[i][1])
            {
                prefix = (SearchPrefix)i;
                text = text[2..];
                return true;
            }
        }

        return false;
    }

    /// <summary>Compares dates. The query's range is that of its precision; that of the resource may be a whole period.</summary>
    public static bool Matches(SearchPrefix prefix, DateRange query, DateRange stored) => prefix switch
    {
        SearchPrefix.Equal => query.Contains(stored),
        SearchPrefix.NotEqual => !query.Contains(stored),
        SearchPrefix.Greater => stored.End > query.End,
        SearchPrefix.Less => stored.Start < query.Start,
        SearchPrefix.GreaterOrEqual => stored.End > query.End || query.Contains(stored),
        SearchPrefix.LessOrEqual => stored.Start < query.Start || query.Contains(stored),
        SearchPrefix.StartsAfter => stored.Start >= query.End,
        SearchPrefix.EndsBefore => stored.End <= query.Start,
        _ => query.Overlaps(stored),
    };

    /// <summary>
    /// Compares numbers. Implicit precision counts for eq and ne only, on the side of the query; the number in the resource is taken
    /// as exact (R4, "number" parameters).
    /// </summary>
    public static bool Matches(SearchPrefix prefix, NumberRange query, in SearchValue stored)
    {
        bool lowIsOpen = (stored.Traits & SearchValueTraits.LowIsOpen) != 0;
        bool highIsOpen = (stored.Traits & SearchValueTraits.HighIsOpen) != 0;
        return prefix switch
        {
            SearchPrefix.Equal => IsWithin(query, stored),
            SearchPrefix.NotEqual => !IsWithin(query, stored),
            SearchPrefix.Greater => stored.High > query.Value,
            SearchPrefix.Less => stored.Low < query.Value,
            SearchPrefix.GreaterOrEqual => highIsOpen ? stored.High > query.Value : stored.High >= query.Value,
            SearchPrefix.LessOrEqual => lowIsOpen ? stored.Low < query.Value : stored.Low <= query.Value,
            SearchPrefix.StartsAfter => lowIsOpen ? stored.Low >= query.Value : stored.Low > query.Value,
            SearchPrefix.EndsBefore => highIsOpen ? stored.High <= query.Value : stored.High < query.Value,
            _ => Overlaps(Approximate(query), stored),
        };
    }

    /// <summary>A tenth of the gap between the date and now, each way; never less than the date itself.</summary>
    public static DateRange Approximate(DateRange date, long nowTicks)
    {
        long gap = date.Start > nowTicks ? date.Start - nowTicks : date.End <= nowTicks ? nowTicks - date.End : 0;
        return new DateRange(date.Start - (gap / 10), date.End + (gap / 10));
    }

    /// <summary>A tenth of the number each way; never less than its precision.</summary>
    public static NumberRange Approximate(NumberRange number)
    {
        decimal tenth = Math.Abs(number.Value) / 10;
        return new NumberRange(
            number.Value,
            Math.Min(number.Low, NumberRange.Clamped(number.Value, -tenth)),
            Math.Max(number.High, NumberRange.Clamped(number.Value, tenth)));
    }

    private static bool IsWithin(NumberRange query, in SearchValue stored)
    {
        bool highIsOpen = (stored.Traits & SearchValueTraits.HighIsOpen) != 0;
        return query.Low <= stored.Low
            && stored.Low != decimal.MinValue
            && stored.High != decimal.MaxValue
            && (highIsOpen ? stored.High <= query.High : query.Contains(stored.High));
    }

    private static bool Overlaps(NumberRange query, in SearchValue stored)
    {
        bool lowIsOpen = (stored.Traits & SearchValueTraits.LowIsOpen) != 0;
        bool highIsOpen = (stored.Traits & SearchValueTraits.HighIsOpen) != 0;
        return (lowIsOpen ? stored.Low < query.High : stored.Low <= query.High)
            && (highIsOpen ? query.Low < stored.High : query.Low <= stored.High);
    }
}
