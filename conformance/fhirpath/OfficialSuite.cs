using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using HealthChain.Fhir;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.FhirPathSuite;

/// <summary>One expected item: the name of its type and its value, each null or empty when the suite does not say.</summary>
public sealed record ExpectedItem(string? Type, string Value);

/// <summary>One test of the suite.</summary>
/// <param name="Invalid"><c>syntax</c>, <c>semantic</c> or <c>execution</c> when an error is expected.</param>
/// <param name="IsPredicate">The result counts as true or false: whether there is an item.</param>
public sealed record SuiteTest(
    string Group, string Name, string? InputFile, string Expression, string? Invalid, bool IsPredicate, IReadOnlyList<ExpectedItem> Expected);

/// <summary>The official test suite of FHIRPath for R4, and what our engine makes of it.</summary>
public sealed class OfficialSuite
{
    private readonly string _folder;
    private readonly Dictionary<string, Element> _inputs = [];

    private OfficialSuite(string folder, IReadOnlyList<SuiteTest> tests)
    {
        _folder = folder;
        Tests = tests;
    }

    public IReadOnlyList<SuiteTest> Tests { get; }

    /// <summary>Reads <c>tests-fhir-r4.xml</c> of a folder that has the input files in <c>input/</c>.</summary>
    public static OfficialSuite Load(string folder)
    {
        XElement root = XDocument.Load(Path.Combine(folder, "tests-fhir-r4.xml")).Root!;
        return new OfficialSuite(folder, [.. root.Elements("group").SelectMany(group => group.Elements("test").Select(test => Read(group, test)))]);
    }

    /// <summary>The tests that need not pass, by name, each with the sentence of the specification that is the reason.</summary>
    public static IReadOnlyDictionary<string, string> Exclusions()
    {
        using Stream stream = typeof(OfficialSuite).Assembly.GetManifestResourceStream("exclusions.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!;
    }

    /// <summary>Null when the test passes, in number, values and types of items; else what came instead.</summary>
    public string? Run(SuiteTest test)
    {
        Element focus = string.IsNullOrEmpty(test.InputFile) ? default : Input(test.InputFile);
        Result<FhirPathExpression> compiled = FhirPathExpression.Compile(test.Expression);
        if (!compiled.IsOk)
        {
            return test.Invalid is null ? compiled.Error.ToString() : null;
        }

        // Only the static check sees that an expression asks for members that the type does not have.
        FhirPathCheck check = FhirPathChecker.Check(compiled.Value, focus.Exists ? focus.Type : null);
        if (!check.IsOk)
        {
            return test.Invalid is null ? "the check refuses it: " + string.Join("; ", check.Issues) : null;
        }

        Result<IReadOnlyList<FhirPathValue>> result = compiled.Value.TryEvaluate(focus);
        if (!result.IsOk)
        {
            return test.Invalid is null ? result.Error.ToString() : null;
        }

        return test.Invalid is null ? Difference(test, result.Value) : $"no {test.Invalid} error, but {Show(result.Value)}";
    }

    private static SuiteTest Read(XElement group, XElement test)
    {
        XElement expression = test.Element("expression")!;
        return new SuiteTest(
            group.Attribute("name")!.Value,
            test.Attribute("name")!.Value,
            test.Attribute("inputfile")?.Value,
            expression.Value,
            expression.Attribute("invalid")?.Value,
            test.Attribute("predicate")?.Value == "true",
            [.. test.Elements("output").Select(output => new ExpectedItem(output.Attribute("type")?.Value, output.Value))]);
    }

    private Element Input(string file)
    {
        if (!_inputs.TryGetValue(file, out Element root))
        {
            byte[] content = File.ReadAllBytes(Path.Combine(_folder, "input", file));
            ReadResult read = file.EndsWith(".xml", StringComparison.Ordinal) ? FhirXml.Read(content) : FhirJson.Read(content);

            // patient-name-extensions.json is not valid R4 (two given names, one _given); what could be read is what is meant.
            root = read.Tree!.Root;
            _inputs.Add(file, root);
        }

        return root;
    }

    private static string? Difference(SuiteTest test, IReadOnlyList<FhirPathValue> items)
    {
        if (test.IsPredicate)
        {
            return test.Expected[0].Value == (items.Count > 0 ? "true" : "false") ? null : Show(items);
        }

        bool same = items.Count == test.Expected.Count && items.Zip(test.Expected).All(pair => IsSame(pair.First, pair.Second));
        return same ? null : $"expected {string.Join(", ", test.Expected)}, found {Show(items)}";
    }

    private static bool IsSame(FhirPathValue item, ExpectedItem expected)
    {
        // The suite writes the names of System types in lower case, as those of FHIR.
        if (expected.Type is not null && !expected.Type.Equals(item.TypeSimpleName, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        string text = item.ToString();
        string value = expected.Value.StartsWith("@T", StringComparison.Ordinal) ? expected.Value[2..] : expected.Value.TrimStart('@');
        return value.Length == 0 || value == text
            || (decimal.TryParse(value, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal x)
                && decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal y) && x == y);
    }

    private static string Show(IReadOnlyList<FhirPathValue> items) =>
        items.Count == 0 ? "nothing" : string.Join(", ", items.Select(static item => $"{item.TypeName} {item}"));
}
