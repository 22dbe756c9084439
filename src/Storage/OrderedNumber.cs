using System.Diagnostics;
using System.Numerics;

namespace HealthChain.Storage;

/// <summary>
/// Decimals as whole numbers in the same order: sign, power of ten, 16 digits, and a last bit that says that digits behind them were
/// cut off. So a comparison with an even one is a comparison with the decimal itself; two equal odd ones may differ.
/// </summary>
/// <remarks>The smallest and the largest decimal stand for "no bound" and become the ends of the range.</remarks>
public static class OrderedNumber
{
    private const int Digits = 16;
    private const int MantissaBits = 55;
    private const int ExponentOffset = 28;

    private static readonly ulong[] PowersOfTen = MakePowers();

    public static long Of(decimal number)
    {
        if (number is decimal.MinValue or decimal.MaxValue)
        {
            return number > 0 ? long.MaxValue : long.MinValue;
        }

        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        UInt128 mantissa = new((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        if (mantissa == 0)
        {
            return 0;
        }

        int scale = (bits[3] >> 16) & 0xFF;
        int digits = CountDigits(mantissa);
        long code = ((long)(digits - scale + ExponentOffset) << MantissaBits) | Normalized(mantissa, digits);
        return bits[3] < 0 ? -code : code;
    }

    /// <summary>True when it stands for one decimal and no other.</summary>
    public static bool IsPrecise(long ordered) => (ordered & 1) == 0 || ordered == long.MaxValue;

    /// <summary>The decimal; of an odd one the nearest towards zero that can be told.</summary>
    public static decimal ToDecimal(long ordered)
    {
        if (ordered is long.MinValue or long.MaxValue or 0)
        {
            return ordered == 0 ? 0 : ordered > 0 ? decimal.MaxValue : decimal.MinValue;
        }

        long code = Math.Abs(ordered);
        ulong mantissa = (ulong)(code & ((1L << MantissaBits) - 1)) >> 1;
        int scale = Digits + ExponentOffset - (int)(code >> MantissaBits);
        while (mantissa % 10 == 0)
        {
            mantissa /= 10;
            scale--;
        }

        Debug.Assert(scale <= ExponentOffset, "A decimal has no more digits than it came with.");
        decimal number = mantissa;
        for (; scale < 0; scale++)
        {
            number *= 10;
        }

        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        return new decimal(bits[0], bits[1], bits[2], ordered < 0, (byte)scale);
    }

    /// <summary>A bound that the value does not reach: just above the number.</summary>
    internal static long Above(long ordered) => IsPrecise(ordered) && ordered != long.MinValue ? ordered + 1 : ordered;

    /// <summary>A bound that the value does not reach: just below the number.</summary>
    internal static long Below(long ordered) => IsPrecise(ordered) && ordered != long.MaxValue && ordered != long.MinValue ? ordered - 1 : ordered;

    private static long Normalized(UInt128 mantissa, int digits)
    {
        if (digits <= Digits)
        {
            return (long)((ulong)mantissa * PowersOfTen[Digits - digits]) << 1;
        }

        (UInt128 kept, UInt128 cut) = UInt128.DivRem(mantissa, PowersOfTen[digits - Digits]);
        return ((long)kept << 1) | (cut == 0 ? 0 : 1L);
    }

    private static int CountDigits(UInt128 mantissa)
    {
        int digits = 0;
        ulong high = (ulong)mantissa;
        if (mantissa > ulong.MaxValue)
        {
            high = (ulong)(mantissa / PowersOfTen[^1]);
            digits = PowersOfTen.Length - 1;
        }

        // The bits times log10(2), which is right or one too small.
        int guess = (BitOperations.Log2(high) + 1) * 1233 >> 12;
        return digits + guess + (high >= PowersOfTen[guess] ? 1 : 0);
    }

    private static ulong[] MakePowers()
    {
        ulong[] powers = new ulong[20];
        powers[0] = 1;
        for (int i = 1; i < powers.Length; i++)
        {
            powers[i] = powers[i - 1] * 10;
        }

        return powers;
    }
}
