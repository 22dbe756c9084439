using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>A parameter of a search request, percent-encoding resolved, FHIR's own escapes not.</summary>
internal readonly record struct QueryParameter(string Name, string Value);

/// <summary>What to do with parameters that are not known here (<c>Prefer: handling</c>).</summary>
internal enum SearchHandling
{
    /// <summary>Leave them out and say so in the bundle.</summary>
    Lenient,

    /// <summary>Refuse the search.</summary>
    Strict,
}

internal enum TotalMode
{
    None,
    Estimate,
    Accurate,
}

internal enum SummaryMode
{
    False,
    True,
    Text,
    Data,
    Count,
}

internal enum ContainedMode
{
    False,
    True,
    Both,
}

internal enum ContainedType
{
    Container,
    Contained,
}

/// <summary>The resource whose compartment is searched: <c>/Patient/1/Observation</c>.</summary>
internal sealed record CompartmentOf(string Type, string Id);

/// <summary>Where a search is asked for.</summary>
internal sealed record SearchContext
{
    /// <summary>Resource types of the path; empty for all, which <c>_type</c> may narrow.</summary>
    public IReadOnlyList<TypeSchema> Types { get; init; } = [];

    public CompartmentOf? Compartment { get; init; }

    public SearchHandling Handling { get; init; }

    /// <summary>This server's base url without the last slash: references to it are relative ones.</summary>
    public string? ServerBase { get; init; }

    /// <summary>What answers questions about codes; null for the terminology that is loaded.</summary>
    public TerminologyService? Terminology { get; init; }
}

/// <summary>What a search may ask for at most. Beyond it the request is refused as too costly; <c>_count</c> is lowered instead.</summary>
internal sealed record SearchLimits
{
    public int MaxParameters { get; init; } = 200;

    /// <summary>Steps from resource to resource, forwards or backwards, of one parameter.</summary>
    public int MaxChainDepth { get; init; } = 8;

    /// <summary>Conditions of the whole search: a parameter counts once for every definition of it that a chain may lead to.</summary>
    public int MaxCriteria { get; init; } = 2000;

    /// <summary>Values of one parameter, those that a value set stands for included.</summary>
    public int MaxAlternatives { get; init; } = 1000;

    public int MaxValueLength { get; init; } = 64 * 1024;
    public int MaxIncludes { get; init; } = 50;
    public int MaxIncluded { get; init; } = 1000;
    public int MaxSortKeys { get; init; } = 8;
    public int MaxFilterDepth { get; init; } = 32;

    /// <summary>Comparisons in one <c>_filter</c>.</summary>
    public int MaxFilterTerms { get; init; } = 100;

    /// <summary>Resources that one search for contained ones may look into.</summary>
    public int MaxContainers { get; init; } = 10_000;

    /// <summary>Entries of the access log that one search may look at.</summary>
    public int MaxRecords { get; init; } = 10_000;

    public int DefaultCount { get; init; } = 20;
    public int MaxCount { get; init; } = 1000;

    /// <summary>What holds when a search has no <c>_total</c>.</summary>
    public TotalMode DefaultTotal { get; init; } = TotalMode.Accurate;
}

/// <summary>A search request that was read and understood: what the store is to find, and how the answer is to look.</summary>
internal sealed record SearchPlan
{
    public required SearchRequest Request { get; init; }

    public TotalMode Total { get; init; }

    public SummaryMode Summary { get; init; }

    /// <summary>Elements to show; empty for all.</summary>
    public IReadOnlyList<string> Elements { get; init; } = [];

    public ContainedMode Contained { get; init; }

    public ContainedType ContainedType { get; init; }

    /// <summary>The parameters that had an effect, for the self link; what only says how to write the answer is not among them.</summary>
    public required IReadOnlyList<QueryParameter> Used { get; init; }

    /// <summary>One for each parameter that was left out.</summary>
    public IReadOnlyList<Issue> Ignored { get; init; } = [];
}
