using System.Globalization;
using System.Numerics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir.Ucum;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Ucum;

public sealed class UcumProperties
{
    private static readonly string[] Symbols = UcumTable.Current.Definitions.Atoms
        .Where(atom => atom.Kind != UcumAtomKind.Special)
        .SelectMany(atom => atom.IsMetric ? new[] { atom.Code, "k" + atom.Code, "m" + atom.Code, "u" + atom.Code } : [atom.Code])
        .Where(code => UcumUnit.TryParse(code, out _, out _))
        .ToArray();

    private static readonly string[] Specials = UcumTable.Current.Definitions.Atoms
        .Where(atom => atom.Kind == UcumAtomKind.Special)
        .Select(atom => atom.Code)
        .ToArray();

    private static Gen<string> Component { get; } = Gen.Frequency(
        (8, from symbol in Gen.Elements(Symbols)
            from power in Gen.Frequency((6, Gen.Constant("")), (2, Gen.Choose(-3, 3).Select(power => power.ToString())))
            from note in Gen.Frequency((6, Gen.Constant("")), (1, Gen.Constant("{note}")))
            select symbol + power + note),
        (1, Gen.Choose(1, 120).Select(number => number.ToString())),
        (1, Gen.Constant("{note}")));

    private static Gen<string> Expression { get; } = from solidus in Gen.Frequency((6, Gen.Constant("")), (1, Gen.Constant("/")))
                                                     from unit in UnitOf(3)
                                                     select solidus + unit;

    /// <summary>Values as clinical data have them, and some with more digits than they ever have.</summary>
    private static Gen<decimal> Value { get; } = Gen.Frequency(
        (4, from digits in Gen.Choose(-100_000, 100_000) from scale in Gen.Choose(0, 4) select new decimal(digits) / (decimal)Math.Pow(10, scale)),
        (1, from low in Gen.Choose(int.MinValue, int.MaxValue)
            from middle in Gen.Choose(int.MinValue, int.MaxValue)
            from scale in Gen.Choose(0, 20)
            select new decimal(low, middle, 0, low < middle, (byte)scale)));

    [Fact]
    public void What_is_printed_parses_to_the_same_unit() => Check(Prop.ForAll(Expression.ToArbitrary(), text =>
    {
        if (!UcumUnit.TryParse(text, out var unit, out _))
        {
            return;
        }

        var normal = unit.ToNormalText();
        if (normal.Length > UcumParser.MaxLength)
        {
            return;
        }

        Assert.True(UcumUnit.TryParse(normal, out var again, out var error), error);
        Assert.Equal(unit.Dimension, again.Dimension);
        AssertSameFactor(unit.Factor, again.Factor);
        Assert.Equal(normal, again.ToNormalText());
        Assert.True(UcumUnit.TryParse(unit.CanonicalText, out var canonical, out _));
        Assert.Equal(unit.Dimension, canonical.Dimension);
        Assert.True(canonical.Factor.IsOne);
    }));

    [Fact]
    public void A_product_divided_again_is_the_unit_again() => Check(Prop.ForAll(Expression.ToArbitrary(), Expression.ToArbitrary(), (left, right) =>
    {
        if (UcumUnit.TryParse(left, out var a, out _)
            && UcumUnit.TryParse(right, out var b, out _)
            && UcumUnit.TryMultiply(a, b, out var product, out _)
            && UcumUnit.TryDivide(product, b, out var quotient, out _))
        {
            Assert.Equal(a.Dimension, quotient.Dimension);
            AssertSameFactor(a.Factor, quotient.Factor);
            Assert.True(UcumUnit.TryParse(product.Text, out var parsed, out var error), error);
            AssertSameFactor(product.Factor, parsed.Factor);
        }
    }));

    [Fact]
    public void Converting_there_and_back_gives_the_value_again()
    {
        var exact = 0;
        Check(Prop.ForAll(Comparable.ToArbitrary(), Value.ToArbitrary(), (units, value) =>
        {
            if (!UcumUnit.TryConvert(value, units.A, units.B, out var there, out _) || !UcumUnit.TryConvert(there, units.B, units.A, out var back, out _))
            {
                return;
            }

            Assert.True(UcumUnit.TryCompare(value, units.A, there, units.B, out var order));
            if (order == 0)
            {
                exact++;
                Assert.Equal(value, back);
            }
            else
            {
                // The relative error is that of the number that had room for fewer digits; results are rounded to 28 of them at most.
                var digits = Math.Min(28, Math.Min(Digits(there), Digits(back)));
                var tolerance = Math.Max(Math.Abs(value) * (decimal)Math.Pow(10, 1 - digits), 1e-28m);
                Assert.InRange(back, value - tolerance, value + tolerance);
            }
        }));
        Assert.InRange(exact, 500, int.MaxValue);
    }

    [Fact]
    public void Equal_quantities_have_one_canonical_form()
    {
        var compared = 0;
        Check(Prop.ForAll(Comparable.ToArbitrary(), Value.ToArbitrary(), (units, value) =>
        {
            if (UcumUnit.TryConvert(value, units.A, units.B, out var other, out _)
                && UcumUnit.TryCompare(value, units.A, other, units.B, out var order)
                && order == 0
                && units.A.TryCanonicalise(value, out var left))
            {
                compared++;
                Assert.True(units.B.TryCanonicalise(other, out var right));
                Assert.Equal(left, right);
                Assert.Equal(left.Value.ToString(CultureInfo.InvariantCulture), right.Value.ToString(CultureInfo.InvariantCulture));
            }
        }));
        Assert.InRange(compared, 500, int.MaxValue);
    }

    [Fact]
    public void Order_is_transitive_and_agrees_with_the_canonical_form() => Check(Prop.ForAll(
        Comparable.ToArbitrary(), Value.ToArbitrary(), Value.ToArbitrary(), (trio, x, y) =>
    {
        var z = x / 3;
        Assert.True(UcumUnit.TryCompare(x, trio.A, y, trio.B, out var xy));
        Assert.True(UcumUnit.TryCompare(y, trio.B, z, trio.C, out var yz));
        Assert.True(UcumUnit.TryCompare(x, trio.A, z, trio.C, out var xz));
        Assert.True(UcumUnit.TryCompare(y, trio.B, x, trio.A, out var yx));
        Assert.Equal(-xy, yx);
        Assert.True(xy + yz == 0 || xy * yz < 0 || Math.Sign(xy + yz) == xz, $"{xy} {yz} {xz}");
        if (trio.A.TryCanonicalise(x, out var left) && trio.B.TryCanonicalise(y, out var right))
        {
            // Rounding may make two quantities equal, never swap them.
            Assert.True(left.Value.CompareTo(right.Value) is var order && (order == xy || order == 0));
        }
    }));

    [Fact]
    public void Machine_words_and_big_integers_give_the_same_product() => Check(Prop.ForAll(
        Expression.ToArbitrary(), Value.ToArbitrary(), Gen.Choose(-12, 12).ToArbitrary(), (text, value, exponent) =>
    {
        if (UcumUnit.TryParse(text, out var unit, out _))
        {
            var fast = unit.Factor.TryMultiply(value, exponent, out var result);
            var plain = unit.Factor.TryMultiplyPlainly(value, exponent, out var expected);
            Assert.Equal(plain, fast);
            Assert.Equal(expected.ToString(CultureInfo.InvariantCulture), result.ToString(CultureInfo.InvariantCulture));
        }
    }));

    [Fact]
    public void A_product_is_the_exact_one_or_within_half_of_its_last_place() => Check(Prop.ForAll(
        Expression.ToArbitrary(), Value.ToArbitrary(), (text, value) =>
    {
        if (UcumUnit.TryParse(text, out var unit, out _) && unit.Factor.TryMultiply(value, 0, out var result))
        {
            var power = BigInteger.Pow(10, 60 + Math.Abs(unit.Factor.Exponent));
            var exact = Scaled(value, power) * unit.Factor.Numerator;
            exact = unit.Factor.Exponent < 0
                ? exact / BigInteger.Pow(10, -unit.Factor.Exponent)
                : exact * BigInteger.Pow(10, unit.Factor.Exponent);
            exact /= unit.Factor.Denominator;
            var places = Math.Min(28, 27 - Magnitude(result));
            var halfPlace = power / 2 * (places >= 0 ? 1 : 10) / BigInteger.Pow(10, Math.Max(places, 0));
            Assert.True(BigInteger.Abs(exact - Scaled(result, power)) <= halfPlace + BigInteger.Pow(10, 30), $"{value} {text} {result}");
        }
    }));

    [Fact]
    public void Special_scales_are_inverted() => Check(Prop.ForAll(
        Gen.Elements(Specials).ToArbitrary(), Gen.Choose(-3000, 3000).ToArbitrary(), (code, tenths) =>
    {
        Assert.True(UcumUnit.TryParse(code, out var special, out _));
        Assert.True(UcumUnit.TryParse(special.CanonicalText, out var proper, out _));
        var value = (code.StartsWith("[m/s2", StringComparison.Ordinal) ? Math.Abs(tenths) : tenths) / 100m;
        if (UcumUnit.TryConvert(value, special, proper, out var there, out _))
        {
            Assert.True(UcumUnit.TryConvert(there, proper, special, out var back, out var error), error);
            Assert.InRange(back, value - 1e-10m, value + 1e-10m);
        }
    }));

    [Fact]
    public void Random_texts_never_throw()
    {
        string[] pieces = [.. Symbols, .. Specials, ".", "/", "(", ")", "{", "}", "[", "]", "+", "-", "10*", "10^", "127", "0", "9", " ", "µ", "\0", "\uD800", "{x}", "''", "="];
        var random = new System.Random(20261121);
        var text = new StringBuilder();
        Assert.True(UcumUnit.TryParse("[degF]", out var other, out _));
        var valid = 0;
        for (var i = 0; i < 200_000; i++)
        {
            text.Clear();
            for (var length = random.Next(8); length >= 0; length--)
            {
                if (random.Next(3) == 0)
                {
                    text.Append((char)random.Next(1, 128));
                }
                else
                {
                    text.Append(pieces[random.Next(pieces.Length)]);
                }
            }

            if (UcumUnit.TryParse(text.ToString(), out var unit, out var error))
            {
                valid++;
                var value = new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29));
                unit.TryCanonicalise(value, out _);
                unit.ToCanonicalDouble(value);
                UcumUnit.TryConvert(value, unit, other, out _, out _);
                UcumUnit.TryConvert(value, other, unit, out _, out _);
                UcumUnit.TryCompare(value, unit, -value, other, out _);
                UcumUnit.TryMultiply(unit, other, out _, out _);
                UcumUnit.TryDivide(other, unit, out _, out _);
                other = unit;
            }
            else
            {
                Assert.NotEmpty(error);
            }
        }

        Assert.InRange(valid, 10_000, 190_000);
    }

    /// <summary>Three units of one dimension: an expression, its canonical unit, and both by some number.</summary>
    private static Gen<(UcumUnit A, UcumUnit B, UcumUnit C)> Comparable { get; } =
        from text in Expression.Where(text => UcumUnit.TryParse(text, out _, out _) && text.Length < 100)
        from number in Gen.Elements("7", "12", "60", "1000", "10*-3", "[pi]")
        from order in Gen.Shuffle([text, text + "/" + number, number + "." + Canonical(text)])
        select (Parse(order[0]), Parse(order[1]), Parse(order[2]));

    private static string Canonical(string text) => Parse(text).CanonicalText;

    private static UcumUnit Parse(string text)
    {
        Assert.True(UcumUnit.TryParse(text, out var unit, out var error), error);
        return unit;
    }

    private static Gen<string> UnitOf(int depth) => depth == 0
        ? Component
        : Gen.Frequency(
            (3, Component),
            (3, from left in UnitOf(depth - 1) from sign in Gen.Elements(".", "/") from right in Component select left + sign + right),
            (1, from inner in UnitOf(depth - 1) select "(" + inner + ")"),
            (1, from left in Component from inner in UnitOf(depth - 1) select left + "/(" + inner + ")"),
            (1, from number in Gen.Choose(1, 9) from inner in Component select number + "/" + inner));

    private static void AssertSameFactor(UcumFactor expected, UcumFactor actual)
    {
        Assert.Equal(expected.Numerator, actual.Numerator);
        Assert.Equal(expected.Denominator, actual.Denominator);
        Assert.Equal(expected.Exponent, actual.Exponent);
    }

    /// <summary>The number of digits before the point, less one; negative for fractions.</summary>
    private static int Magnitude(decimal value) => value == 0 ? 0 : (int)Math.Floor(Math.Log10((double)Math.Abs(value)));

    private static int Digits(decimal value) => value == 0 ? 28 : Scaled(value, BigInteger.Pow(10, value.Scale)).ToString().TrimStart('-').Length;

    private static BigInteger Scaled(decimal value, BigInteger power)
    {
        var bits = decimal.GetBits(value);
        var digits = ((BigInteger)(uint)bits[2] << 64) | ((BigInteger)(uint)bits[1] << 32) | (uint)bits[0];
        return (value < 0 ? -digits : digits) * power / BigInteger.Pow(10, (bits[3] >> 16) & 0xFF);
    }

    private static void Check(Property property) => property.Check(RandomCases.Of(2000));
}
