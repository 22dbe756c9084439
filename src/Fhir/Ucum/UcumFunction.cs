using System.Globalization;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// How the numbers on a special unit's scale relate to numbers of its proper unit (UCUM §§ 21, 22):
/// <c>r = ToRatio(x)</c>, <c>x = FromRatio(r)</c>.
/// </summary>
internal sealed class UcumFunction
{
    private static readonly Dictionary<string, UcumFunction> Functions = new(StringComparer.Ordinal)
    {
        ["Cel"] = Shifted(273.15m),
        ["degF"] = Shifted(459.67m),
        // 80 degrees Réaumur span what 100 degrees Celsius span, so zero kelvin lies at -273.15 × 0.8.
        ["degRe"] = Shifted(218.52m),
        ["pH"] = Logarithm(-1, 10),
        ["ln"] = Logarithm(1, Math.E),
        ["lg"] = Logarithm(1, 10),
        ["lgTimes2"] = Logarithm(2, 10),
        ["ld"] = Logarithm(1, 2),
        ["hpX"] = Logarithm(-1, 10),
        ["hpC"] = Logarithm(-1, 100),
        ["hpM"] = Logarithm(-1, 1_000),
        ["hpQ"] = Logarithm(-1, 50_000),
        ["sqrt"] = new(x => x * x, Math.Sqrt),
        ["tanTimes100"] = new(x => Math.Atan(x / 100), r => 100 * Math.Tan(r)),
        // The proper unit of %[slope] is the degree, so the angle on the ratio scale is a number of degrees.
        ["100tan"] = new(x => double.RadiansToDegrees(Math.Atan(x / 100)), r => 100 * Math.Tan(double.DegreesToRadians(r))),
    };

    private readonly Func<double, double> _toRatio;
    private readonly Func<double, double> _fromRatio;

    private UcumFunction(Func<double, double> toRatio, Func<double, double> fromRatio, decimal? offset = null)
    {
        _toRatio = toRatio;
        _fromRatio = fromRatio;
        Offset = offset;
    }

    /// <summary>For the temperature scales, what is added to reach the ratio scale, so that they stay exact; else null.</summary>
    public decimal? Offset { get; }

    public static UcumFunction Named(string name) => Functions[name];

    public double ToRatio(double value) => _toRatio(value);

    /// <summary>Not a number, or infinite, where the scale has no such value (the logarithm of a negative number).</summary>
    public double FromRatio(double ratio) => _fromRatio(ratio);

    /// <summary>
    /// Splits a computed number into fifteen decimal digits and an exponent of ten. The last bits of a logarithm are noise;
    /// without them pH 7 is 1e-7 mol/l, whichever way it was reached. False for what is not a finite number.
    /// </summary>
    public static bool TryToDecimal(double number, out decimal digits, out int exponent)
    {
        digits = 0;
        exponent = 0;
        if (!double.IsFinite(number))
        {
            return false;
        }

        Span<char> text = stackalloc char[32];
        number.TryFormat(text, out var length, "E14", CultureInfo.InvariantCulture);
        var e = text[..length].IndexOf('E');
        digits = decimal.Parse(text[..e], NumberStyles.Float, CultureInfo.InvariantCulture);
        exponent = int.Parse(text[(e + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return true;
    }

    private static UcumFunction Shifted(decimal offset) => new(x => x + (double)offset, r => r - (double)offset, offset);

    private static UcumFunction Logarithm(double times, double radix) => new(
        x => Math.Pow(radix, x / times),
        r => times * (radix == 10 ? Math.Log10(r) : radix == 2 ? Math.Log2(r) : Math.Log(r) / Math.Log(radix)));
}
