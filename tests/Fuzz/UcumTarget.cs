using HealthChain.Fhir.Ucum;

namespace HealthChain.Fuzz;

/// <summary>The UCUM engine: parsing, canonical form, conversion and arithmetic of whatever parses.</summary>
public sealed class UcumTarget : FuzzTarget
{
    private static readonly UcumUnit[] Others = [.. new[] { "m/s2", "[degF]", "dB", "mol/L", "k[iU]-2.m100" }.Select(Parsed)];

    public override string Name => "ucum";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        "mg/dL", "10*3/uL", "mL/min/{1.73_m2}", "kg.m/s2", "/100{WBC}", "mm[Hg]", "Cel", "[degF]", "dB[SPL]", "[pH]", "k[iU]/(kg.d)",
        "m[H2O].[in_i]/m", "[mu_0]-2.[pi]3", "%[slope]", "(((m)))", "B[10.nV]", "mol127", "[ft_us]99/7", "10^-12.Gibit", "[m/s2/Hz^(1/2)]");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        ".", "/", "(", ")", "{x}", "{", "}", "[", "]", "-", "+", "10*", "10^", "127", "128", "-127", "0", "9999999999999999999999999999",
        "[iU]", "[CFU]", "[lb_av]", "[pi]", "mol", "Cel", "[degRe]", "bit_s", "deg", "''", "m", "da", "Y", "y", "µ", "\0");

    public override void Run(byte[] input)
    {
        if (!UcumUnit.TryParse(input, out var unit, out var error))
        {
            Promise(error.Length > 0, "a refused unit has a reason");
            return;
        }

        Promise(UcumUnit.TryParse(unit.CanonicalText, out var canonical, out _) && UcumUnit.AreComparable(unit, canonical), "the canonical unit is a unit of the same dimension");
        foreach (var value in (ReadOnlySpan<decimal>)[0, 1, -72.5m, 6.0221367e23m, 1e-28m, decimal.MaxValue, decimal.MinValue])
        {
            if (unit.TryCanonicalise(value, out var quantity))
            {
                Promise(UcumUnit.TryConvert(value, unit, canonical, out var converted) && converted == quantity.Value, "the canonical form is a conversion");
            }

            unit.ToCanonicalDouble(value);
            foreach (var other in Others)
            {
                UcumUnit.TryConvert(value, unit, other, out _);
                UcumUnit.TryConvert(value, other, unit, out _);
                UcumUnit.TryCompare(value, unit, 1, other, out _);
            }
        }

        foreach (var other in Others)
        {
            if (UcumUnit.TryMultiply(unit, other, out var product, out _) && UcumUnit.TryDivide(product, other, out var quotient, out _))
            {
                Promise(UcumUnit.AreComparable(unit, quotient), "a product over one side has the dimension of the other");
            }
        }
    }

    private static UcumUnit Parsed(string text)
    {
        Promise(UcumUnit.TryParse(text, out var unit, out _), text);
        return unit;
    }
}
