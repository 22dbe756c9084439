using System.Text;

namespace HealthChain.Fhir.Ucum;

/// <summary>
/// The kind of quantity that a unit measures: the exponents of UCUM's seven base units, and of arbitrary units, each of which is
/// a dimension of its own (UCUM § 24). Units are comparable exactly when their dimensions are equal.
/// </summary>
public readonly struct UcumDimension : IEquatable<UcumDimension>
{
    /// <summary>What the parser reads, so that every canonical text can be read.</summary>
    private const int MaxExponent = sbyte.MaxValue;

    private static readonly string[] BaseUnits = ["m", "s", "g", "rad", "K", "C", "cd"];

    /// <summary>Seven signed bytes, in the order of <see cref="BaseUnits"/>: one comparison says whether they are equal.</summary>
    private readonly ulong _base;

    /// <summary>Sorted by code, exponents not zero; null when there is none.</summary>
    private readonly ArbitraryPower[]? _arbitrary;

    private UcumDimension(ulong baseExponents, ArbitraryPower[]? arbitrary)
    {
        _base = baseExponents;
        _arbitrary = arbitrary;
    }

    public int Metre => Exponent(0);

    public int Second => Exponent(1);

    public int Gram => Exponent(2);

    public int Radian => Exponent(3);

    public int Kelvin => Exponent(4);

    public int Coulomb => Exponent(5);

    public int Candela => Exponent(6);

    /// <summary>Whether this is a pure number, as of <c>%</c>, <c>mol</c> or <c>{beats}</c>.</summary>
    public bool IsDimensionless => _base == 0 && _arbitrary is null;

    internal static UcumDimension OfBase(string code) => new(1UL << (8 * Array.IndexOf(BaseUnits, code)), null);

    internal static UcumDimension OfArbitrary(string code) => new(0, [new ArbitraryPower(code, 1)]);

    /// <summary>The dimension of <c>left · right^power</c>; false when an exponent exceeds 127.</summary>
    internal static bool TryCombine(in UcumDimension left, in UcumDimension right, int power, out UcumDimension result)
    {
        result = default;
        ulong exponents = 0;
        for (var i = 0; i < BaseUnits.Length; i++)
        {
            var exponent = left.Exponent(i) + (right.Exponent(i) * power);
            if (Math.Abs(exponent) > MaxExponent)
            {
                return false;
            }

            exponents |= (ulong)(byte)exponent << (8 * i);
        }

        var arbitrary = left._arbitrary;
        foreach (var item in right._arbitrary ?? [])
        {
            if (!TryAdd(ref arbitrary, item.Code, item.Exponent * power))
            {
                return false;
            }
        }

        result = new UcumDimension(exponents, arbitrary);
        return true;
    }

    private static bool TryAdd(ref ArbitraryPower[]? list, string code, int exponent)
    {
        var powers = new List<ArbitraryPower>(list ?? []);
        var index = powers.FindIndex(power => power.Code == code);
        if (index >= 0)
        {
            exponent += powers[index].Exponent;
            powers.RemoveAt(index);
        }

        if (Math.Abs(exponent) > MaxExponent)
        {
            return false;
        }

        if (exponent != 0)
        {
            var at = powers.FindIndex(power => string.CompareOrdinal(power.Code, code) > 0);
            powers.Insert(at < 0 ? powers.Count : at, new ArbitraryPower(code, exponent));
        }

        list = powers.Count == 0 ? null : powers.ToArray();
        return true;
    }

    private int Exponent(int index) => (sbyte)(_base >> (8 * index));

    /// <summary>The unit of this dimension whose magnitude is one, as <c>m-1.s-2.g</c> for pressures; <c>1</c> for pure numbers.</summary>
    public override string ToString()
    {
        if (IsDimensionless)
        {
            return "1";
        }

        var text = new StringBuilder();
        for (var i = 0; i < BaseUnits.Length; i++)
        {
            Append(text, BaseUnits[i], Exponent(i));
        }

        foreach (var power in _arbitrary ?? [])
        {
            Append(text, power.Code, power.Exponent);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string code, int exponent)
    {
        if (exponent != 0)
        {
            text.Append(text.Length > 0 ? "." : "").Append(code);
            if (exponent != 1)
            {
                text.Append(exponent);
            }
        }
    }

    public bool Equals(UcumDimension other) =>
        _base == other._base && (_arbitrary == other._arbitrary || _arbitrary.AsSpan().SequenceEqual(other._arbitrary));

    public override bool Equals(object? obj) => obj is UcumDimension other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(_base);
        foreach (var power in _arbitrary ?? [])
        {
            hash.Add(power);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(UcumDimension left, UcumDimension right) => left.Equals(right);

    public static bool operator !=(UcumDimension left, UcumDimension right) => !left.Equals(right);

    private readonly record struct ArbitraryPower(string Code, int Exponent);
}
