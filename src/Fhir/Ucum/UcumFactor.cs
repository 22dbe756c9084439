using System.Globalization;
using System.Numerics;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// An exact positive rational <c>Numerator / Denominator × 10^Exponent</c>. Conversions multiply by one of these, so that
/// <c>1 [lb_av]</c> is 453.59237 g and not nearly so.
/// </summary>
/// <remarks>
/// Normal form: numerator and denominator have no common divisor, the denominator has no divisor 2 or 5, the numerator none of 10.
/// Equal factors therefore have equal parts, and a product with a decimal terminates exactly when the denominator divides it.
/// </remarks>
internal sealed partial class UcumFactor
{
    public static readonly UcumFactor One = new(BigInteger.One, BigInteger.One, 0);

    // Bounds the work that outside text can cause. [pi] has 66 digits: its ninth power still fits.
    private const long MaxBits = 2048;
    private const int MaxExponent = 4000;

    private double _double;

    private UcumFactor(BigInteger numerator, BigInteger denominator, int exponent)
    {
        Numerator = numerator;
        Denominator = denominator;
        Exponent = exponent;
        IsOne = numerator.IsOne && denominator.IsOne && exponent == 0;
        _isSmall = numerator <= ulong.MaxValue && denominator <= uint.MaxValue;
        if (_isSmall)
        {
            _smallNumerator = (ulong)numerator;
            _smallDenominator = (uint)denominator;
        }
    }

    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    public int Exponent { get; }

    public bool IsOne { get; }

    /// <summary>Reads a definition's factor: a decimal, or two with a slash between.</summary>
    public static UcumFactor Parse(string text)
    {
        var slash = text.IndexOf('/');
        return slash < 0 ? ParseDecimal(text) : ParseDecimal(text.AsSpan(0, slash)).Divide(ParseDecimal(text.AsSpan(slash + 1)))!;
    }

    public static UcumFactor FromInteger(BigInteger value) => Create(value, BigInteger.One, 0);

    /// <summary>The product, or null when it would be too large to work with.</summary>
    public UcumFactor? Multiply(UcumFactor other) =>
        other.IsOne ? this : IsOne ? other : Bounded(Numerator * other.Numerator, Denominator * other.Denominator, Exponent + other.Exponent);

    /// <summary>The quotient, or null when it would be too large to work with.</summary>
    public UcumFactor? Divide(UcumFactor other) =>
        other.IsOne ? this : Bounded(Numerator * other.Denominator, Denominator * other.Numerator, Exponent - other.Exponent);

    /// <summary>The power, or null when it would be too large to work with.</summary>
    public UcumFactor? Power(int power)
    {
        var size = Math.Abs(power);
        if (long.Max(Numerator.GetBitLength(), Denominator.GetBitLength()) * size > 2 * MaxBits)
        {
            return null;
        }

        var numerator = BigInteger.Pow(Numerator, size);
        var denominator = BigInteger.Pow(Denominator, size);
        return power < 0
            ? Bounded(denominator, numerator, Exponent * power)
            : Bounded(numerator, denominator, Exponent * power);
    }

    /// <summary>The nearest binary number; zero or infinity beyond the range of <see cref="double"/>.</summary>
    public double ToDouble()
    {
        if (_double == 0)
        {
            // Twenty digits are three more than a double can tell apart. A race computes the same number twice.
            var shift = 20 - DecimalDigits(Numerator) + DecimalDigits(Denominator);
            var digits = Scale(Numerator, shift) / Scale(Denominator, -shift);
            _double = double.Parse(
                string.Create(CultureInfo.InvariantCulture, $"{digits}E{Exponent - shift}"),
                NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture);
        }

        return _double;
    }

    private static UcumFactor ParseDecimal(ReadOnlySpan<char> text)
    {
        var exponent = 0;
        var e = text.IndexOfAny('e', 'E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var point = text.IndexOf('.');
        var digits = point < 0 ? text.ToString() : string.Concat(text[..point], text[(point + 1)..]);
        exponent -= point < 0 ? 0 : text.Length - point - 1;
        return Create(BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture), BigInteger.One, exponent);
    }

    private static UcumFactor? Bounded(BigInteger numerator, BigInteger denominator, int exponent)
    {
        var factor = Create(numerator, denominator, exponent);
        return factor.Numerator.GetBitLength() > MaxBits || factor.Denominator.GetBitLength() > MaxBits || Math.Abs(factor.Exponent) > MaxExponent
            ? null
            : factor;
    }

    private static UcumFactor Create(BigInteger numerator, BigInteger denominator, int exponent)
    {
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        numerator /= divisor;
        denominator /= divisor;
        while (denominator.IsEven)
        {
            denominator >>= 1;
            numerator *= 5;
            exponent--;
        }

        while (TryDivide(ref denominator, 5))
        {
            numerator *= 2;
            exponent--;
        }

        while (TryDivide(ref numerator, 10))
        {
            exponent++;
        }

        return new UcumFactor(numerator, denominator, exponent);
    }

    private static bool TryDivide(ref BigInteger value, int divisor)
    {
        var quotient = BigInteger.DivRem(value, divisor, out var remainder);
        if (!remainder.IsZero)
        {
            return false;
        }

        value = quotient;
        return true;
    }

    /// <summary>The number of decimal digits, or one more.</summary>
    private static int DecimalDigits(in BigInteger value) => (int)(value.GetBitLength() * 0.30103) + 1;

    private static BigInteger Scale(in BigInteger value, int power) => power <= 0 ? value : value * BigInteger.Pow(10, power);
}
