using System.Globalization;
using Xunit;

namespace HealthChain.Storage.Tests.Keys;

public class OrderedNumberTests
{
    private static readonly decimal[] Ascending =
    [
        decimal.MinValue, -7.9e28m, -1e20m, -100.5m, -1.0000000000000001m, -1.000000000000001m, -1, -0.001m, -1e-28m, 0, 1e-28m, 1e-20m, 0.999m, 1,
        1.000000000000001m, 1.0000000000000001m, 1.0000000000000002m, 1.000000000000001m + 1e-15m, 100, 1e20m, 7.9e28m, decimal.MaxValue,
    ];

    [Fact]
    public void The_order_of_decimals_is_kept()
    {
        decimal[] sorted = [.. Ascending.Order()];
        long[] ordered = [.. sorted.Select(OrderedNumber.Of)];
        Assert.Equal(ordered.Order(), ordered);
    }

    [Fact]
    public void Those_with_sixteen_digits_come_back_and_longer_ones_are_marked()
    {
        foreach (decimal number in Ascending)
        {
            long ordered = OrderedNumber.Of(number);
            bool isShort = number is decimal.MinValue or decimal.MaxValue || Digits(number) <= 16;
            Assert.Equal(isShort, OrderedNumber.IsPrecise(ordered));
            Assert.True(!isShort || OrderedNumber.ToDecimal(ordered) == number, number.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Random_decimals_compare_as_their_numbers_do()
    {
        var random = new Random(7);
        for (int i = 0; i < 100_000; i++)
        {
            (decimal a, decimal b) = (Any(random), Any(random));
            (long x, long y) = (OrderedNumber.Of(a), OrderedNumber.Of(b));
            bool isTold = x != y || (OrderedNumber.IsPrecise(x) && OrderedNumber.IsPrecise(y));
            Assert.True(!isTold || a.CompareTo(b) == x.CompareTo(y), $"{a} {b}");
            Assert.True(isTold || !OrderedNumber.IsPrecise(x), $"{a} {b}");
        }
    }

    private static decimal Any(Random random)
    {
        int scale = random.Next(29);
        decimal number = new(random.Next(), random.Next(4) == 0 ? random.Next() : 0, random.Next(8) == 0 ? random.Next() : 0, random.Next(2) == 0, (byte)scale);
        return random.Next(3) == 0 ? Math.Round(number, random.Next(4)) : number;
    }

    private static int Digits(decimal number) =>
        Math.Abs(number / 1.000000000000000000000000000000000m).ToString(CultureInfo.InvariantCulture)
            .Replace(".", "", StringComparison.Ordinal).Trim('0').Length;
}
