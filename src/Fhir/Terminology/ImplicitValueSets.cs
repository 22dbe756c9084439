using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Value sets that exist without a resource: all codes of a code system (CodeSystem.valueSet), and names that R4 binds to.</summary>
internal static class ImplicitValueSets
{
    public static ValueSet? Find(string canonical, DefinitionSet definitions)
    {
        int bar = canonical.IndexOf('|');
        string url = bar < 0 ? canonical : canonical[..bar];
        string? version = bar < 0 ? null : canonical[(bar + 1)..];
        switch (url)
        {
            case "http://www.rfc-editor.org/bcp/bcp13.txt":
                return AllOf(url, null, MimeTypes.SystemUrl);
            case "http://unitsofmeasure.org/vs":
                return AllOf(url, null, UcumUnits.SystemUrl);
        }

        // HL7's names of a code system and of the value set of its codes differ in one part; CodeSystem.valueSet confirms the guess.
        foreach (string part in (ReadOnlySpan<string>)["/CodeSystem/", "/"])
        {
            CodeSystem? system = url.Contains("/ValueSet/", StringComparison.Ordinal) ? definitions.CodeSystem(url.Replace("/ValueSet/", part, StringComparison.Ordinal)) : null;
            if (system?.ValueSet is { } named && (named == canonical || named == url) && (version is null || version == system.Version))
            {
                return AllOf(url, system.Version, system.Url);
            }
        }

        return null;
    }

    private static ValueSet AllOf(string url, string? version, string system) => new()
    {
        Url = url,
        Version = version,
        HasCompose = true,
        Includes = [new ConceptSet(system, null, [], [], [])],
    };
}
