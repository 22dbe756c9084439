using System.Numerics;
using System.Text;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// A unit as its text says it, but multiplied out: a ratio of whole numbers and powers of symbols in the order of their first
/// appearance. This is what products and quotients print.
/// </summary>
internal sealed class UcumTerms
{
    public static readonly UcumTerms None = new(BigInteger.One, BigInteger.One, []);

    private static readonly BigInteger NumberLimit = BigInteger.Pow(10, UcumParser.MaxDigits);

    private readonly BigInteger _numerator;
    private readonly BigInteger _denominator;
    private readonly SymbolPower[] _symbols;

    private UcumTerms(BigInteger numerator, BigInteger denominator, SymbolPower[] symbols)
    {
        _numerator = numerator;
        _denominator = denominator;
        _symbols = symbols;
    }

    public static UcumTerms OfSymbol(string symbol) => new(BigInteger.One, BigInteger.One, [new SymbolPower(symbol, 1)]);

    public static UcumTerms OfNumber(BigInteger number) => new(number, BigInteger.One, []);

    /// <summary>
    /// <c>this · other^power</c>; powers that cancel vanish. Null when a number or a power would leave what the parser reads,
    /// so that what is printed can always be read again.
    /// </summary>
    public UcumTerms? Combine(UcumTerms other, int power)
    {
        var times = BigInteger.Pow(other._numerator, Math.Abs(power));
        var over = BigInteger.Pow(other._denominator, Math.Abs(power));
        var numerator = _numerator * (power > 0 ? times : over);
        var denominator = _denominator * (power > 0 ? over : times);
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        var symbols = new List<SymbolPower>(_symbols);
        foreach (var item in other._symbols)
        {
            var index = symbols.FindIndex(symbol => symbol.Symbol == item.Symbol);
            if (index < 0)
            {
                symbols.Add(new SymbolPower(item.Symbol, item.Power * power));
            }
            else
            {
                symbols[index] = new SymbolPower(item.Symbol, symbols[index].Power + (item.Power * power));
            }
        }

        symbols.RemoveAll(symbol => symbol.Power == 0);
        numerator /= divisor;
        denominator /= divisor;
        return numerator >= NumberLimit || denominator >= NumberLimit || symbols.Exists(symbol => Math.Abs(symbol.Power) > sbyte.MaxValue)
            ? null
            : new UcumTerms(numerator, denominator, symbols.ToArray());
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        if (!_numerator.IsOne)
        {
            text.Append(_numerator);
        }

        foreach (var symbol in _symbols)
        {
            if (symbol.Power > 0)
            {
                text.Append(text.Length > 0 ? "." : "");
                Append(text, symbol.Symbol, symbol.Power);
            }
        }

        foreach (var symbol in _symbols)
        {
            if (symbol.Power < 0)
            {
                Append(text.Append('/'), symbol.Symbol, -symbol.Power);
            }
        }

        if (!_denominator.IsOne)
        {
            text.Append('/').Append(_denominator);
        }

        return text.Length > 0 ? text.ToString() : "1";
    }

    private static void Append(StringBuilder text, string symbol, int power)
    {
        text.Append(symbol);
        if (power != 1)
        {
            text.Append(power);
        }
    }

    private readonly record struct SymbolPower(string Symbol, int Power);
}
