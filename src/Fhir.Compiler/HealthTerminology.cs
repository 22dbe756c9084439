using System.Text;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Compiler;

/// <summary>The definitions of <c>hl7.terminology.r4</c>, which holds nothing else.</summary>
internal static class HealthTerminology
{
    /// <param name="package">The files of the package.</param>
    /// <param name="specification">The definitions of R4, over which these are laid.</param>
    public static IReadOnlyList<IDefinition> Definitions(IEnumerable<(string Name, byte[] Content)> package, IReadOnlyList<IDefinition> specification)
    {
        ILookup<string, CodeSystem> published = specification.OfType<CodeSystem>().ToLookup(system => system.Url);
        return
        [
            .. package
                .Where(file => file.Name.IndexOf('-', StringComparison.Ordinal) is > 0 and int hyphen && DefinitionJson.IsDefinition(file.Name[..hyphen]))
                .OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => DefinitionJson.Read(file.Content, file.Name).Value)
                .Select(definition => definition is CodeSystem system ? WithLostCodes(system, published[system.Url]) : definition),
        ];
    }

    // Ten of the 746 code systems that R4 has as well have since lost codes, mostly to a change of spelling ("Serious" became
    // "serious"). Resources that follow R4 to the letter use them, so they stay known, as inactive codes.
    private static CodeSystem WithLostCodes(CodeSystem system, IEnumerable<CodeSystem> published)
    {
        HashSet<string> codes = [.. system.Concepts.Select(concept => concept.Code)];
        Concept[] lost =
        [
            .. published.SelectMany(old => old.Concepts)
                // R4's table 0550 has a few codes broken by a wrong encoding; nobody can mean them.
                .Where(concept => Ascii.IsValid(concept.Code) && codes.Add(concept.Code))
                .Select(concept => concept with { Parent = -1, Properties = [new ConceptProperty("inactive", "boolean", "true")] }),
        ];
        return system.Content != CodeSystemContent.Complete || lost.Length == 0 ? system : system with { Concepts = [.. system.Concepts, .. lost] };
    }
}
