using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>A condition on current resources of one type: the expression tree into which every form of search is turned.</summary>
public abstract record Criterion
{
    /// <summary>Met by every resource.</summary>
    public static Criterion Any { get; } = new AllOf([]);
}

public sealed record AllOf(IReadOnlyList<Criterion> Parts) : Criterion;

public sealed record OneOf(IReadOnlyList<Criterion> Parts) : Criterion;

public sealed record NoneOf(Criterion Part) : Criterion;

/// <summary>A search parameter has one of the values, as <see cref="SearchMatcher"/> says; terminology is resolved to codes before.</summary>
public sealed record HasValue(IndexedParameter Parameter, SearchModifier Modifier, IReadOnlyList<QueryValue> Alternatives) : Criterion;

/// <summary>
/// A literal reference of the resource points at a current, visible resource of one of the types that meets the condition, or at one contained in the
/// resource itself; a canonical, at those of that url.
/// </summary>
public sealed record PointsAt(IndexedParameter Reference, IReadOnlyList<TypeSchema> Targets, Criterion Target) : Criterion;

/// <summary>A current, visible resource of the type meets the condition and points at the resource (<c>_has</c>).</summary>
public sealed record PointedAtBy(TypeSchema Source, IndexedParameter Reference, Criterion Condition) : Criterion;

/// <summary>The resource is in that compartment.</summary>
public sealed record InCompartment(string Compartment, string Id) : Criterion;

/// <summary>All of the words stand in the narrative (<c>_text</c>) or anywhere in the texts of the resource (<c>_content</c>), whole, as they fold.</summary>
public sealed record HasWords(bool InNarrativeOnly, IReadOnlyList<string> Words) : Criterion;
