using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.FhirPath;

/// <summary>Comparison and arithmetic of quantities: UCUM's rules, and those of calendar durations.</summary>
internal static class Quantities
{
    /// <summary>The order of two quantities; null when they cannot be compared.</summary>
    public static int? Compare(in FhirPathValue left, in FhirPathValue right)
    {
        (QuantityUnit leftUnit, QuantityUnit rightUnit) = (left.QuantityUnit, right.QuantityUnit);
        if (leftUnit.IsSameAs(rightUnit))
        {
            return left.Decimal.CompareTo(right.Decimal);
        }

        if (leftUnit.IsVariable && rightUnit.IsVariable)
        {
            return InMonths(left).CompareTo(InMonths(right));
        }

        return leftUnit.Ucum is { } x && rightUnit.Ucum is { } y && UcumUnit.TryCompare(left.Decimal, x, right.Decimal, y, out int order)
            ? order
            : null;
    }

    public static bool AreComparable(in FhirPathValue left, in FhirPathValue right)
    {
        (QuantityUnit leftUnit, QuantityUnit rightUnit) = (left.QuantityUnit, right.QuantityUnit);
        return leftUnit.IsSameAs(rightUnit)
            || (leftUnit.IsVariable && rightUnit.IsVariable)
            || (leftUnit.Ucum is { } x && rightUnit.Ucum is { } y && UcumUnit.AreComparable(x, y));
    }

    /// <summary>
    /// Equal when both are expressed in the coarser of the two units and rounded to the lesser precision. A calendar year or
    /// month is equivalent to UCUM's <c>a</c> and <c>mo</c>.
    /// </summary>
    public static bool AreEquivalent(in FhirPathValue left, in FhirPathValue right)
    {
        (QuantityUnit leftUnit, QuantityUnit rightUnit) = (left.QuantityUnit, right.QuantityUnit);
        if (leftUnit.IsSameAs(rightUnit))
        {
            return Numbers.AreEquivalent(left.Decimal, right.Decimal);
        }

        if (leftUnit.IsVariable && rightUnit.IsVariable)
        {
            return Numbers.AreEquivalent(InMonths(left), InMonths(right));
        }

        if (Definite(leftUnit) is not { } x || Definite(rightUnit) is not { } y || !UcumUnit.TryCompare(1, x, 1, y, out int coarser))
        {
            return false;
        }

        return coarser >= 0
            ? UcumUnit.TryConvert(right.Decimal, y, x, out decimal inLeft) && Numbers.AreEquivalent(left.Decimal, inLeft)
            : UcumUnit.TryConvert(left.Decimal, x, y, out decimal inRight) && Numbers.AreEquivalent(right.Decimal, inRight);
    }

    /// <summary>The sum or difference, in the unit of the left operand; None when the units do not fit.</summary>
    public static FhirPathValue Add(in FhirPathValue left, in FhirPathValue right, bool subtract)
    {
        return TryConvert(right, left.QuantityUnit, out decimal number)
            ? FhirPathValue.OfQuantity(subtract ? left.Decimal - number : left.Decimal + number, left.QuantityUnit)
            : default;
    }

    public static FhirPathValue Multiply(in FhirPathValue left, in FhirPathValue right)
    {
        decimal number = left.Decimal * right.Decimal;
        return IsOne(right) ? FhirPathValue.OfQuantity(number, left.QuantityUnit)
            : IsOne(left) ? FhirPathValue.OfQuantity(number, right.QuantityUnit)
            : left.QuantityUnit.Ucum is { } x && right.QuantityUnit.Ucum is { } y && UcumUnit.TryMultiply(x, y, out UcumUnit unit, out _)
                ? FhirPathValue.OfQuantity(number, QuantityUnit.OfUcum(unit))
            : default;
    }

    public static FhirPathValue Divide(in FhirPathValue left, in FhirPathValue right)
    {
        if (right.Decimal == 0)
        {
            return default;
        }

        decimal number = left.Decimal / right.Decimal;
        return IsOne(right) ? FhirPathValue.OfQuantity(number, left.QuantityUnit)
            : left.QuantityUnit.IsSameAs(right.QuantityUnit) ? FhirPathValue.OfQuantity(number, QuantityUnit.One)
            : left.QuantityUnit.Ucum is { } x && right.QuantityUnit.Ucum is { } y && UcumUnit.TryDivide(x, y, out UcumUnit unit, out _)
                ? FhirPathValue.OfQuantity(number, QuantityUnit.OfUcum(unit))
            : default;
    }

    /// <summary>Expresses a quantity in another unit.</summary>
    public static bool TryConvert(in FhirPathValue quantity, QuantityUnit unit, out decimal number)
    {
        number = quantity.Decimal;
        QuantityUnit from = quantity.QuantityUnit;
        if (from.IsSameAs(unit))
        {
            return true;
        }

        if (from.IsVariable && unit.IsVariable)
        {
            number = unit.Calendar == CalendarUnit.Year ? InMonths(quantity) / 12 : InMonths(quantity);
            return true;
        }

        return from.Ucum is { } x && unit.Ucum is { } y && UcumUnit.TryConvert(quantity.Decimal, x, y, out number);
    }

    private static bool IsOne(in FhirPathValue quantity) => ReferenceEquals(quantity.QuantityUnit, QuantityUnit.One);

    private static decimal InMonths(in FhirPathValue quantity) =>
        quantity.QuantityUnit.Calendar == CalendarUnit.Year ? quantity.Decimal * 12 : quantity.Decimal;

    private static UcumUnit? Definite(QuantityUnit unit) => unit.Calendar switch
    {
        CalendarUnit.Year => QuantityUnit.OfUcum("a").Ucum,
        CalendarUnit.Month => QuantityUnit.OfUcum("mo").Ucum,
        _ => unit.Ucum,
    };
}
