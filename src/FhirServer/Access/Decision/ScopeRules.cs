using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// Turns SMART scopes into rules. The query of a granular scope is read as any search is and asked of the same index keys, so that it means what the
/// same search finds: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
/// </summary>
internal sealed class ScopeRules(SearchReader reader, RoleReach reach, IndexHasher hasher, ServerOptions options)
{
    /// <summary>What a set of scopes gives of a type by one permission.</summary>
    /// <param name="hasContext">There is a patient in context; else scopes for one give nothing.</param>
    public FactRule Of(ScopeSet scopes, Permissions permission, TypeSchema type, bool hasContext) => FactRule.Any(
        scopes.Resources.Where(scope => scope.IsOf(type.Name) && scope.Permissions.HasFlag(permission)).Select(scope => Of(scope, type, hasContext)));

    /// <summary>Why a scope cannot be given; null when it can.</summary>
    public string? Refuse(ResourceScope scope)
    {
        if (scope.Type != ResourceScope.AllTypes && ResourceTypes.Find(scope.Type) is null)
        {
            return $"R4 has no resource type {SearchPath.Shown(scope.Type)}.";
        }

        if (scope.Query.IsEmpty)
        {
            return null;
        }

        if (scope.Type == "AuditEvent")
        {
            return "Scopes for AuditEvents take no query: most of them are made from access records when they are read.";
        }

        IReadOnlyList<TypeSchema> types = scope.Type == ResourceScope.AllTypes ? ResourceTypes.All : [ResourceTypes.Find(scope.Type)!];
        foreach (TypeSchema type in types)
        {
            Result<FactRule> rule = Read(scope.Query.Text, type);
            if (!rule.IsOk)
            {
                return rule.Error.Issues[0].Message;
            }
        }

        return null;
    }

    private FactRule Of(ResourceScope scope, TypeSchema type, bool hasContext)
    {
        FactRule context = scope.Context != ScopeContext.Patient ? FactRule.Always
            : hasContext ? reach.OfPatientInContext(type)
            : FactRule.Never;
        if (context == FactRule.Never || scope.Query.IsEmpty)
        {
            return context;
        }

        // Refused when it was asked for; if it came into a token all the same, it gives nothing.
        Result<FactRule> query = Read(scope.Query.Text, type);
        return query.IsOk ? FactRule.All(context, query.Value) : FactRule.Never;
    }

    private Result<FactRule> Read(string text, TypeSchema type)
    {
        List<QueryParameter> query = QueryText.Read(text);
        foreach (QueryParameter parameter in query)
        {
            string name = parameter.Name.Split(':')[0];
            if (SearchReader.IsOfResult(parameter.Name) || name is "_type" or "_format" or "_pretty")
            {
                return Undecidable(parameter.Name, "says how a search is answered, and nothing about a resource");
            }

            if (name == "_lastUpdated")
            {
                return Undecidable(parameter.Name, "is known of a resource only after it was written");
            }
        }

        Result<SearchPlan> plan = reader.Read(new SearchContext { Types = [type], Handling = SearchHandling.Strict, ServerBase = options.BaseUrl }, query);
        return plan.IsOk ? Of(plan.Value.Request.Criterion) : plan.Error;
    }

    private Result<FactRule> Of(Criterion criterion)
    {
        switch (criterion)
        {
            case AllOf all:
                return Of(all.Parts, FactRule.All);
            case OneOf one:
                return Of(one.Parts, FactRule.Any);
            case NoneOf none:
                return Of(none.Part) is { IsOk: true } part ? FactRule.Not(part.Value) : Of(none.Part).Error!;
            case HasValue value:
                return Of(value);
            default:
                return Undecidable("The query", "asks for other resources or for words of a text, which the index of a resource does not tell");
        }
    }

    private Result<FactRule> Of(IReadOnlyList<Criterion> parts, Func<IEnumerable<FactRule>, FactRule> join)
    {
        var rules = new List<FactRule>();
        foreach (Criterion part in parts)
        {
            Result<FactRule> rule = Of(part);
            if (!rule.IsOk)
            {
                return rule;
            }

            rules.Add(rule.Value);
        }

        return join(rules);
    }

    private Result<FactRule> Of(HasValue value)
    {
        if (value.Modifier is SearchModifier.In or SearchModifier.NotIn or SearchModifier.Above or SearchModifier.Below && value.Parameter.Type == Fhir.Definitions.SearchParameterType.Token)
        {
            return Undecidable(value.Parameter.Code, "depends on value sets, which may change after the scope was given");
        }

        if (value.Alternatives.Any(alternative => alternative is DateQuery { Prefix: SearchPrefix.Approximate }))
        {
            return Undecidable(value.Parameter.Code, "depends on the present day");
        }

        KeyQuery query = KeyQuery.Of(value, value.Parameter.Id, hasher);
        return query.IsDecisive
            ? new ValueRule(query)
            : Undecidable(value.Parameter.Code, "asks more of its values than the index of a resource tells");
    }

    private static FhirError Undecidable(string parameter, string reason) =>
        FhirError.Unsupported($"'{SearchPath.Shown(parameter)}' cannot narrow a scope: it {reason}.");
}
