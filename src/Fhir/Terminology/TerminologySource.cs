using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Where terminology comes from, by canonical: a <see cref="DefinitionSet"/>, with our own tables of standard codes beneath.</summary>
internal sealed record TerminologySource(
    Func<string, ValueSet?> ValueSet,
    Func<string, CodeSystem?> CodeSystem,
    Func<string, ConceptMap?> ConceptMap,
    Func<IEnumerable<CodeSystem>> CodeSystems,
    Func<IEnumerable<ConceptMap>> ConceptMaps)
{
    public static TerminologySource Of(DefinitionSet definitions) => new(
        definitions.ValueSet,
        definitions.CodeSystem,
        definitions.ConceptMap,
        () => definitions.CodeSystems,
        () => definitions.ConceptMaps);
}
