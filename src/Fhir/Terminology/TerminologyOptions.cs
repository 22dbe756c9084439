namespace HealthChain.Fhir.Terminology;

/// <summary>Bounds of the terminology service.</summary>
public sealed record TerminologyOptions
{
    /// <summary>How deep value sets may import each other.</summary>
    internal const int MaxImportDepth = 32;

    public static TerminologyOptions Default { get; } = new();

    /// <summary>Most codes in one answer of <c>$expand</c>; more must be asked for in pages.</summary>
    public int MaxExpansionCodes { get; init; } = 10_000;

    /// <summary>Compiled value sets that are kept; beyond it the cache starts anew.</summary>
    public int MaxCompiledValueSets { get; init; } = 4_096;
}
