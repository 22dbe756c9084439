using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Fhir.Ucum;

/// <content>Canonical form, conversion and comparison of quantities.</content>
public sealed partial class UcumUnit
{
    /// <summary>The last conversion from this unit: in practice a unit is converted to few others, one after the other.</summary>
    private Conversion? _lastConversion;

    /// <summary>
    /// The quantity in base units: <c>5 mg</c> is <c>0.005 g</c>. Equal quantities have equal canonical forms, whatever unit they
    /// came in, so the form serves as a key.
    /// </summary>
    /// <returns>
    /// False when a decimal cannot hold the value, being 7.9e28 or more, or too small for 15 digits, or when a special unit's
    /// function has no value there. <see cref="ToCanonicalDouble"/> has the wider range.
    /// </returns>
    public bool TryCanonicalise(decimal value, out UcumQuantity canonical)
    {
        if (TryToProper(value, Factor, out var result))
        {
            canonical = new UcumQuantity(result, CanonicalText);
            return true;
        }

        canonical = default;
        return false;
    }

    /// <summary>The value of the canonical form to the precision and in the range of binary numbers; NaN where a special unit has none.</summary>
    public double ToCanonicalDouble(decimal value) => ToRatio(value) * Factor.ToDouble();

    /// <inheritdoc cref="TryConvert(decimal, UcumUnit, UcumUnit, out decimal, out string)"/>
    public static bool TryConvert(decimal value, UcumUnit from, UcumUnit to, out decimal result) =>
        TryConvert(value, from, to, out result, out _);

    /// <summary>Converts a quantity: exact where a decimal can hold the result, else rounded to 28 digits.</summary>
    /// <returns>
    /// False when the units are not comparable, or the result is out of a decimal's range or digits, or on no point of a special
    /// unit's scale.
    /// </returns>
    public static bool TryConvert(decimal value, UcumUnit from, UcumUnit to, out decimal result, [NotNullWhen(false)] out string? error)
    {
        result = 0;
        error = null;
        if (!AreComparable(from, to))
        {
            error = $"'{from}' measures {from.CanonicalText}, '{to}' measures {to.CanonicalText}: they cannot be converted";
            return false;
        }

        if (ReferenceEquals(from, to))
        {
            result = value;
            return true;
        }

        if (from.FactorTo(to) is { } factor
            && (to._function is { Offset: null }
                ? to.TryFromRatio(from.ToRatio(value) * factor.ToDouble(), out result)
                : from.TryToProper(value, factor, out result) && to.TryShift(ref result)))
        {
            return true;
        }

        result = 0;
        error = $"the value in '{to}' is beyond the range of decimal numbers or of the unit's scale";
        return false;
    }

    /// <summary>
    /// Compares two quantities exactly, without rounding either to a decimal; for special units other than temperatures, to 15
    /// digits. False when they are not comparable.
    /// </summary>
    public static bool TryCompare(decimal left, UcumUnit leftUnit, decimal right, UcumUnit rightUnit, out int order)
    {
        order = 0;
        if (ReferenceEquals(leftUnit, rightUnit) && !leftUnit.IsSpecial)
        {
            order = left.CompareTo(right);
            return true;
        }

        if (!AreComparable(leftUnit, rightUnit)
            || !leftUnit.TryToRatio(left, out left, out var leftExponent)
            || !rightUnit.TryToRatio(right, out right, out var rightExponent))
        {
            return false;
        }

        order = UcumFactor.CompareProducts(left, leftExponent, leftUnit.Factor, right, rightExponent, rightUnit.Factor);
        return true;
    }

    private UcumFactor? FactorTo(UcumUnit to)
    {
        var last = _lastConversion;
        if (last is null || !ReferenceEquals(last.Target, to.Factor))
        {
            last = new Conversion(to.Factor, Factor.Divide(to.Factor));
            _lastConversion = last;
        }

        return last.Ratio;
    }

    /// <summary>The number on the proper unit's scale.</summary>
    private double ToRatio(decimal value) =>
        _function is null ? (double)value : _function.ToRatio((double)value * _scale.ToDouble());

    /// <summary>The same in decimals, as <c>ratio × 10^exponent</c>; exact for temperatures, else to 15 digits.</summary>
    private bool TryToRatio(decimal value, out decimal ratio, out int exponent)
    {
        exponent = 0;
        ratio = value;
        if (_function is null)
        {
            return true;
        }

        return _function.Offset is { } offset
            ? (_scale.IsOne || _scale.TryMultiply(value, 0, out ratio)) && TryAdd(ratio, offset, out ratio)
            : UcumFunction.TryToDecimal(ToRatio(value), out ratio, out exponent);
    }

    /// <summary>The number on the proper unit's scale, times a factor.</summary>
    private bool TryToProper(decimal value, UcumFactor factor, out decimal result)
    {
        result = 0;
        return TryToRatio(value, out var ratio, out var exponent) && factor.TryMultiply(ratio, exponent, out result);
    }

    /// <summary>From the kelvins or other proper units of a temperature scale to its degrees; nothing to do for a proper unit.</summary>
    private bool TryShift(ref decimal value) =>
        _function?.Offset is not { } offset
        || (TryAdd(value, -offset, out value)
            && (_scale.IsOne || (UcumFactor.One.Divide(_scale) is { } scale && scale.TryMultiply(value, 0, out value))));

    /// <summary>
    /// From the proper unit to the scale of a computed function. Not by way of a decimal: concentrations of protons may be
    /// smaller than one can hold.
    /// </summary>
    private bool TryFromRatio(double ratio, out decimal result)
    {
        result = 0;
        return UcumFunction.TryToDecimal(_function!.FromRatio(ratio) / _scale.ToDouble(), out var digits, out var exponent)
            && UcumFactor.One.TryMultiply(digits, exponent, out result);
    }

    private static bool TryAdd(decimal left, decimal right, out decimal sum)
    {
        // An offset is a few hundred kelvin, so only numbers near the end of the range could overflow.
        sum = 0;
        if (left is > 1e28m or < -1e28m)
        {
            return false;
        }

        sum = left + right;
        return true;
    }

    /// <remarks>Holds the target's factor, not the unit: a chain of units would keep each other alive past the cache's bound.</remarks>
    private sealed record Conversion(UcumFactor Target, UcumFactor? Ratio);
}

/// <summary>A value in canonical units: equal quantities are equal, and those of one unit can be ordered by value.</summary>
/// <param name="Value">Without trailing zeros after the point.</param>
/// <param name="Unit">As <see cref="UcumUnit.CanonicalText"/> gives it.</param>
public readonly record struct UcumQuantity(decimal Value, string Unit);
