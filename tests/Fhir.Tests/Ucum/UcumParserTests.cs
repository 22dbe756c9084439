using System.Text;
using HealthChain.Fhir.Ucum;
using Xunit;

namespace HealthChain.Fhir.Tests.Ucum;

public sealed class UcumParserTests
{
    [Fact]
    public void Every_atom_parses_and_its_prefixed_form_only_when_metric()
    {
        var atoms = UcumTable.Current.Definitions.Atoms;
        Assert.True(atoms.Count >= 300);
        foreach (var atom in atoms)
        {
            Assert.True(UcumUnit.TryParse(atom.Code, out var unit, out var error), error);
            Assert.Equal(atom.Kind == UcumAtomKind.Special, unit.IsSpecial);
            Assert.Equal(atom.IsMetric || atoms.Any(other => other.Code == "u" + atom.Code), UcumUnit.TryParse("u" + atom.Code, out _, out _));
        }
    }

    [Theory]
    [InlineData("m", "m")]
    [InlineData("kg.m/s2", "m.s-2.g")]
    [InlineData("/min", "s-1")]
    [InlineData("/m.s", "m-1.s")]
    [InlineData("m/s.s", "m")]
    [InlineData("m/(s.s)", "m.s-2")]
    [InlineData("(((m)))", "m")]
    [InlineData("mL/min/{1.73_m2}", "m3.s-1")]
    [InlineData("mg{total}/dL{plasma}", "m-3.g")]
    [InlineData("{RBC}/{HPF}", "1")]
    [InlineData("/100{WBC}", "1")]
    [InlineData("10*-3.kg2", "g2")]
    [InlineData("10^+3/uL", "m-3")]
    [InlineData("kcal/(8.h)", "m2.s-3.g")]
    [InlineData("m0", "1")]
    [InlineData("m+2", "m2")]
    [InlineData("[in_i'H2O]", "m-1.s-2.g")]
    [InlineData("B[10.nV]", "m2.s-2.g.C-1")]
    [InlineData("10.B", "1")]
    [InlineData("Cel/2", "K")]
    [InlineData("1.Cel", "K")]
    [InlineData("[CFU].[PFU]/[iU]2", "[CFU].[PFU].[iU]-2")]
    public void Expressions_have_their_dimension(string text, string canonical)
    {
        Assert.True(UcumUnit.TryParse(text, out var unit, out var error), error);
        Assert.Equal(canonical, unit.CanonicalText);
        Assert.Equal(text, unit.Text);
    }

    [Theory]
    [InlineData("mg/(kg{body}.h)", "mg/kg/h")]
    [InlineData("m.m", "m2")]
    [InlineData("m/m", "1")]
    [InlineData("{score}", "1")]
    [InlineData("1/min", "/min")]
    [InlineData("s-1", "/s")]
    [InlineData("4.m/6", "2.m/3")]
    [InlineData("10*3/uL", "10*3/uL")]
    [InlineData("Cel", "Cel")]
    [InlineData("2.dB", "2.dB")]
    public void Normal_text_is_multiplied_out(string text, string expected)
    {
        Assert.True(UcumUnit.TryParse(text, out var unit, out var error), error);
        Assert.Equal(expected, unit.ToNormalText());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("KG", "'kg' is")]
    [InlineData("mmHg", "'mm[Hg]' is")]
    [InlineData("IU", "'[IU]' is")]
    [InlineData("degF", "'[degF]' is")]
    [InlineData("kmin", "takes no prefix")]
    [InlineData("k[lb_av]", "takes no prefix")]
    [InlineData("furlong", "'furlong' is no UCUM unit")]
    [InlineData("m/", "ends where")]
    [InlineData("m..s", "'.' must not stand here")]
    [InlineData("m s", "U+0020")]
    [InlineData("µg", "U+00B5")]
    [InlineData("m2)", "')' must not stand here")]
    [InlineData("(m", "not closed")]
    [InlineData("m{x", "not closed")]
    [InlineData("m{a b}", "other than blanks")]
    [InlineData("m{a{b}}", "other than blanks")]
    [InlineData("[lb_av", "not closed")]
    [InlineData("m+", "digits of an exponent")]
    [InlineData("m200", "beyond 127")]
    [InlineData("m100.m100", "beyond what is supported")]
    [InlineData("[ft_us]127.[ft_us]127", "beyond what is supported")]
    [InlineData("mg/0", "zero")]
    [InlineData("Cel2", "on a scale of its own")]
    [InlineData("Cel/min", "on a scale of its own")]
    [InlineData("g/Cel", "on a scale of its own")]
    [InlineData("dB.Cel", "on a scale of its own")]
    [InlineData("1/[pH]", "on a scale of its own")]
    [InlineData("((((((((((((((((((m))))))))))))))))))", "parentheses")]
    [InlineData("(/m)", "'/' must not stand here")]
    [InlineData("m2m", "'m' must not stand here")]
    [InlineData("{a}m", "'m' must not stand here")]
    public void A_bad_unit_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(UcumUnit.TryParse(text, out var unit, out var error));
        Assert.Same(UcumUnit.One, unit);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_more_than_256_characters_is_refused()
    {
        Assert.True(UcumUnit.TryParse("m{" + new string('x', 253) + "}", out _, out _));
        Assert.False(UcumUnit.TryParse("m{" + new string('x', 254) + "}", out _, out var error));
        Assert.Contains("256", error, StringComparison.Ordinal);
        Assert.False(UcumUnit.TryParse(new byte[100_000], out _, out _));
    }

    [Fact]
    public void Bytes_and_characters_parse_alike()
    {
        foreach (var text in new[] { "mm[Hg]", "µg", "10*3/uL", "mg/", "" })
        {
            var fromText = UcumUnit.TryParse(text, out var unit, out var error);
            Assert.Equal(fromText, UcumUnit.TryParse(Encoding.UTF8.GetBytes(text), out var fromBytes, out var bytesError));
            Assert.Same(unit, fromBytes);
            Assert.Equal(error, bytesError);
        }

        Assert.False(UcumUnit.TryParse([0xFF, 0xC0], out _, out _));
    }

    [Theory]
    [InlineData("cm", "m", "cm.m", "cm/m")]
    [InlineData("g", "g", "g2", "1")]
    [InlineData("m/s", "s", "m", "m/s2")]
    [InlineData("1", "h", "h", "/h")]
    [InlineData("mg{x}/dL", "dL", "mg", "mg/dL2")]
    [InlineData("Cel", "1", "Cel", "Cel")]
    public void Products_and_quotients_print_their_unit(string left, string right, string product, string quotient)
    {
        Assert.True(UcumUnit.TryParse(left, out var a, out _));
        Assert.True(UcumUnit.TryParse(right, out var b, out _));
        Assert.True(UcumUnit.TryMultiply(a, b, out var multiplied, out _));
        Assert.True(UcumUnit.TryDivide(a, b, out var divided, out _));
        Assert.Equal(product, multiplied.Text);
        Assert.Equal(quotient, divided.Text);
    }

    [Fact]
    public void A_special_unit_takes_no_part_in_arithmetic()
    {
        Assert.True(UcumUnit.TryParse("Cel", out var celsius, out _));
        Assert.True(UcumUnit.TryParse("s", out var second, out _));
        Assert.False(UcumUnit.TryMultiply(celsius, second, out _, out var error));
        Assert.Contains("'Cel'", error, StringComparison.Ordinal);
        Assert.False(UcumUnit.TryDivide(second, celsius, out _, out _));
        Assert.False(UcumUnit.TryDivide(celsius, celsius, out _, out _));
    }

    [Fact]
    public void The_cache_keeps_what_is_used_and_forgets_the_rest()
    {
        var cache = new UcumCache(capacity: 100);
        Assert.True(UcumUnit.TryParse("m{kept}", out var kept, out _));
        cache.Add(kept.Text, kept);
        for (var i = 0; i < 10_000; i++)
        {
            cache.Add("m{" + i + "}", UcumUnit.One);
            Assert.True(cache.TryGet("m{kept}", out var found));
            Assert.Same(kept, found);
            Assert.InRange(cache.Count, 0, 100);
        }

        Assert.True(cache.TryGet("m{9999}", out _));
        Assert.False(cache.TryGet("m{5}", out _));
    }

    [Fact]
    public void The_binary_form_keeps_every_definition()
    {
        using var stream = new MemoryStream();
        var definitions = UcumTable.Current.Definitions;
        definitions.WriteBinary(stream);
        stream.Position = 0;
        var read = UcumDefinitions.ReadBinary(stream);
        Assert.Equal(definitions.Prefixes, read.Prefixes);
        Assert.Equal(definitions.Atoms, read.Atoms);
        stream.Position = 1;
        Assert.Throws<InvalidDataException>(() => UcumDefinitions.ReadBinary(stream));
    }
}
