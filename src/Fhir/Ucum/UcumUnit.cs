using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// A unit of the Unified Code for Units of Measure (UCUM, case-sensitive): its dimension, its exact magnitude in base units, and
/// for special units the function of its scale. Get one from <see cref="TryParse(ReadOnlySpan{char}, out UcumUnit, out string)"/>.
/// </summary>
/// <remarks>
/// Immutable and safe for all threads. Parsed units are kept in a bounded cache. Nothing here throws on outside input.
/// Factors are exact rationals: results are exact where a decimal can hold them, and correctly rounded to 28 digits where not.
/// Functions of special units other than temperatures are computed in binary and rounded to 15 digits.
/// </remarks>
public sealed partial class UcumUnit
{
    private static readonly UcumCache Cache = new(capacity: 4096);

    private readonly UcumTerms _terms;
    private readonly UcumFunction? _function;

    /// <summary>For special units, what a number is multiplied by before the function: the prefix of dB (UCUM § 22).</summary>
    private readonly UcumFactor _scale;

    private UcumUnit(string text, UcumTerms terms, UcumFactor factor, UcumDimension dimension, UcumFunction? function, UcumFactor scale)
    {
        Text = text;
        _terms = terms;
        Factor = factor;
        Dimension = dimension;
        _function = function;
        _scale = scale;
        CanonicalText = dimension.ToString();
    }

    /// <summary>The unit of pure numbers.</summary>
    public static UcumUnit One { get; } = new("1", UcumTerms.None, UcumFactor.One, default, null, UcumFactor.One);

    /// <summary>The text that was parsed, annotations included; of a product or quotient the multiplied-out text.</summary>
    public string Text { get; }

    /// <summary>What kind of quantity the unit measures.</summary>
    public UcumDimension Dimension { get; }

    /// <summary>
    /// The unit of this dimension with magnitude one, in base units in a fixed order, as <c>m-1.s-2.g</c>. Comparable units have
    /// the same text. It is itself a UCUM unit.
    /// </summary>
    public string CanonicalText { get; }

    /// <summary>Whether a function other than multiplication leads to the proper unit, as for Cel, [pH] and dB.</summary>
    public bool IsSpecial => _function is not null;

    /// <summary>The magnitude in base units; for a special unit that of its proper unit.</summary>
    internal UcumFactor Factor { get; }

    /// <summary>Parses a unit.</summary>
    /// <param name="text">Case-sensitive UCUM, at most 256 characters.</param>
    /// <param name="unit">The unit; <see cref="One"/> when false is returned.</param>
    /// <param name="error">What is wrong and where, as a clause for a message; null when true is returned.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out UcumUnit unit, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (Cache.TryGet(text, out var cached))
        {
            unit = cached;
            return true;
        }

        if (!UcumParser.TryParse(text, UcumTable.Current, out var parsed, out var problem))
        {
            unit = One;
            error = problem ?? "";
            return false;
        }

        var code = text.ToString();
        unit = new UcumUnit(code, parsed._terms, parsed.Factor, parsed.Dimension, parsed._function, parsed._scale);
        Cache.Add(code, unit);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out UcumUnit, out string)"/>
    /// <param name="utf8">The same in UTF-8.</param>
    /// <param name="unit">The unit; <see cref="One"/> when false is returned.</param>
    /// <param name="error">What is wrong and where; null when true is returned.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out UcumUnit unit, [NotNullWhen(false)] out string? error)
    {
        Span<char> text = stackalloc char[UcumParser.MaxLength + 1];
        var rest = utf8[..int.Min(utf8.Length, text.Length)];
        var length = Encoding.UTF8.GetChars(rest, text);
        return TryParse(text[..length], out unit, out error);
    }

    /// <summary>Whether quantities in the two units can be compared and converted.</summary>
    public static bool AreComparable(UcumUnit left, UcumUnit right) => left.Dimension == right.Dimension;

    /// <summary>The unit of a product of quantities; fails for special units and for powers and magnitudes out of bounds.</summary>
    public static bool TryMultiply(UcumUnit left, UcumUnit right, out UcumUnit result, [NotNullWhen(false)] out string? error) =>
        TryPrint(TryCombine(left, right, 1, out result, out error), ref result, ref error);

    /// <summary>The unit of a quotient of quantities; fails for special units and for powers and magnitudes out of bounds.</summary>
    public static bool TryDivide(UcumUnit left, UcumUnit right, out UcumUnit result, [NotNullWhen(false)] out string? error) =>
        TryPrint(TryCombine(left, right, -1, out result, out error), ref result, ref error);

    /// <summary>The unit multiplied out and without annotations: <c>mg/kg/h</c> for <c>mg/(kg{body}.h)</c>.</summary>
    public string ToNormalText() => _terms.ToString();

    public override string ToString() => Text;

    internal static UcumUnit OfFactor(UcumFactor factor) => new("1", UcumTerms.None, factor, default, null, UcumFactor.One);

    internal static UcumUnit OfNumber(BigInteger number) =>
        number.IsOne ? One : new("", UcumTerms.OfNumber(number), UcumFactor.FromInteger(number), default, null, UcumFactor.One);

    internal static UcumUnit OfAtom(string code, UcumFactor factor, UcumDimension dimension, UcumFunction? function) =>
        new(code, UcumTerms.OfSymbol(code), factor, dimension, function, UcumFactor.One);

    /// <summary>The prefixed unit is one symbol, as <c>kg</c> is, not a product.</summary>
    internal static bool TryPrefix(UcumUnit prefix, UcumUnit atom, string symbol, out UcumUnit unit, out string? error)
    {
        var ok = TryCombine(prefix, atom, 1, out unit, out error);
        unit = new UcumUnit(symbol, UcumTerms.OfSymbol(symbol), unit.Factor, unit.Dimension, unit._function, unit._scale);
        return ok;
    }

    internal static bool TryPower(UcumUnit unit, int power, out UcumUnit result, out string? error) =>
        TryCombine(One, unit, power, out result, out error);

    /// <summary><c>left · right^power</c>, with a text still to be given.</summary>
    internal static bool TryCombine(UcumUnit left, UcumUnit right, int power, out UcumUnit result, out string? error)
    {
        result = One;
        if (left.IsSpecial || right.IsSpecial)
        {
            return TryScale(left, right, power, out result, out error);
        }

        error = "powers or magnitudes beyond what is supported";
        if (!UcumDimension.TryCombine(left.Dimension, right.Dimension, power, out var dimension)
            || right.Factor.Power(power) is not { } factor
            || left.Factor.Multiply(factor) is not { } product
            || left._terms.Combine(right._terms, power) is not { } terms)
        {
            return false;
        }

        result = new UcumUnit("", terms, product, dimension, null, UcumFactor.One);
        error = null;
        return true;
    }

    /// <summary>
    /// UCUM §§ 21 and 22: a special unit takes no part in products and powers, but a pure number may scale it.
    /// </summary>
    private static bool TryScale(UcumUnit left, UcumUnit right, int power, out UcumUnit result, out string? error)
    {
        result = One;
        var (special, number, numberPower) = left.IsSpecial ? (left, right, power) : (right, left, 1);
        error = $"'{special.Text}' is on a scale of its own: it cannot be raised to a power, nor multiplied or divided by units";
        if ((right.IsSpecial && power != 1) || number.IsSpecial || !number.Dimension.IsDimensionless
            || number.Factor.Power(numberPower) is not { } factor
            || special._scale.Multiply(factor) is not { } scale
            || special._terms.Combine(number._terms, numberPower) is not { } terms)
        {
            return false;
        }

        result = new UcumUnit(special.Text, terms, special.Factor, special.Dimension, special._function, scale);
        error = null;
        return true;
    }

    /// <summary>
    /// A result is what its own text parses to: it comes from the cache like any unit, and there is none that could not be read again.
    /// </summary>
    private static bool TryPrint(bool combined, ref UcumUnit unit, [NotNullWhen(false)] ref string? error)
    {
        if (combined)
        {
            return TryParse(unit._terms.ToString(), out unit, out error);
        }

        error ??= "";
        return false;
    }
}
