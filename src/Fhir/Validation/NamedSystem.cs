using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

/// <summary>What stands behind a uri that is named as a code system.</summary>
internal enum SystemNature
{
    /// <summary>A code system, or nothing that is loaded.</summary>
    CodeSystem,
    Supplement,
    ValueSet,
}

/// <summary>A code system as a coding names it.</summary>
/// <param name="Index">Its codes; null when they are not loaded.</param>
internal sealed record NamedSystem(string Url, CodeSystemIndex? Index, SystemNature Nature)
{
    public static NamedSystem Find(string url, DefinitionSet definitions, TerminologyService terminology) =>
        new(url, terminology.System(url), NatureOf(url, definitions));

    private static SystemNature NatureOf(string url, DefinitionSet definitions) =>
        definitions.CodeSystem(url) is { Content: CodeSystemContent.Supplement } ? SystemNature.Supplement
        : definitions.ValueSet(url)?.Url == url ? SystemNature.ValueSet
        : SystemNature.CodeSystem;
}
