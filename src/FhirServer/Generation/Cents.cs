namespace HealthChain.FhirServer.Generation;

/// <summary>An amount of money. Whole numbers of cents add up exactly.</summary>
internal readonly record struct Cents(long Value)
{
    public static Cents operator +(Cents a, Cents b) => new(a.Value + b.Value);

    public static Cents operator -(Cents a, Cents b) => new(a.Value - b.Value);

    /// <summary>A share, rounded down to the cent.</summary>
    public Cents Percent(int percent) => new(Value * percent / 100);

    /// <summary>With two digits after the point.</summary>
    public decimal ToDecimal() => new((int)Value, (int)(Value >> 32), 0, isNegative: false, 2);
}
