using System.Globalization;
using System.Text;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class NumberRangeTests
{
    [Theory]
    [InlineData("100", "100", "99.5", "100.5")]
    [InlineData("100.00", "100", "99.995", "100.005")]
    [InlineData("-5.4", "-5.4", "-5.45", "-5.35")]
    [InlineData("0", "0", "-0.5", "0.5")]
    [InlineData("1e2", "100", "95", "105")]
    [InlineData("1.00e2", "100", "99.5", "100.5")]
    [InlineData("1.1e2", "110", "105", "115")]
    [InlineData("5.4E-3", "0.0054", "0.00535", "0.00545")]
    [InlineData("1e+3", "1000", "950", "1050")]
    [InlineData("0.000000000000000000000000001", "0.000000000000000000000000001", "0.0000000000000000000000000005", "0.0000000000000000000000000015")]
    public void A_number_stands_for_half_a_unit_of_its_last_digit_each_way(string text, string value, string low, string high)
    {
        Assert.True(NumberRange.TryParse(Encoding.UTF8.GetBytes(text), out NumberRange range));
        Assert.Equal(
            (Decimal(value), Decimal(low), Decimal(high)),
            (range.Value, range.Low, range.High));
    }

    [Theory]
    [InlineData("1e40")]
    [InlineData("123456789012345678901234567890123")]
    [InlineData("9e28")]
    public void Numbers_beyond_decimals_are_cut_to_the_greatest(string text)
    {
        Assert.True(NumberRange.TryParse(Encoding.UTF8.GetBytes(text), out NumberRange range));
        Assert.Equal(decimal.MaxValue, range.Value);
        Assert.True(NumberRange.TryParse(Encoding.UTF8.GetBytes("-" + text), out range));
        Assert.Equal(decimal.MinValue, range.Value);
    }

    [Theory]
    [InlineData("1e-40")]
    [InlineData("0.00000000000000000000000000000000001")]
    public void Numbers_too_small_for_decimals_are_zero(string text)
    {
        Assert.True(NumberRange.TryParse(Encoding.UTF8.GetBytes(text), out NumberRange range));
        Assert.Equal(0, range.Value);
        Assert.True(range.Contains(0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("5e")]
    [InlineData("5e+")]
    [InlineData("5e1234567")]
    [InlineData("+5")]
    [InlineData("5,4")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("1 ")]
    public void Anything_else_is_refused(string text) => Assert.False(NumberRange.TryParse(Encoding.UTF8.GetBytes(text), out _));

    private static decimal Decimal(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
