using System.Text.RegularExpressions;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.RoundTrip;

namespace HealthChain.FhirPathSuite;

/// <summary>An example of the specification with the expressions that apply to it.</summary>
public sealed record ExamplePairs(string File, byte[] Json, Element Root, IReadOnlyList<string> Expressions);

/// <summary>All search parameters and invariants of R4, each with examples of its type.</summary>
public static partial class Pairs
{
    private const int ExamplesPerType = 2;
    private const int LargestExample = 60_000;

    // Stated for every element there is; checked on the resource itself, once.
    private static readonly string[] OnEveryElement = ["ele-1", "ext-1"];

    public static IEnumerable<ExamplePairs> All(string archive)
    {
        DefinitionSet definitions = DefinitionSet.R4;
        var taken = new Dictionary<string, int>();
        foreach ((string name, byte[] content) in Packages.Resources(archive).Where(static file => file.Content.Length < LargestExample))
        {
            ReadResult read = FhirJson.Read(content);
            if (!read.IsOk)
            {
                continue;
            }

            string type = read.Root.Type.Name;
            int count = taken.GetValueOrDefault(type);
            if (count < ExamplesPerType)
            {
                taken[type] = count + 1;
                string[] expressions = [.. SearchParameters(definitions, type).Concat(Invariants(definitions, type)).Concat(OfDataTypes(definitions)).Distinct()];
                yield return new ExamplePairs(name, content, read.Root, expressions);
            }
        }
    }

    private static IEnumerable<string> SearchParameters(DefinitionSet definitions, string type) =>
        definitions.SearchParameters
            .Where(parameter => parameter.Expression is not null && (parameter.Bases.Contains(type) || parameter.Bases.Contains("Resource")))
            .SelectMany(static parameter => (string[])[parameter.Expression!, WithOfType(parameter.Expression!)]);

    // R4 writes "(a.b as T)" where a.b may occur several times, which both engines refuse then; what is meant is ofType().
    private static string WithOfType(string expression) => AsOperator().Replace(expression, "${path}.ofType(${type})");

    [GeneratedRegex(@"\((?<path>[\w.]+) as (?<type>\w+)\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AsOperator();

    private static IEnumerable<string> Invariants(DefinitionSet definitions, string type) =>
        from element in definitions.Type(type)?.Snapshot ?? []
        from constraint in element.Constraints
        where constraint.Expression is not null
        let isRoot = element.Path == type
        where isRoot || !OnEveryElement.Contains(constraint.Key)
        select isRoot ? constraint.Expression : $"{element.Path.Replace("[x]", "", StringComparison.Ordinal)}.select({constraint.Expression})";

    private static IEnumerable<string> OfDataTypes(DefinitionSet definitions) =>
        from name in (string[])["Period", "Quantity", "Range", "Ratio", "ContactPoint", "Attachment", "Reference", "Timing", "SampledData", "Coding", "Extension"]
        let type = definitions.Type(name)
        where type is not null
        from constraint in type.Snapshot.SelectMany(static element => element.Constraints)
        where constraint.Expression is not null && constraint.Key != "ele-1"
        select $"descendants().ofType({name}).select({constraint.Expression})";
}
