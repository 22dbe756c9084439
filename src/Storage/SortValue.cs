using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>
/// What a resource is sorted by: the lowest of its values when ascending, the highest when descending (R4, "Sorting"). Texts as
/// they fold, tokens by code, references by id, periods by their start or end, quantities in base units where UCUM knows them.
/// </summary>
public readonly record struct SortValue(decimal Number, ReadOnlyMemory<byte> Text) : IComparable<SortValue>
{
    /// <summary>Null when the resource has no value to sort by.</summary>
    public static SortValue? Of(IndexValues values, SortKey key)
    {
        SortValue? chosen = null;
        bool hasCanonical = HasCanonical(values, key);
        foreach (ref readonly SearchValue value in values.Values)
        {
            if (!key.Has(value.Parameter) || value.Component != 0 || (hasCanonical && value.Kind == SearchValueKind.Quantity))
            {
                continue;
            }

            if (From(values, value, key.Descending) is { } found
                && (chosen is not { } best || (key.Descending ? found.CompareTo(best) > 0 : found.CompareTo(best) < 0)))
            {
                chosen = found;
            }
        }

        return chosen;
    }

    public int CompareTo(SortValue other)
    {
        int order = Number.CompareTo(other.Number);
        return order != 0 ? order : Text.Span.SequenceCompareTo(other.Text.Span);
    }

    public bool Equals(SortValue other) => CompareTo(other) == 0;

    public override int GetHashCode() => HashCode.Combine(Number, Text.Length);

    public static bool operator <(SortValue left, SortValue right) => left.CompareTo(right) < 0;

    public static bool operator >(SortValue left, SortValue right) => left.CompareTo(right) > 0;

    public static bool operator <=(SortValue left, SortValue right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SortValue left, SortValue right) => left.CompareTo(right) >= 0;

    private static SortValue? From(IndexValues values, in SearchValue value, bool descending) => value.Kind switch
    {
        SearchValueKind.String or SearchValueKind.Token or SearchValueKind.Reference or SearchValueKind.Uri =>
            value.Code.Exists ? new SortValue(0, values.Text(value.Code).ToArray()) : null,
        SearchValueKind.Date => new SortValue(descending ? value.Range.End : value.Range.Start, default),
        SearchValueKind.Number or SearchValueKind.Quantity or SearchValueKind.CanonicalQuantity =>
            new SortValue(descending ? value.High : value.Low, default),
        _ => null,
    };

    private static bool HasCanonical(IndexValues values, SortKey key)
    {
        foreach (ref readonly SearchValue value in values.Values)
        {
            if (value.Kind == SearchValueKind.CanonicalQuantity && key.Has(value.Parameter))
            {
                return true;
            }
        }

        return false;
    }
}
