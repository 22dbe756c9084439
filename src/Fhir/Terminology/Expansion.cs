using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>How a value set is to be expanded; the parameters of R4's <c>ValueSet/$expand</c>.</summary>
public sealed record ExpansionRequest
{
    public static ExpansionRequest Default { get; } = new();

    /// <summary>Words the user typed: each must begin a word of the display or of a designation, or the code.</summary>
    public string? Filter { get; init; }

    public int Offset { get; init; }

    /// <summary>Size of the page; null for everything up to the service's limit. 0 asks for the total only.</summary>
    public int? Count { get; init; }

    /// <summary>Leaves out codes that are retired or inactive.</summary>
    public bool ActiveOnly { get; init; }

    public bool IncludeDesignations { get; init; }

    public bool IncludeDefinition { get; init; }

    /// <summary>Languages for displays in order of preference, as in Accept-Language: <c>de-AT,de</c>.</summary>
    public string? DisplayLanguage { get; init; }

    /// <summary>False for a tree as the code systems have it; pages and text filters are always flat.</summary>
    public bool ExcludeNested { get; init; } = true;

    /// <summary>Leaves out abstract codes, which only group others.</summary>
    public bool ExcludeNotForUI { get; init; }

    /// <summary>Accepts an expansion without the parts that are out of reach; they are named in its warnings. Otherwise they are an error.</summary>
    public bool Limited { get; init; }
}

/// <summary>A value set written out.</summary>
/// <param name="Total">Number of codes over all pages.</param>
/// <param name="Contains">The codes of this page, in the order of the value set and of its code systems, the same at every call.</param>
/// <param name="CodeSystems">The code systems used, as <c>url|version</c>.</param>
/// <param name="IsComplete">False when parts are missing, which only a limited expansion allows.</param>
/// <param name="Warnings">Missing parts, and versions that stand in for others.</param>
public sealed record Expansion(
    string ValueSet,
    string? Version,
    int Total,
    int Offset,
    IReadOnlyList<ExpansionEntry> Contains,
    IReadOnlyList<string> CodeSystems,
    bool IsComplete,
    IReadOnlyList<Issue> Warnings);

/// <summary>One code of an expansion.</summary>
public sealed record ExpansionEntry(string System, string? Version, string Code, string? Display)
{
    public string? Definition { get; init; }
    public bool IsAbstract { get; init; }
    public bool IsInactive { get; init; }
    public IReadOnlyList<Designation> Designations { get; init; } = [];

    /// <summary>The codes below it, in a nested expansion.</summary>
    public IReadOnlyList<ExpansionEntry> Contains { get; init; } = [];
}
