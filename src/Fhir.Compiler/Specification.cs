using System.Text.Json;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Compiler;

/// <summary>Chooses what belongs to the specification out of <c>hl7.fhir.r4.examples</c>, where it is mixed with examples.</summary>
internal static class Specification
{
    // The specification's own registries (https://hl7.org/fhir/R4/downloads.html). What is in none of them is an example, such as
    // SearchParameter/example, or belongs to a test; expansions and the per-element structures are derived data.
    private static readonly HashSet<string> Registries =
    [
        "Bundle-types.json", "Bundle-resources.json", "Bundle-profiles-others.json", "Bundle-extensions.json", "Bundle-searchParams.json",
        "Bundle-valuesets.json", "Bundle-v2-valuesets.json", "Bundle-v3-valuesets.json", "Bundle-conceptmaps.json", "Bundle-terminologies.json",
    ];

    // Parts of the specification that no registry lists: the patterns that resources follow, and the maps of their status codes.
    private static readonly HashSet<string> Patterns =
    [
        "StructureDefinition-Definition.json", "StructureDefinition-Event.json", "StructureDefinition-FiveWs.json", "StructureDefinition-Request.json",
    ];

    public static IReadOnlyList<IDefinition> Definitions(IEnumerable<(string Name, byte[] Content)> package)
    {
        var definitions = new SortedDictionary<string, List<IDefinition>>(StringComparer.Ordinal);
        foreach ((string name, byte[] content) in package)
        {
            if (Registries.Contains(name))
            {
                definitions.Add(name, Registry(name, content));
            }
            else if (Patterns.Contains(name) || name.StartsWith("ConceptMap-sc-", StringComparison.Ordinal))
            {
                definitions.Add(name, [DefinitionJson.Read(content, name).Value]);
            }
        }

        int missing = Registries.Count(name => !definitions.ContainsKey(name));
        return missing == 0
            ? [.. definitions.Values.SelectMany(list => list)]
            : throw new InvalidDataException($"hl7.fhir.r4.examples lacks {missing} of the {Registries.Count} registries of the specification.");
    }

    private static List<IDefinition> Registry(string name, byte[] content)
    {
        using var bundle = JsonDocument.Parse(content, DefinitionJson.Options);
        var definitions = new List<IDefinition>();
        int index = 0;
        foreach (JsonElement entry in bundle.RootElement.GetProperty("entry").EnumerateArray())
        {
            JsonElement resource = entry.GetProperty("resource");
            if (DefinitionJson.IsDefinition(resource.GetProperty("resourceType").GetString()!))
            {
                definitions.Add(DefinitionJson.Read(resource, $"{name} entry {index}").Value);
            }

            index++;
        }

        return definitions;
    }
}
