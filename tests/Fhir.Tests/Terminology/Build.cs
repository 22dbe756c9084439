using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Tests.Terminology;

/// <summary>Short ways to write code systems and value sets down in tests.</summary>
internal static class Build
{
    /// <summary>A complete code system; an entry is <c>code</c>, <c>code:display</c>, each leading <c>&gt;</c> one level deeper.</summary>
    public static CodeSystem Table(string url, params string[] entries)
    {
        var concepts = new List<Concept>();
        var path = new List<int>();
        foreach (string entry in entries)
        {
            int depth = entry.TakeWhile(letter => letter == '>').Count();
            string[] parts = entry[depth..].Split(':', 2);
            path.RemoveRange(depth, path.Count - depth);
            concepts.Add(new Concept(parts[0], parts.Length > 1 ? parts[1] : $"The {parts[0]}", null, depth == 0 ? -1 : path[depth - 1]));
            path.Add(concepts.Count - 1);
        }

        return new CodeSystem { Url = url, Version = "1", Content = CodeSystemContent.Complete, Concepts = concepts };
    }

    public static CodeSystem With(this CodeSystem system, string code, params ConceptProperty[] properties) => system with
    {
        Concepts = [.. system.Concepts.Select(concept => concept.Code == code ? concept with { Properties = [.. concept.Properties, .. properties] } : concept)],
    };

    public static CodeSystem Designated(this CodeSystem system, string code, string language, string value) => system with
    {
        Concepts = [.. system.Concepts.Select(concept => concept.Code == code ? concept with { Designations = [.. concept.Designations, new Designation(language, null, value)] } : concept)],
    };

    public static ConceptProperty Flag(string code) => new(code, "boolean", "true");

    public static ConceptProperty Code(string property, string value) => new(property, "code", value);

    public static ValueSet Set(string url, params ConceptSet[] includes) => new() { Url = url, HasCompose = true, Includes = includes };

    public static ValueSet Without(this ValueSet set, params ConceptSet[] excludes) => set with { Excludes = excludes };

    public static ConceptSet All(string system) => new(system, null, [], [], []);

    public static ConceptSet Codes(string system, params string[] codes) => new(system, null, [.. codes.Select(code => new ConceptReference(code, null, []))], [], []);

    public static ConceptSet Where(string system, string property, string op, string value) => new(system, null, [], [new ConceptFilter(property, op, value)], []);

    public static ConceptSet Import(params string[] valueSets) => new(null, null, [], [], valueSets);

    public static ConceptSet And(this ConceptSet set, params string[] valueSets) => set with { ValueSets = valueSets };

    public static TerminologyService Service(params IReadOnlyList<IDefinition> definitions) => Service(TerminologyOptions.Default, definitions);

    public static TerminologyService Service(TerminologyOptions options, params IReadOnlyList<IDefinition> definitions) =>
        new(DefinitionSet.R4.With([new DefinitionList(definitions)]), options);

    /// <summary>The codes of an expansion in one line, nested ones in brackets.</summary>
    public static string List(this TerminologyService service, string valueSet, ExpansionRequest? request = null) =>
        string.Join(" ", service.Expand(valueSet, request).Value.Contains.Select(Show));

    private static string Show(ExpansionEntry entry) =>
        entry.Contains.Count == 0 ? entry.Code : $"{entry.Code}({string.Join(" ", entry.Contains.Select(Show))})";
}
