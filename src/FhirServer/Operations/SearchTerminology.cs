using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// The terminology that the parameters of a search need: value sets of <c>:in</c> and <c>:not-in</c>, code systems of <c>:above</c>
/// and <c>:below</c>, and the same in <c>_filter</c>, may be stored on this server. https://hl7.org/fhir/R4/search.html#token
/// </summary>
internal sealed class SearchTerminology(StoredDefinitions stored, IResourceStore store, SearchLimits limits)
{
    private const string ValueSetPath = "ValueSet/";

    /// <summary>Null when what is loaded suffices.</summary>
    public async ValueTask<Result<TerminologyService?>> ForAsync(AccessScope scope, IReadOnlyList<QueryParameter> query, CancellationToken cancellationToken)
    {
        var needed = new List<Needed>();
        var given = new List<IDefinition>();
        foreach (QueryParameter parameter in query)
        {
            foreach (Needed next in NeededBy(parameter))
            {
                if (next.Canonical.StartsWith(ValueSetPath, StringComparison.Ordinal))
                {
                    given.AddRange(await NamedAsync(scope, next.Canonical, cancellationToken));
                }
                else
                {
                    needed.Add(next);
                }
            }
        }

        if (needed.Count + given.Count == 0)
        {
            return (TerminologyService?)null;
        }

        Result<Knowledge> knowledge = await stored.ForAsync(scope, needed, given, cancellationToken);
        return knowledge.IsOk ? knowledge.Value.Terminology : knowledge.Error;
    }

    private IEnumerable<Needed> NeededBy(in QueryParameter parameter)
    {
        if (parameter.Name == "_filter")
        {
            // What is wrong with a filter is said where it is read.
            return parameter.Value.Length <= limits.MaxValueLength && FilterParser.Parse(parameter.Value, limits) is { IsOk: true, Value: var filter } ? NeededBy(filter) : [];
        }

        int colon = parameter.Name.LastIndexOf(':');
        return colon < 0 ? [] : parameter.Name[(colon + 1)..] switch
        {
            "in" or "not-in" => parameter.Value.Split(',').SelectMany(ValueSetOf),
            "above" or "below" => parameter.Value.Split(',').SelectMany(CodeSystemOf),
            _ => [],
        };
    }

    private static IEnumerable<Needed> NeededBy(FilterNode filter) => filter switch
    {
        FilterAnd and => NeededBy(and.Left).Concat(NeededBy(and.Right)),
        FilterOr or => NeededBy(or.Left).Concat(NeededBy(or.Right)),
        FilterNot not => NeededBy(not.Part),
        FilterCompare comparison => NeededBy(comparison).Concat(comparison.Path.Select(step => step.Condition).OfType<FilterNode>().SelectMany(NeededBy)),
        _ => [],
    };

    private static IEnumerable<Needed> NeededBy(FilterCompare comparison) => comparison.Operator switch
    {
        "in" or "ni" => ValueSetOf(comparison.Value),
        "ss" or "sb" => CodeSystemOf(comparison.Value),
        _ => [],
    };

    private static IEnumerable<Needed> ValueSetOf(string value) => value.Length > 0 ? [new Needed(DefinitionKind.ValueSet, value)] : [];

    /// <summary>Without a bar it is no code but a uri, which needs no terminology.</summary>
    private static IEnumerable<Needed> CodeSystemOf(string value) =>
        value.IndexOf('|', StringComparison.Ordinal) is var bar and > 0 ? [new Needed(DefinitionKind.CodeSystem, value[..bar])] : [];

    /// <summary>R4: "the URI is a literal one, such as ValueSet/123". It is found under that name then, whatever its canonical is.</summary>
    private async ValueTask<IReadOnlyList<IDefinition>> NamedAsync(AccessScope scope, string reference, CancellationToken cancellationToken)
    {
        string id = reference[ValueSetPath.Length..];
        StoredVersion? version = RequestTarget.IsId(id) ? await store.ReadAsync(scope, new ResourceKey("ValueSet", id), cancellationToken) : null;
        return version is { IsDeleted: false } && DefinitionJson.Read(Terminology.DefinitionInput.WithUrl(version.Json, reference), "ValueSet") is { IsOk: true, Value: ValueSet valueSet }
            ? [valueSet with { Url = reference, Version = null }]
            : [];
    }
}
