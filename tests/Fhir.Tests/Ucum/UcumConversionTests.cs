using System.Globalization;
using HealthChain.Fhir.Ucum;
using Xunit;

namespace HealthChain.Fhir.Tests.Ucum;

public sealed class UcumConversionTests
{
    public static TheoryData<string> Ratios => Lines(KnownConversions.Ratios);

    public static TheoryData<string> Specials => Lines(KnownConversions.Specials);

    [Theory]
    [MemberData(nameof(Ratios))]
    [MemberData(nameof(Specials))]
    public void A_known_conversion_gives_the_known_value(string line)
    {
        var parts = line.Split(' ');
        var from = Parse(parts[1]);
        var to = Parse(parts[2]);
        var approximate = parts[3][0] == '~';
        var expected = decimal.Parse(parts[3].TrimStart('~'), CultureInfo.InvariantCulture);

        Assert.True(UcumUnit.TryConvert(decimal.Parse(parts[0], CultureInfo.InvariantCulture), from, to, out var actual, out var error), error);

        if (approximate)
        {
            // Functions give fifteen digits, everything else twenty-eight.
            var tolerance = Math.Abs(expected) * (from.IsSpecial || to.IsSpecial ? 2e-15m : 1e-27m);
            Assert.InRange(actual, expected - tolerance, expected + tolerance);
        }
        else
        {
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Every_special_unit_has_a_known_conversion()
    {
        var known = KnownConversions.Specials.Split(['\n', ' ']).ToHashSet();
        foreach (var atom in UcumTable.Current.Definitions.Atoms.Where(atom => atom.Kind == UcumAtomKind.Special))
        {
            Assert.True(known.Contains(atom.Code) || known.Contains("d" + atom.Code), atom.Code);
        }
    }

    [Theory]
    [InlineData("kg", "m")]
    [InlineData("[iU]", "U")]
    [InlineData("[iU]", "1")]
    [InlineData("[CFU]", "[PFU]")]
    [InlineData("mg/dL", "mmol/L")]
    [InlineData("Cel", "J")]
    [InlineData("B", "B[W]")]
    public void Units_of_different_dimension_are_not_comparable(string left, string right)
    {
        Assert.False(UcumUnit.AreComparable(Parse(left), Parse(right)));
        Assert.False(UcumUnit.TryConvert(1, Parse(left), Parse(right), out _, out var error));
        Assert.Contains("cannot be converted", error, StringComparison.Ordinal);
        Assert.False(UcumUnit.TryCompare(1, Parse(left), 1, Parse(right), out _));
    }

    [Fact]
    public void An_arbitrary_unit_is_comparable_with_itself_in_products()
    {
        Assert.True(UcumUnit.TryConvert(3, Parse("[iU]/mL"), Parse("k[iU]/L"), out var result, out _));
        Assert.Equal(3, result);
        Assert.Equal("m-3.[iU]", Parse("[IU]/L").CanonicalText);
    }

    [Theory]
    [InlineData("5", "mg", "0.005", "g")]
    [InlineData("90", "mg/dL", "900", "m-3.g")]
    [InlineData("120", "mm[Hg]", "15998640", "m-1.s-2.g")]
    [InlineData("37.0", "Cel", "310.15", "K")]
    [InlineData("98.6", "[degF]", "310.15", "K")]
    [InlineData("7", "[pH]", "60221367000000000000", "m-3")]
    [InlineData("100", "nmol/L", "60221367000000000000", "m-3")]
    [InlineData("70", "/min", "1.166666666666666666666666667", "s-1")]
    [InlineData("5", "10*3/uL", "5000000000000", "m-3")]
    [InlineData("-0.50", "km", "-500", "m")]
    [InlineData("0", "Ohm", "0", "m2.s-1.g.C-2")]
    [InlineData("90", "fL", "0.00000000000000009", "m3")]
    [InlineData("1", "{score}", "1", "1")]
    [InlineData("20", "[iU]/L", "20000", "m-3.[iU]")]
    public void The_canonical_form_is_in_base_units(string value, string unit, string expected, string expectedUnit)
    {
        Assert.True(Parse(unit).TryCanonicalise(decimal.Parse(value, CultureInfo.InvariantCulture), out var canonical));
        Assert.Equal(expected, canonical.Value.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(expectedUnit, canonical.Unit);
    }

    [Theory]
    [InlineData("1000", "kmol/L", 6.0221367e32)]
    [InlineData("79228162514264337593543950335", "Ym", 7.9228162514264337593543950335e52)]
    [InlineData("1", "ym3", 1e-72)]
    [InlineData("1", "mol4", 1.3152e95)]
    public void Beyond_decimals_the_canonical_form_fails_and_the_double_stands_in(string value, string unit, double expected)
    {
        var number = decimal.Parse(value, CultureInfo.InvariantCulture);
        Assert.False(Parse(unit).TryCanonicalise(number, out _));
        Assert.Equal(expected, Parse(unit).ToCanonicalDouble(number), Math.Abs(expected) * 1e-4);
    }

    [Fact]
    public void A_result_out_of_range_is_an_error_and_not_an_exception()
    {
        Assert.False(UcumUnit.TryConvert(decimal.MaxValue, Parse("km"), Parse("m"), out _, out var error));
        Assert.Contains("beyond the range", error, StringComparison.Ordinal);
        Assert.False(UcumUnit.TryConvert(-5, Parse("1"), Parse("dB"), out _, out _));
        Assert.False(UcumUnit.TryConvert(0, Parse("mol/L"), Parse("[pH]"), out _, out _));
        Assert.False(UcumUnit.TryConvert(decimal.MaxValue, Parse("B"), Parse("1"), out _, out _));
        Assert.False(UcumUnit.TryConvert(decimal.MinValue, Parse("Cel"), Parse("K"), out _, out _));
        Assert.False(Parse("Cel").TryCanonicalise(decimal.MaxValue, out _));
    }

    [Theory]
    [InlineData(1, "kg", 1000, "g", 0)]
    [InlineData(3937, "[ft_us]", 1200, "m", 0)]
    [InlineData(1, "[ft_us]", 1, "[ft_i]", 1)]
    [InlineData(-1, "[ft_us]", -1, "[ft_i]", -1)]
    [InlineData(37, "Cel", 98, "[degF]", 1)]
    [InlineData(1, "mol", 1000, "mmol", 0)]
    [InlineData(1, "ym3", 2, "ym3", -1)]
    [InlineData(0, "Cel", 0, "K", 1)]
    [InlineData(7, "[pH]", 8, "[pH]", 1)]
    public void Quantities_are_compared_exactly(int left, string leftUnit, int right, string rightUnit, int expected)
    {
        Assert.True(UcumUnit.TryCompare(left, Parse(leftUnit), right, Parse(rightUnit), out var order));
        Assert.Equal(expected, order);
    }

    private static UcumUnit Parse(string text)
    {
        Assert.True(UcumUnit.TryParse(text, out var unit, out var error), error);
        return unit;
    }

    private static TheoryData<string> Lines(string table) => new(table.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
