using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>
/// Turns the parameters of a search into a <see cref="SearchPlan"/>: https://hl7.org/fhir/R4/search.html. Parameters that are not
/// known here are reported or, under strict handling, refused; values and modifiers that make no sense are always refused.
/// </summary>
/// <remarks>Pure but for the clock, and safe to share between threads.</remarks>
internal sealed class SearchReader(SearchParameterSet parameters, TerminologyService terminology, TimeProvider time, SearchLimits limits)
{
    private readonly TerminologyResolver _terminology = new(terminology, limits);
    private readonly IncludeReader _includes = new(parameters);

    /// <summary>Whether a parameter says what the answer holds beside the matches, and in what order and size.</summary>
    public static bool IsOfResult(string parameter) => parameter.Split(':')[0] is var name && (name is "_include" or "_revinclude" || ResultParameters.Knows(name));

    public Result<SearchPlan> Read(SearchContext context, IReadOnlyList<QueryParameter> query)
    {
        if (query.Count > limits.MaxParameters)
        {
            return SearchFaults.TooMany("parameters", limits.MaxParameters);
        }

        var draft = new SearchDraft(context, limits);
        foreach (QueryParameter parameter in query)
        {
            if (parameter.Name == "_type" && Accept(draft, parameter, ReadTypes(draft, parameter)) is { } error)
            {
                return error;
            }
        }

        if (ReadCompartment(draft) is { } outside)
        {
            return outside;
        }

        var criteria = new CriterionReader(parameters, context.Terminology is { } own ? new TerminologyResolver(own, limits) : _terminology, limits, new SearchQueryOptions
        {
            Now = time.GetUtcNow(),
            ServerBase = context.ServerBase,
            MaxAlternatives = limits.MaxAlternatives,
            MaxLength = limits.MaxValueLength,
        });
        foreach (QueryParameter parameter in query)
        {
            // Already read, or read where the form of the answer is chosen.
            if (parameter.Name is not ("_type" or "_format" or "_pretty")
                && Accept(draft, parameter, ReadOne(draft, criteria, parameter)) is { } error)
            {
                return error;
            }
        }

        return draft.ToPlan();
    }

    /// <summary>Books a parameter as used or as ignored.</summary>
    /// <returns>The error that ends the search, or null.</returns>
    private static FhirError? Accept(SearchDraft draft, QueryParameter parameter, FhirError? error)
    {
        if (error is null)
        {
            draft.Used.Add(parameter);
            return null;
        }

        if (draft.Context.Handling == SearchHandling.Strict || !SearchFaults.IsUnknown(error))
        {
            return SearchFaults.AsRefusal(error);
        }

        draft.Ignored.AddRange(SearchFaults.Ignored(error));
        return null;
    }

    private static FhirError? ReadTypes(SearchDraft draft, QueryParameter parameter)
    {
        var named = new List<TypeSchema>();
        foreach (string name in parameter.Value.Split(','))
        {
            if (ResourceTypes.Find(name) is not { } type)
            {
                return FhirError.Invalid($"'{SearchPath.Shown(name)}' is no value for '_type': expected a resource type.");
            }

            if (!named.Contains(type))
            {
                named.Add(type);
            }
        }

        draft.Types = draft.Types.Count == 0 ? named : [.. draft.Types.Where(named.Contains)];
        return draft.Types.Count > 0 ? null : FhirError.Invalid("No resource type meets both the path and all values of '_type'.");
    }

    private FhirError? ReadCompartment(SearchDraft draft)
    {
        if (draft.Context.Compartment is not { } compartment)
        {
            return null;
        }

        // Without a type, those that can be in the compartment are meant; one that never is would find nothing without saying so.
        TypeSchema[] members = [.. draft.AllTypes.Where(type => parameters.Compartment(compartment.Type, type) is not null)];
        if (members.Length == 0 || (draft.Types.Count > 0 && members.Length < draft.Types.Count))
        {
            TypeSchema stranger = draft.AllTypes.First(type => !members.Contains(type));
            return FhirError.Invalid($"{stranger.Name} is never in the compartment of a {SearchPath.Shown(compartment.Type)}.");
        }

        draft.Types = members;
        draft.Criteria.Add(new InCompartment(compartment.Type, compartment.Id));
        return null;
    }

    private FhirError? ReadOne(SearchDraft draft, CriterionReader criteria, QueryParameter parameter)
    {
        if (parameter.Name.Length > limits.MaxValueLength)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, "The name of a parameter is too long.");
        }

        if (parameter.Value.Length == 0)
        {
            return SearchFaults.Unknown($"The parameter '{SearchPath.Shown(parameter.Name)}' has no value.");
        }

        int colon = parameter.Name.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? parameter.Name : parameter.Name[..colon];
        string? modifier = colon < 0 ? null : parameter.Name[(colon + 1)..];
        if (name is "_include" or "_revinclude")
        {
            Result<IReadOnlyList<Include>> includes = _includes.Read(draft.AllTypes, modifier, name == "_revinclude", parameter.Value);
            return includes.IsOk ? draft.Add(includes.Value) : includes.Error;
        }

        if (ResultParameters.Knows(name))
        {
            return modifier is null
                ? ResultParameters.Read(draft, parameters, parameter)
                : FhirError.Invalid($"'{name}' takes no modifier, found ':{SearchPath.Shown(modifier)}'.");
        }

        Result<Criterion> criterion = criteria.Read(draft.AllTypes, parameter);
        if (criterion.IsOk)
        {
            draft.Criteria.Add(criterion.Value);
        }

        return criterion.Error;
    }
}
