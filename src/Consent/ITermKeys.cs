namespace HealthChain.Consent;

/// <summary>
/// Gives what rules compare a key, when a decision is compiled, so that resources that are known by keys alone can be judged without making any. The
/// keys of two values are equal only if the values are.
/// </summary>
public interface ITermKeys
{
    long OfCode(ConsentCode code);

    /// <param name="profile">Canonical of a profile, with or without a version.</param>
    long OfProfile(string profile);

    /// <param name="reference">Such as <c>Patient/7</c>, or whatever else stands in a literal reference.</param>
    long OfReference(string reference);
}

/// <summary>For decisions about resources that are at hand themselves.</summary>
public sealed class NoTermKeys : ITermKeys
{
    public static NoTermKeys Instance { get; } = new();

    public long OfCode(ConsentCode code) => 0;

    public long OfProfile(string profile) => 0;

    public long OfReference(string reference) => 0;
}

/// <summary>A code of a rule and its key.</summary>
public readonly record struct CodeTerm(ConsentCode Code, long Key);

/// <summary>The canonical of a profile, or a reference, of a rule and its key.</summary>
public readonly record struct TextTerm(string Text, long Key);
