using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>
/// Reads what one parameter asks of a resource. A search may go over several types, whose parameters of one name may differ: each
/// is read for itself, and the criteria are joined so that a resource is judged by the parameter of its own type.
/// </summary>
/// <remarks>One reader serves one search, whose size it counts.</remarks>
internal sealed partial class CriterionReader(
    SearchParameterSet parameters, TerminologyResolver terminology, SearchLimits limits, SearchQueryOptions options)
{
    // A chain over references to anything branches at every step; this bounds the work and the size of what comes out.
    private int _followed;

    /// <summary>Reads a parameter of a query, chained or not.</summary>
    public Result<Criterion> Read(IReadOnlyList<TypeSchema> types, QueryParameter parameter)
    {
        Result<IReadOnlyList<SearchStep>> path = SearchPath.Read(parameter.Name, limits.MaxChainDepth);
        return path.IsOk
            ? Walk(types, path.Value, 0, new ValueLeaf(this, parameter.Value))
            : path.Error;
    }

    /// <summary>What is asked at the end of a path.</summary>
    private abstract class Leaf
    {
        /// <summary>A criterion that needs no parameter of the type; null for all others.</summary>
        public virtual Result<Criterion>? ReadSpecial(IReadOnlyList<TypeSchema> types, SearchStep step) => null;

        public abstract Result<Criterion> Read(IndexedParameter parameter, SearchStep step);

        /// <summary>
        /// Whether the absence of a value can meet the condition. Then all parameters must agree, as those of other types are always
        /// absent; else one suffices.
        /// </summary>
        public abstract bool IsMetByAbsence(SearchStep step);
    }

    private Result<Criterion> Walk(IReadOnlyList<TypeSchema> types, IReadOnlyList<SearchStep> path, int index, Leaf leaf)
    {
        SearchStep step = path[index];
        if (step.Source is not null)
        {
            return WalkBack(types, path, index, leaf);
        }

        bool isLast = index == path.Count - 1;
        if (isLast && leaf.ReadSpecial(types, step) is { } special)
        {
            return special;
        }

        // Within a chain a type without the parameter is no place to go; at the start every type must have it (R4, "Searching multiple types").
        bool mayBePartial = index > 0;
        var byParameter = new Dictionary<IndexedParameter, List<TypeSchema>>();
        foreach (TypeSchema type in types)
        {
            if (parameters.Find(type, step.Code) is { } parameter)
            {
                (byParameter.TryGetValue(parameter, out List<TypeSchema>? having) ? having : byParameter[parameter] = []).Add(type);
            }
            else if (!mayBePartial)
            {
                return UnknownOn([type], step.Code);
            }
        }

        var criteria = new List<Criterion>();
        FhirError? fault = null;
        foreach (IndexedParameter parameter in byParameter.Keys)
        {
            if (++_followed > limits.MaxCriteria)
            {
                return SearchFaults.TooMany("conditions, counted over all the types that its chains lead to", limits.MaxCriteria);
            }

            Result<Criterion> criterion = isLast ? leaf.Read(parameter, step) : WalkForth(parameter, path, index, leaf);
            if (criterion.IsOk)
            {
                criteria.Add(criterion.Value);
            }
            else if (!mayBePartial || criterion.Error.Kind == ErrorKind.TooCostly)
            {
                return criterion.Error;
            }
            else if (fault is null || SearchFaults.IsUnknown(fault))
            {
                fault = criterion.Error;
            }
        }

        // What cannot be compared would count as absent, and so as met.
        bool isMetByAbsence = isLast && leaf.IsMetByAbsence(step);
        if (isMetByAbsence && fault is not null)
        {
            return fault;
        }

        return criteria.Count == 0 ? fault ?? UnknownOn(types, step.Code)
            : isMetByAbsence ? All(criteria)
            : OneOf(criteria);
    }

    /// <summary>From a reference to its targets: <c>subject:Patient.name</c>.</summary>
    private Result<Criterion> WalkForth(IndexedParameter reference, IReadOnlyList<SearchStep> path, int index, Leaf leaf)
    {
        SearchStep step = path[index];
        if (reference.Type != SearchParameterType.Reference)
        {
            return FhirError.Invalid(
                $"'{step.Code}' is a {Name(reference.Type)} parameter, not a reference: '{SearchPath.Shown($"{step}.{path[index + 1]}")}' leads nowhere.");
        }

        IReadOnlyList<TypeSchema> targets = ResourceTypes.TargetsOf(reference);
        if (step.Modifier is { } name)
        {
            if (ResourceTypes.Find(name) is not { } target)
            {
                return FhirError.Invalid($"'{SearchPath.Shown(name)}' in '{SearchPath.Shown(step.ToString())}' is no resource type.");
            }

            if (!targets.Contains(target))
            {
                return FhirError.Invalid($"'{step.Code}' cannot point at {target.Name}; it points at {Names(targets)}.");
            }

            targets = [target];
        }

        targets = [.. targets.Where(target => CanGoOn(target, path[index + 1]))];
        if (targets.Count == 0)
        {
            return SearchFaults.Unknown($"No type that '{SearchPath.Shown(step.ToString())}' points at has the search parameter '{SearchPath.Shown(path[index + 1].Code)}'.");
        }

        Result<Criterion> rest = WithCondition(targets, step, Walk(targets, path, index + 1, leaf));
        return rest.IsOk ? new PointsAt(reference, targets, rest.Value) : rest.Error;
    }

    /// <summary>To the resources that point here: <c>_has:Observation:patient:code</c>.</summary>
    private Result<Criterion> WalkBack(IReadOnlyList<TypeSchema> types, IReadOnlyList<SearchStep> path, int index, Leaf leaf)
    {
        SearchStep step = path[index];
        if (ResourceTypes.Find(step.Source!) is not { } source)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(step.Source!)}' in '_has' is no resource type.");
        }

        if (parameters.Find(source, step.Code) is not { } reference)
        {
            return UnknownOn([source], step.Code);
        }

        if (reference.Type != SearchParameterType.Reference)
        {
            return FhirError.Invalid($"'{step.Code}' on {source.Name} is a {Name(reference.Type)} parameter, _has needs a reference.");
        }

        if (!ResourceTypes.TargetsOf(reference).Any(types.Contains))
        {
            return FhirError.Invalid($"'{step.Code}' on {source.Name} cannot point at {Names(types)}.");
        }

        Result<Criterion> rest = WithCondition([source], step, Walk([source], path, index + 1, leaf));
        return rest.IsOk ? new PointedAtBy(source, reference, rest.Value) : rest.Error;
    }

    private bool CanGoOn(TypeSchema type, SearchStep next)
    {
        if (next.Source is null)
        {
            return parameters.Find(type, next.Code) is not null || IsSpecial(next.Code);
        }

        // An unknown source is kept, so that the step itself can say what is wrong.
        return ResourceTypes.Find(next.Source) is not { } source
            || parameters.Find(source, next.Code) is not { Type: SearchParameterType.Reference } reference
            || ResourceTypes.TargetsOf(reference).Contains(type);
    }

    private Result<Criterion> WithCondition(IReadOnlyList<TypeSchema> types, SearchStep step, Result<Criterion> rest)
    {
        if (step.Condition is null || !rest.IsOk)
        {
            return rest;
        }

        Result<Criterion> condition = ReadFilter(types, step.Condition);
        return condition.IsOk ? All([condition.Value, rest.Value]) : condition;
    }

    private static FhirError UnknownOn(IReadOnlyList<TypeSchema> types, string code) =>
        SearchFaults.Unknown($"{Names(types)} {(types.Count == 1 ? "has" : "have")} no search parameter '{SearchPath.Shown(code)}'.");

    private static string Names(IReadOnlyList<TypeSchema> types) => types.Count > 8
        ? $"{types.Count} resource types"
        : string.Join(", ", types.Select(type => type.Name));

    private static string Name(SearchParameterType type) => type.ToString().ToLowerInvariant();

    private static Criterion All(List<Criterion> parts) => parts.Count == 1 ? parts[0] : new AllOf(parts);

    private static Criterion OneOf(List<Criterion> parts) => parts.Count == 1 ? parts[0] : new OneOf(parts);
}
