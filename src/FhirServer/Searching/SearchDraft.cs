using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>A plan in the making.</summary>
internal sealed class SearchDraft(SearchContext context, SearchLimits limits)
{
    public SearchContext Context { get; } = context;
    public SearchLimits Limits { get; } = limits;

    /// <summary>Empty for all.</summary>
    public IReadOnlyList<TypeSchema> Types { get; set; } = context.Types;

    public IReadOnlyList<TypeSchema> AllTypes => Types.Count == 0 ? ResourceTypes.All : Types;

    public List<Criterion> Criteria { get; } = [];
    public List<SortKey> Sort { get; } = [];
    public List<string> Elements { get; } = [];
    public int? Count { get; set; }
    public TotalMode? Total { get; set; }
    public SummaryMode? Summary { get; set; }
    public ContainedMode? Contained { get; set; }
    public ContainedType? ContainedType { get; set; }
    public List<QueryParameter> Used { get; } = [];
    public List<Issue> Ignored { get; } = [];

    private readonly List<Include> _includes = [];
    private int _includeParameters;

    /// <summary>Adds what one parameter includes; a wildcard counts once, however many types it stands for.</summary>
    public FhirError? Add(IReadOnlyList<Include> includes)
    {
        _includes.AddRange(includes);
        return ++_includeParameters > Limits.MaxIncludes ? SearchFaults.TooMany("_include and _revinclude", Limits.MaxIncludes) : null;
    }

    public SearchPlan ToPlan()
    {
        // R4: _count=0 is to be treated like _summary=count, and there are no resources then to sort or to include for.
        bool isCountOnly = Summary == SummaryMode.Count || Count == 0;
        TotalMode total = isCountOnly ? TotalMode.Accurate : Total ?? Limits.DefaultTotal;
        return new SearchPlan
        {
            Request = new SearchRequest
            {
                Types = Types,
                Criterion = Criteria.Count switch { 0 => Criterion.Any, 1 => Criteria[0], _ => new AllOf(Criteria) },
                Sort = isCountOnly ? [] : Sort,
                Count = isCountOnly ? 0 : Math.Min(Count ?? Limits.DefaultCount, Limits.MaxCount),
                CountTotal = total != TotalMode.None,
                Includes = isCountOnly ? [] : [.. _includes.Distinct()],
                MaxIncluded = Limits.MaxIncluded,
            },
            Total = total,
            Summary = isCountOnly ? SummaryMode.Count : Summary ?? SummaryMode.False,
            Elements = Elements,
            Contained = Contained ?? ContainedMode.False,
            ContainedType = ContainedType ?? Searching.ContainedType.Container,
            Used = Used,
            Ignored = Ignored,
        };
    }
}
