using System.Text;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>What is known of a code.</summary>
public sealed record LookupResult(string System, string? Version, string Code, string? Display)
{
    /// <summary>Name of the code system.</summary>
    public string? Name { get; init; }
    public string? Definition { get; init; }
    public bool IsAbstract { get; init; }
    public bool IsInactive { get; init; }

    /// <summary>The code's other words: its own, then those of supplements.</summary>
    public IReadOnlyList<Designation> Designations { get; init; } = [];

    /// <summary>Its properties, with <c>parent</c> and <c>child</c> from the hierarchy.</summary>
    public IReadOnlyList<ConceptProperty> Properties { get; init; } = [];
}

/// <summary>How two codes of a system stand to each other.</summary>
public enum Subsumption
{
    Equivalent,
    Subsumes,
    SubsumedBy,
    NotSubsumed,
}

/// <summary>The wire names of <see cref="Subsumption"/>.</summary>
public static class Subsumptions
{
    public static string Code(this Subsumption subsumption) => subsumption switch
    {
        Subsumption.Equivalent => "equivalent",
        Subsumption.Subsumes => "subsumes",
        Subsumption.SubsumedBy => "subsumed-by",
        _ => "not-subsumed",
    };
}

/// <content>
/// <c>$lookup</c>: https://hl7.org/fhir/R4/codesystem-operation-lookup.html and
/// <c>$subsumes</c>: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
/// </content>
public sealed partial class TerminologyService
{
    /// <summary>What is known of a code; an error when the code is unknown or its system is not loaded.</summary>
    /// <param name="properties">Names of the properties wanted; null for all.</param>
    public Result<LookupResult> Lookup(string system, string code, string? version = null, string? displayLanguage = null, IReadOnlyCollection<string>? properties = null)
    {
        if (version is null && GrammarSystem.Find(system) is { } grammar && _systems.Find(system) is null)
        {
            return LookupByGrammar(grammar, code);
        }

        return Run<LookupResult>(() =>
        {
            (CodeSystemIndex index, int concept) = Locate(system, code, version);
            Concept found = index[concept];
            Designation[] designations = [.. _systems.Designations(index, concept)];
            IEnumerable<ConceptProperty> all = Links("parent", index, index.Hierarchy.Parents(concept))
                .Concat(Links("child", index, index.Hierarchy.Children(concept)))
                .Concat(_systems.Properties(index, concept))
                .DistinctBy(property => (property.Code, property.Value));
            return new LookupResult(index.Definition.Url, index.Definition.Version, found.Code, Displays.Choose(found.Display, index.Definition.Language, designations, Displays.Languages(displayLanguage)))
            {
                Name = index.Definition.Title ?? index.Definition.Name,
                Definition = found.Definition,
                IsAbstract = index.Abstract[concept],
                IsInactive = index.Inactive[concept],
                Designations = designations,
                Properties = [.. properties is null ? all : all.Where(property => properties.Contains(property.Code))],
            };
        });
    }

    /// <summary>How the first code stands to the second: whether it subsumes it, is subsumed by it, or neither.</summary>
    public Result<Subsumption> Subsumes(string system, string codeA, string codeB, string? version = null) => Run<Subsumption>(() =>
    {
        (CodeSystemIndex index, int a) = Locate(system, codeA, version);
        (_, int b) = Locate(system, codeB, version);
        if (a == b)
        {
            return Subsumption.Equivalent;
        }

        // R4, CodeSystem.hierarchyMeaning: only is-a says that the narrower concept is a case of the wider one.
        if (index.Definition.HierarchyMeaning is not (null or "is-a"))
        {
            return FhirError.Unsupported($"Subsumption in {index.Definition.Url} cannot be told: its hierarchy means '{index.Definition.HierarchyMeaning}', not is-a.");
        }

        return index.Hierarchy.SelfAndDescendants(a)[b] ? Subsumption.Subsumes
            : index.Hierarchy.SelfAndDescendants(b)[a] ? Subsumption.SubsumedBy
            : index.IsComplete ? Subsumption.NotSubsumed
            : FhirError.Unsupported($"Subsumption of '{codeA}' and '{codeB}' cannot be told: {index.IncompleteReason}.");
    });

    private static IEnumerable<ConceptProperty> Links(string name, CodeSystemIndex index, IReadOnlyList<int> concepts) =>
        concepts.Select(concept => new ConceptProperty(name, "code", index[concept].Code));

    private static Result<LookupResult> LookupByGrammar(GrammarSystem grammar, string code)
    {
        CodeMembership answer = grammar.Check(Encoding.UTF8.GetBytes(code));
        return answer.Answer switch
        {
            Membership.Member => new LookupResult(grammar.Url, null, code, code) { Name = grammar.Name },
            Membership.NotMember => FhirError.NotFound($"'{code}' does not have the form of {grammar.Name}."),
            _ => FhirError.Unsupported($"'{code}' cannot be looked up: {answer.Reason}."),
        };
    }

    private (CodeSystemIndex Index, int Concept) Locate(string system, string code, string? version)
    {
        CodeSystemIndex index = _systems.Find(system, version)
            ?? throw new FhirException(FhirError.Unsupported($"Code system {(version is null ? system : $"{system}|{version}")} is not loaded."));
        int concept = index.Codes.Find(code);
        return concept >= 0 ? (index, concept) : throw new FhirException(index.IsComplete
            ? FhirError.NotFound($"{CodeValidator.DescribeUnknown(code, index)}")
            : FhirError.Unsupported($"The code '{code}' cannot be looked up: {index.IncompleteReason}."));
    }
}
