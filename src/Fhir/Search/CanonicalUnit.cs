using System.Text;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.Search;

/// <summary>Quantities with UCUM units in base units, so that 5 mg finds 0.005 g.</summary>
internal static class CanonicalUnit
{
    public static ReadOnlySpan<byte> Ucum => "http://unitsofmeasure.org"u8;

    /// <summary>The numbers of a query in base units; null when the unit is not UCUM's or a decimal cannot hold them.</summary>
    public static CanonicalQuantity? Of(NumberRange range, ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        if (!system.SequenceEqual(Ucum) || !UcumUnit.TryParse(code, out UcumUnit unit, out _))
        {
            return null;
        }

        (decimal low, decimal high) = (range.Low, range.High);
        return TryConvert(unit, ref low, ref high) && unit.TryCanonicalise(range.Value, out UcumQuantity value)
            ? new CanonicalQuantity(new NumberRange(value.Value, low, high), Encoding.UTF8.GetBytes(value.Unit))
            : null;
    }

    /// <summary>Converts two bounds; a missing one stays missing. A unit whose scale runs backwards (pH) swaps them.</summary>
    public static bool TryConvert(UcumUnit unit, ref decimal low, ref decimal high)
    {
        bool isPoint = low == high;
        if (!TryConvert(unit, ref low))
        {
            return false;
        }

        if (isPoint)
        {
            high = low;
            return true;
        }

        if (!TryConvert(unit, ref high))
        {
            return false;
        }

        if (low > high && low != decimal.MinValue && high != decimal.MaxValue)
        {
            (low, high) = (high, low);
        }

        return true;
    }

    public static bool TryToMetres(decimal distance, ReadOnlySpan<byte> code, out double metres)
    {
        metres = 0;
        if (!UcumUnit.TryParse(code, out UcumUnit unit, out _) || unit.CanonicalText != "m")
        {
            return false;
        }

        metres = unit.ToCanonicalDouble(distance);
        return true;
    }

    private static bool TryConvert(UcumUnit unit, ref decimal bound)
    {
        if (bound is decimal.MinValue or decimal.MaxValue)
        {
            return true;
        }

        bool isConverted = unit.TryCanonicalise(bound, out UcumQuantity canonical);
        bound = canonical.Value;
        return isConverted;
    }
}
