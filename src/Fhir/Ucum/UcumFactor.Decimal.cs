using System.Numerics;

namespace HealthChain.Fhir.Ucum;

/// <content>Products with decimals.</content>
internal sealed partial class UcumFactor
{
    private const int MaxDigits = 28;
    private const int MaxScale = 28;

    // A rounded result with fewer digits than a double has is refused, because it would no longer tell quantities apart.
    private const ulong FewestRoundedDigits = 100_000_000_000_000;

    private static readonly BigInteger MaxMantissa = (BigInteger.One << 96) - 1;
    private static readonly BigInteger Ten28 = BigInteger.Pow(10, MaxDigits);
    private static readonly UInt128[] PowersOfTen = CreatePowersOfTen();

    private readonly bool _isSmall;
    private readonly ulong _smallNumerator;
    private readonly uint _smallDenominator;

    /// <summary>
    /// <c>value × 10^exponent × this</c>: exact when a decimal can hold it, else rounded (half to even) to 28 digits or 28 places.
    /// The result depends on the exact product alone, not on how it came about, and has no trailing zeros after the point.
    /// </summary>
    /// <returns>False when the product is beyond the range of <see cref="decimal"/>, or so small that fewer than 15 digits would be left.</returns>
    public bool TryMultiply(decimal value, int exponent, out decimal result)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        if (bits[2] == 0 && _isSmall)
        {
            var mantissa = (uint)bits[0] | ((ulong)(uint)bits[1] << 32);
            if (mantissa != 0 && TryMultiplySmall(mantissa, bits[3] < 0, exponent + Exponent - ((bits[3] >> 16) & 0xFF), out result))
            {
                return true;
            }
        }

        return TryMultiplyPlainly(value, exponent, out result);
    }

    /// <summary>The same for any size of numbers.</summary>
    internal bool TryMultiplyPlainly(decimal value, int exponent, out decimal result)
    {
        result = 0;
        var (digits, scale) = Parts(value);
        if (digits.IsZero)
        {
            return true;
        }

        exponent += Exponent - scale;
        var negative = digits.Sign < 0;
        var mantissa = BigInteger.Abs(digits);
        var divisor = BigInteger.GreatestCommonDivisor(mantissa, Denominator);
        var numerator = mantissa / divisor * Numerator;
        var denominator = Denominator / divisor;
        var magnitude = exponent + DecimalDigits(numerator) - DecimalDigits(denominator);
        if (magnitude is > MaxDigits + 3 or < -MaxScale)
        {
            return false;
        }

        if (denominator.IsOne && IsExact(numerator, exponent, out var exact, out var exactScale))
        {
            result = Build(exact, negative, exactScale);
            return true;
        }

        return TryRoundPlainly(numerator, denominator, exponent, magnitude, negative, out result);
    }

    /// <summary>The order of <c>left × 10^leftExponent × leftFactor</c> and the same of the right, exactly.</summary>
    public static int CompareProducts(decimal left, int leftExponent, UcumFactor leftFactor, decimal right, int rightExponent, UcumFactor rightFactor)
    {
        if (decimal.Sign(left) != decimal.Sign(right) || left == 0)
        {
            return decimal.Sign(left).CompareTo(decimal.Sign(right));
        }

        var (leftDigits, leftScale) = Parts(left);
        var (rightDigits, rightScale) = Parts(right);
        var leftNumerator = leftDigits * leftFactor.Numerator * rightFactor.Denominator;
        var rightNumerator = rightDigits * rightFactor.Numerator * leftFactor.Denominator;
        var exponent = leftExponent + leftFactor.Exponent - leftScale - (rightExponent + rightFactor.Exponent - rightScale);
        return Scale(leftNumerator, exponent).CompareTo(Scale(rightNumerator, -exponent));
    }

    private static (BigInteger Digits, int Scale) Parts(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var digits = ((BigInteger)(uint)bits[2] << 64) | ((BigInteger)(uint)bits[1] << 32) | (uint)bits[0];
        return (bits[3] < 0 ? -digits : digits, (bits[3] >> 16) & 0xFF);
    }

    /// <summary>The same in machine words, for numbers that clinical data consist of; false leaves the case to the plain version.</summary>
    private bool TryMultiplySmall(ulong mantissa, bool negative, int exponent, out decimal result)
    {
        result = 0;
        var product = (UInt128)mantissa * _smallNumerator;
        var quotient = DivRem(product, _smallDenominator, out var remainder);
        if (quotient > ulong.MaxValue)
        {
            return false;
        }

        var small = (ulong)quotient;
        return remainder == 0
            ? TryBuildExact(small, negative, exponent, out result)
            : TryRound(product, small, negative, exponent, out result);
    }

    private static bool TryBuildExact(ulong digits, bool negative, int exponent, out decimal result)
    {
        result = 0;
        while (exponent < 0)
        {
            var (quotient, remainder) = Math.DivRem(digits, 10);
            if (remainder != 0)
            {
                break;
            }

            digits = quotient;
            exponent++;
        }

        if (exponent is < -MaxScale or > 19)
        {
            return false;
        }

        var mantissa = exponent > 0 ? digits * PowersOfTen[exponent] : digits;
        if (mantissa >> 96 != 0)
        {
            return false;
        }

        result = Build(mantissa, negative, int.Max(0, -exponent));
        return true;
    }

    private bool TryRound(UInt128 product, ulong whole, bool negative, int exponent, out decimal result)
    {
        result = 0;
        if (whole == 0)
        {
            // So that the first digit is found where the shift expects it.
            for (var next = product * 10; next < _smallDenominator; next *= 10)
            {
                product = next;
                exponent--;
            }
        }

        var shift = int.Min(MaxDigits - Digits(whole), MaxScale + exponent);
        if (shift < 0 || exponent - shift > 0)
        {
            return false;
        }

        // The product is below denominator × 10^Digits(whole), so scaled it is below 2^32 × 10^28 < 2^126.
        var digits = DivRem(product * PowersOfTen[shift], _smallDenominator, out var remainder);
        var roundedTo28 = digits >= PowersOfTen[MaxDigits - 1] || shift == MaxScale + exponent;
        if (!roundedTo28 || digits < FewestRoundedDigits)
        {
            return false;
        }

        // The fraction does not terminate, so there is no tie.
        digits += (ulong)remainder * 2 > _smallDenominator ? 1u : 0u;
        result = Build(digits, negative, shift - exponent);
        return true;
    }

    private static bool TryRoundPlainly(
        in BigInteger numerator, in BigInteger denominator, int exponent, int magnitude, bool negative, out decimal result)
    {
        result = 0;

        // One place more than may be needed, then fewer until the digits fit.
        var places = int.Min(MaxScale, MaxDigits + 1 - magnitude);
        BigInteger digits;
        do
        {
            digits = RoundedQuotient(numerator, denominator, exponent + places);
        }
        while (digits > Ten28 && --places >= -2);

        digits = Scale(digits, -places);
        if (digits < FewestRoundedDigits || digits > MaxMantissa)
        {
            return false;
        }

        result = Build((UInt128)digits, negative, int.Max(0, places));
        return true;
    }

    private static bool IsExact(BigInteger digits, int exponent, out UInt128 mantissa, out int scale)
    {
        mantissa = 0;
        scale = 0;
        while (exponent < 0 && TryDivide(ref digits, 10))
        {
            exponent++;
        }

        if (exponent is < -MaxScale or > MaxScale)
        {
            return false;
        }

        digits = Scale(digits, exponent);
        scale = int.Max(0, -exponent);
        if (digits > MaxMantissa)
        {
            return false;
        }

        mantissa = (UInt128)digits;
        return true;
    }

    /// <summary><c>numerator / denominator × 10^power</c>, half to even.</summary>
    private static BigInteger RoundedQuotient(in BigInteger numerator, in BigInteger denominator, int power)
    {
        var divisor = Scale(denominator, -power);
        var quotient = BigInteger.DivRem(Scale(numerator, power), divisor, out var remainder);
        var half = (remainder << 1).CompareTo(divisor);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>A decimal without trailing zeros after its point, so that equal values are written alike.</summary>
    private static decimal Build(UInt128 mantissa, bool negative, int scale)
    {
        while (scale > 0 && (ulong)mantissa % 2 == 0)
        {
            var quotient = DivRem(mantissa, 10, out var remainder);
            if (remainder != 0)
            {
                break;
            }

            mantissa = quotient;
            scale--;
        }

        return new decimal((int)(uint)mantissa, (int)(uint)(mantissa >> 32), (int)(uint)(mantissa >> 64), negative, (byte)scale);
    }

    /// <summary>Schoolbook division by one 32-bit digit, several times as fast as the general one of <see cref="UInt128"/>.</summary>
    private static UInt128 DivRem(UInt128 value, uint divisor, out uint remainder)
    {
        var high = (ulong)(value >> 64);
        var low = (ulong)value;
        if (high == 0)
        {
            remainder = (uint)(low % divisor);
            return low / divisor;
        }

        var (highQuotient, rest) = Math.DivRem(high, divisor);
        var (middle, rest2) = Math.DivRem((rest << 32) | (low >> 32), divisor);
        var (bottom, rest3) = Math.DivRem((rest2 << 32) | (uint)low, divisor);
        remainder = (uint)rest3;
        return new UInt128(highQuotient, (middle << 32) | bottom);
    }

    private static int Digits(ulong value)
    {
        var digits = 0;
        while (value >= PowersOfTen[digits])
        {
            digits++;
        }

        return digits;
    }

    private static UInt128[] CreatePowersOfTen()
    {
        var powers = new UInt128[MaxScale + 1];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
