using System.Reflection;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Labelling;

/// <summary>
/// Reads tables of sensitive codes: value sets that say in <c>useContext</c>, as their focus, which sensitivity code of v3-ActCode they are about. They
/// list codes; in ICD-10 and ICD-9-CM, where it is plain what lies below a code, also <c>is-a</c> filters. profiles/labels/README.md
/// </summary>
internal static class SensitivityTables
{
    public const string ActCodeSystem = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    /// <summary>The table that the options ask for, and what is wrong with the operator's value sets.</summary>
    public static (SensitivityTable Table, IReadOnlyList<string> Problems) Read(LabelOptions options)
    {
        var problems = new List<string>();
        var codes = new List<SensitiveCode>();
        if (options.UsesShipped)
        {
            foreach ((string name, ReadOnlyMemory<byte> json) in Shipped())
            {
                Add(name, json, codes, problems);
            }
        }

        if (options.Folder is { } folder)
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
            {
                Add(Path.GetFileName(file), File.ReadAllBytes(file), codes, problems);
            }
        }

        int labels = codes.Select(code => code.Label).Distinct(StringComparer.Ordinal).Count();
        if (labels > SensitivityTable.MaxLabels)
        {
            problems.Add($"the value sets are about {labels} labels; there may be {SensitivityTable.MaxLabels}");
        }

        return (new SensitivityTable(problems.Count == 0 ? codes : []), problems);
    }

    /// <summary>The value sets of <c>profiles/labels</c>, which are part of the program.</summary>
    public static IEnumerable<(string Name, ReadOnlyMemory<byte> Json)> Shipped()
    {
        Assembly assembly = typeof(SensitivityTables).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".SensitiveCodes.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream file = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            yield return (name, bytes);
        }
    }

    private static void Add(string name, ReadOnlyMemory<byte> json, List<SensitiveCode> codes, List<string> problems)
    {
        ReadResult read = FhirJson.Read(json);
        Result<IDefinition> definition = read.IsOk ? DefinitionJson.Read(json, name) : new FhirError(ErrorKind.Invalid, read.Issues);
        if (!definition.IsOk)
        {
            problems.Add($"{name}: {definition.Error.Issues[0].Message}");
        }
        else if (definition.Value is not ValueSet valueSet)
        {
            problems.Add($"{name} is no ValueSet");
        }
        else if (LabelOf(read.Root) is not { } label)
        {
            problems.Add($"{name} does not name the label that its codes stand for: useContext with code 'focus' and a code of {ActCodeSystem}");
        }
        else if (valueSet.Expansion is null && valueSet.Excludes.Count == 0 && valueSet.Includes.All(IsPlain))
        {
            codes.AddRange(valueSet.Includes.SelectMany(set => CodesOf(set).Select(code => new SensitiveCode(set.System!, code, label))));
        }
        else
        {
            problems.Add($"{name} is not a plain list: it may include codes of a system, and of ICD-10 and ICD-9-CM 'concept is-a' filters, and nothing else");
        }
    }

    private static string? LabelOf(Element valueSet)
    {
        foreach (Element context in valueSet.ChildrenOf("useContext"))
        {
            if (context.Child("code") is not { Exists: true } code || !Is(code, "http://terminology.hl7.org/CodeSystem/usage-context-type", "focus"))
            {
                continue;
            }

            foreach (Element coding in context.Child("value") is { Exists: true } value ? value.ChildrenOf("coding") : default)
            {
                if (coding.Child("system") is { Exists: true, Text: ActCodeSystem } && coding.Child("code") is { Exists: true, Text: { } label })
                {
                    return label;
                }
            }
        }

        return null;
    }

    private static bool Is(Element coding, string system, string code) =>
        coding.Child("system") is { Exists: true } named && named.Text == system && coding.Child("code") is { Exists: true } said && said.Text == code;

    private static bool IsPlain(ConceptSet set) =>
        set is { System: not null, ValueSets.Count: 0 }
        && set.Concepts.Count + set.Filters.Count > 0
        && (set.Filters.Count == 0
            || (SensitivityTable.IsNested(set.System) && set.Concepts.Count == 0 && set.Filters.All(filter => filter is { Property: "concept", Operator: "is-a" }) && set.Filters.Count == 1));

    private static IEnumerable<string> CodesOf(ConceptSet set) => set.Concepts.Select(concept => concept.Code).Concat(set.Filters.Select(filter => filter.Value));
}
