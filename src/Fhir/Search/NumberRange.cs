using System.Buffers.Text;

namespace HealthChain.Fhir.Search;

/// <summary>
/// A number as written: its value, and the values that its digits stand for, from <paramref name="Low"/> up to, not including,
/// <paramref name="High"/>: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005), 1e2 is [95, 105).
/// </summary>
/// <remarks>
/// Half a unit of the last digit written each way, as R4 derives it from the significant figures; but a whole number with a positive
/// exponent stands for a tenth of that, because R4's own table reads 1e2 as [95, 105) (search.html#number). Beyond the range of
/// <see cref="decimal"/> numbers are cut to its ends, digits behind the 28th are rounded.
/// </remarks>
public readonly record struct NumberRange(decimal Value, decimal Low, decimal High)
{
    /// <summary>Far more digits than a number of medicine has; a longer one is refused rather than read in part.</summary>
    private const int MaxLength = 512;

    private const int MaxDecimals = 28;

    public bool Contains(decimal number) => number == Low || (Low < number && number < High);

    /// <summary>Reads -?digits(.digits)?(e[+-]?digits)?.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out NumberRange range)
    {
        range = default;
        if (!TryParse(text, out decimal value, out int lastDigit))
        {
            return false;
        }

        decimal half = HalfUnit(lastDigit > 0 && !text.Contains((byte)'.') ? lastDigit - 1 : lastDigit);
        range = new NumberRange(value, Clamped(value, -half), Clamped(value, half));
        return true;
    }

    /// <summary>Reads a number and the power of ten of its last digit.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out decimal value, out int lastDigit)
    {
        (value, lastDigit) = (0, 0);
        if (text.Length is 0 or > MaxLength || !TryScan(text, out int mantissa, out int decimals, out int exponent))
        {
            return false;
        }

        lastDigit = exponent - decimals;
        if (exponent == 0 && Utf8Parser.TryParse(text, out value, out int read) && read == text.Length)
        {
            return true;
        }

        value = Scaled(text[..mantissa], exponent);
        return true;
    }

    /// <summary>The number moved by an amount, kept within the range of decimals.</summary>
    internal static decimal Clamped(decimal value, decimal amount)
    {
        if (amount >= 0)
        {
            return value > decimal.MaxValue - amount ? decimal.MaxValue : value + amount;
        }

        return value < decimal.MinValue - amount ? decimal.MinValue : value + amount;
    }

    /// <summary>A binary number as decimal, cut to the range of decimals.</summary>
    internal static decimal FromDouble(double number) =>
        number >= (double)decimal.MaxValue ? decimal.MaxValue : number <= (double)decimal.MinValue ? decimal.MinValue : (decimal)number;

    private static decimal HalfUnit(int lastDigit)
    {
        if (lastDigit > 0)
        {
            return lastDigit > MaxDecimals ? decimal.MaxValue : PowerOfTen(lastDigit) / 2;
        }

        return lastDigit <= -MaxDecimals ? 0 : new decimal(5, 0, 0, false, (byte)(1 - lastDigit));
    }

    private static decimal PowerOfTen(int power)
    {
        decimal result = 1;
        for (int i = 0; i < power; i++)
        {
            result *= 10;
        }

        return result;
    }

    /// <summary>Checks the form; finds where the mantissa ends, its decimals, and the exponent.</summary>
    private static bool TryScan(ReadOnlySpan<byte> text, out int mantissa, out int decimals, out int exponent)
    {
        (decimals, exponent) = (0, 0);
        int at = text[0] == (byte)'-' ? 1 : 0;
        int digits = DigitsFrom(text, at);
        at += digits;
        mantissa = at;
        if (digits == 0)
        {
            return false;
        }

        if (at < text.Length && text[at] == (byte)'.')
        {
            decimals = DigitsFrom(text, at + 1);
            at += 1 + decimals;
            mantissa = at;
            if (decimals == 0)
            {
                return false;
            }
        }

        if (at == text.Length)
        {
            return true;
        }

        if (text[at] is not ((byte)'e' or (byte)'E') || at + 1 == text.Length)
        {
            return false;
        }

        at++;
        bool isNegative = text[at] == (byte)'-';
        at += isNegative || text[at] == (byte)'+' ? 1 : 0;
        int length = DigitsFrom(text, at);
        if (length is 0 or > 6 || at + length != text.Length)
        {
            return false;
        }

        bool isRead = Utf8Parser.TryParse(text[at..], out exponent, out _);
        exponent = isNegative ? -exponent : exponent;
        return isRead;
    }

    private static int DigitsFrom(ReadOnlySpan<byte> text, int start)
    {
        int end = start;
        while (end < text.Length && text[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }

        return end - start;
    }

    /// <summary>The slow way: for exponents and for numbers that the platform's parser refuses as too large.</summary>
    private static decimal Scaled(ReadOnlySpan<byte> mantissa, int exponent)
    {
        bool isNegative = mantissa[0] == (byte)'-';
        int point = mantissa.IndexOf((byte)'.');
        int power = exponent + (point < 0 ? mantissa.Length : point) - (isNegative ? 1 : 0);
        decimal value = 0;
        bool isStarted = false;
        foreach (byte b in mantissa)
        {
            if (b is < (byte)'0' or > (byte)'9')
            {
                continue;
            }

            power--;
            isStarted |= b != (byte)'0';
            if (!isStarted)
            {
                continue;
            }

            if (power > MaxDecimals)
            {
                return isNegative ? decimal.MinValue : decimal.MaxValue;
            }

            if (power < -MaxDecimals)
            {
                break;
            }

            decimal unit = power >= 0 ? PowerOfTen(power) : new decimal(1, 0, 0, false, (byte)-power);
            decimal digit = b - (byte)'0';
            if (digit > 0 && unit > (decimal.MaxValue - value) / digit)
            {
                return isNegative ? decimal.MinValue : decimal.MaxValue;
            }

            value += digit * unit;
        }

        return isNegative ? -value : value;
    }
}
