using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>What one <c>$everything</c> asks for, turned into searches of a compartment.</summary>
internal sealed record EverythingQuestion
{
    /// <summary>Types that can be in the compartment.</summary>
    public required IReadOnlyList<TypeSchema> Members { get; init; }

    /// <summary>Types asked for; empty for all.</summary>
    public IReadOnlyList<TypeSchema> Types { get; init; } = [];

    public DateTimeOffset? Since { get; init; }

    /// <summary>Conditions on the members of the compartment.</summary>
    public IReadOnlyList<Criterion> Criteria { get; init; } = [];

    /// <summary>Resources on a page; null for all at once.</summary>
    public int? Count { get; init; }

    /// <summary>Whether consents come without being named.</summary>
    public bool GivesConsents { get; init; }

    /// <summary>Types that are looked through in the compartment.</summary>
    public IReadOnlyList<TypeSchema> Searched =>
        !FollowsReferences ? Types
        : GivesConsents || Types.Any(IsConsent) ? Members
        : [.. Members.Where(type => !IsConsent(type))];

    /// <summary>The parameters again, for links.</summary>
    public required IReadOnlyList<QueryParameter> Parameters { get; init; }

    /// <summary>Whether what is asked for may be outside the compartment, so that references must be followed.</summary>
    public bool FollowsReferences => Types.Count == 0 || !Types.All(Members.Contains);

    private static bool IsConsent(TypeSchema type) => type.Name == "Consent";

    public bool Asks(string type) => Types.Count == 0 || Types.Any(asked => asked.Name == type);
}

/// <summary>Reads the parameters of <c>$everything</c>.</summary>
internal sealed class EverythingReader(SearchReader searches, SearchParameterSet parameters, SearchLimits limits)
{
    private static readonly string[] Names = ["start", "end", "_since", "_type", "_count"];

    /// <summary>
    /// By which date a resource of a type counts as care within a period; the first that the type has. A type with none of them, such
    /// as Coverage, has no care date and is never left out for one.
    /// </summary>
    private static readonly string[] CareDates =
    [
        "authoredon", "date", "onset-date", "occurrence", "effective-time", "effective", "whenhandedover", "start-date", "started", "sent",
        "event-date", "created", "collected", "identified", "recorded", "authored", "authored-on", "datetime", "datewritten", "period",
    ];

    public Result<EverythingQuestion> Read(OperationInput input, string compartment)
    {
        TypeSchema[] members = [.. ResourceTypes.All.Where(type => parameters.Compartment(compartment, type) is not null)];
        var types = new List<TypeSchema>();
        foreach (string name in input.Texts("_type").SelectMany(list => list.Split(',')))
        {
            if (ResourceTypes.Find(name) is not { } type)
            {
                return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"'{SearchPath.Shown(name)}' in '_type' is no resource type.");
            }

            types.Add(type);
        }

        if (input.Integer("_count") is < 1)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, "'_count' must be 1 or more.");
        }

        TypeSchema[] looked = types.Count > 0 && types.TrueForAll(members.Contains) ? [.. types] : members;
        Result<List<Criterion>> criteria = Criteria(input, looked);
        return criteria.IsOk
            ? new EverythingQuestion
            {
                Members = members,
                Types = [.. types.Distinct()],
                Since = input.Text("_since") is { } since ? DateTimeOffset.Parse(since) : null,
                Criteria = criteria.Value,
                Count = input.Integer("_count") is { } count ? Math.Min(count, limits.MaxCount) : null,
                Parameters = [.. Names.SelectMany(name => input.Texts(name).Select(text => new QueryParameter(name, text)))],
            }
            : criteria.Error;
    }

    private Result<List<Criterion>> Criteria(OperationInput input, TypeSchema[] types)
    {
        var criteria = new List<Criterion>();
        if (input.Text("_since") is { } since)
        {
            Result<Criterion> updated = Read(types[0], "_lastUpdated", "ge" + since);
            if (!updated.IsOk)
            {
                return updated.Error;
            }

            criteria.Add(updated.Value);
        }

        // Out is what ended before the start or began after the end; care that reaches into the period is in it, and so is what has no date.
        string[] outside = [.. new[] { ("eb", input.Text("start")), ("sa", input.Text("end")) }.Where(bound => bound.Item2 is not null).Select(bound => bound.Item1 + bound.Item2)];
        foreach (IGrouping<IndexedParameter, TypeSchema> group in types.Where(type => CareDate(type) is not null).GroupBy(type => CareDate(type)!))
        {
            foreach (string value in outside)
            {
                Result<Criterion> isOut = Read(group.First(), group.Key.Code, value);
                if (!isOut.IsOk)
                {
                    return isOut.Error;
                }

                criteria.Add(new NoneOf(isOut.Value));
            }
        }

        return criteria;
    }

    private Result<Criterion> Read(TypeSchema type, string code, string value)
    {
        Result<SearchPlan> plan = searches.Read(new SearchContext { Types = [type], Handling = SearchHandling.Strict }, [new QueryParameter(code, value)]);
        return plan.IsOk ? plan.Value.Request.Criterion : plan.Error;
    }

    private IndexedParameter? CareDate(TypeSchema type)
    {
        foreach (string code in CareDates)
        {
            if (parameters.Find(type, code) is { Type: SearchParameterType.Date } parameter)
            {
                return parameter;
            }
        }

        return null;
    }
}
