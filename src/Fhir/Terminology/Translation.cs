using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>What is to be translated, and by which maps; the parameters of R4's <c>ConceptMap/$translate</c>.</summary>
public sealed record TranslationRequest
{
    /// <summary>A code, a Coding, or the codings of a CodeableConcept.</summary>
    public required IReadOnlyList<Coding> Codings { get; init; }

    /// <summary>Canonical of the map; null to use every loaded map that fits the other parameters.</summary>
    public string? ConceptMap { get; init; }

    /// <summary>The value set the code is from, and the one it is wanted in.</summary>
    public string? Source { get; init; }

    public string? Target { get; init; }

    /// <summary>The code system that the answer is to be from.</summary>
    public string? TargetSystem { get; init; }

    /// <summary>Finds the codes that map to the given one; source and target change places.</summary>
    public bool Reverse { get; init; }

    /// <summary>Values of other elements that mappings may depend on.</summary>
    public IReadOnlyList<ConceptMapDependency> Dependencies { get; init; } = [];

    public static TranslationRequest Of(string? conceptMap, string system, string code) =>
        new() { ConceptMap = conceptMap, Codings = [new Coding(system, code)] };
}

/// <summary>The outcome of a translation.</summary>
/// <param name="Result">True when there is a match that is neither <c>unmatched</c> nor <c>disjoint</c>.</param>
/// <param name="Message">Why there is none, or what stood in the way of others.</param>
public sealed record Translation(bool Result, string? Message, IReadOnlyList<TranslationMatch> Matches);

/// <param name="Equivalence">R4's concept-map-equivalence, as seen from the code asked for.</param>
/// <param name="Concept">The translated code; null when the map says that there is none (<c>unmatched</c>).</param>
/// <param name="ConceptMap">Canonical of the map it comes from.</param>
public sealed record TranslationMatch(string Equivalence, Coding? Concept, string ConceptMap)
{
    public string? Comment { get; init; }

    /// <summary>Further values that the translation yields.</summary>
    public IReadOnlyList<ConceptMapDependency> Products { get; init; } = [];

    public bool IsMatch => Equivalence is not ("unmatched" or "disjoint");
}
