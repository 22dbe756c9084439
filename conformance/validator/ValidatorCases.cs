using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.Fhir.Xml;
using HealthChain.TestKit;

namespace HealthChain.ValidatorSuite;

/// <summary>One expectation of HL7's validator cases: a resource, alone or against a profile, and whether the reference finds errors.</summary>
public sealed record ValidatorCase(string Name, string Module, bool NeedsTerminologyServer, bool ExpectsErrors, IReadOnlyList<string> ExpectedErrors, JsonElement Source, bool IsProfile)
{
    public override string ToString() => IsProfile ? Name + " (profile)" : Name;
}

/// <summary>What came of one case.</summary>
public sealed record ValidatorCaseResult(ValidatorCase Case, IReadOnlyList<Issue> Issues)
{
    public bool HasErrors => Issues.Any(issue => issue.IsError);

    public bool Agrees => HasErrors == Case.ExpectsErrors;
}

/// <summary>
/// Runs the cases of FHIR/fhir-test-cases that stand in the shared data, with the settings of the reference's own test runner:
/// unknown extensions and example urls are errors unless the case allows them.
/// </summary>
public sealed class ValidatorCases
{
    private readonly string _files;
    private readonly Dictionary<string, Element> _resources = [];

    private ValidatorCases(string folder)
    {
        _files = Path.Combine(folder, "files");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest-r4.json")));
        All = [.. manifest.RootElement.GetProperty("cases").EnumerateArray().SelectMany(Expectations)];
    }

    public IReadOnlyList<ValidatorCase> All { get; }

    /// <summary>The cases, or null where the shared data is absent.</summary>
    public static ValidatorCases? Open()
    {
        string? folder = Repository.Shared is { } shared ? Path.Combine(shared, "data", "fhir-test-cases", "validator") : null;
        return Directory.Exists(folder) ? new ValidatorCases(folder) : null;
    }

    public ValidatorCaseResult Run(ValidatorCase validatorCase)
    {
        ReadResult read = Read(Text(validatorCase.Source, "file")!);
        if (read.Tree is null || read.Issues.Any(issue => issue.IsError))
        {
            return new ValidatorCaseResult(validatorCase, read.Issues);
        }

        // The reference keeps what it has loaded: what supports the profile is there for the first expectation too.
        List<string> supporting = [.. Texts(validatorCase.Source, "supporting")];
        List<string> profiles = [];
        if (validatorCase.Source.TryGetProperty("profile", out JsonElement profile))
        {
            supporting.AddRange(Texts(profile, "supporting"));
            if (validatorCase.IsProfile)
            {
                string source = Text(profile, "source")!;
                supporting.Add(source);
                profiles.Add(Resource(source)!.Value.Child("url").Text!);
            }
        }

        DefinitionSet definitions = DefinitionSet.R4.With([new DefinitionList([.. Definitions(supporting)])]);
        var validator = new Fhir.Validation.Validator(definitions, new TerminologyService(definitions), Options(validatorCase.Source));
        var request = new ValidationRequest { Profiles = profiles, ReferenceResolver = url => Find(url, supporting, validatorCase.Source) };
        return new ValidatorCaseResult(validatorCase, validator.Validate(read.Tree.Root, request));
    }

    public int Report(string? only, TextWriter output)
    {
        ValidatorCaseResult[] results = [.. All.Where(item => only is null || item.Name.Contains(only, StringComparison.Ordinal)).Select(Run)];
        foreach (ValidatorCaseResult result in results.Where(result => only is not null || !result.Agrees))
        {
            string server = result.Case.NeedsTerminologyServer ? " (terminology server)" : "";
            output.WriteLine($"{(result.Agrees ? "agrees" : "differs")}: {result.Case} [{result.Case.Module}]{server}: the reference finds {(result.Case.ExpectsErrors ? "errors" : "none")}");
            foreach (string error in result.Case.ExpectedErrors)
            {
                output.WriteLine($"    reference: {error}");
            }

            foreach (Issue issue in result.Issues.Where(issue => only is not null || issue.IsError))
            {
                output.WriteLine($"    ours: {issue}");
            }
        }

        ValidatorCaseResult[] scored = [.. results.Where(result => !result.Case.NeedsTerminologyServer)];
        output.WriteLine($"{scored.Count(result => result.Agrees)} of {scored.Length} without terminology server agree; of all {results.Count(result => result.Agrees)} of {results.Length}.");
        return 0;
    }

    private static IEnumerable<ValidatorCase> Expectations(JsonElement source)
    {
        // The document is disposed of when all are read.
        JsonElement kept = source.Clone();
        yield return Expectation(kept, kept.GetProperty("expected"), isProfile: false);
        if (kept.TryGetProperty("profile", out JsonElement profile))
        {
            yield return Expectation(kept, profile.GetProperty("expected"), isProfile: true);
        }
    }

    private static ValidatorCase Expectation(JsonElement source, JsonElement expected, bool isProfile) => new(
        Text(source, "name")!,
        Text(source, "module")!,
        source.TryGetProperty("needsTerminologyServer", out _),
        expected.GetProperty("errors").GetInt32() > 0,
        [.. expected.GetProperty("issues").EnumerateArray().Where(issue => Text(issue, "severity") is "error" or "fatal").Select(issue => $"{Text(issue, "at")}: {Text(issue, "text")}")],
        source,
        isProfile);

    private static ValidatorOptions Options(JsonElement source) => new()
    {
        UnknownExtension = IssueSeverity.Error,
        RefuseExampleUrls = !source.TryGetProperty("examples", out _),
        AllowedExtensionDomains = [.. Texts(source, "allowed-extension-domain")],
    };

    private IEnumerable<IDefinition> Definitions(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            if (Resource(file) is { } resource && DefinitionJson.IsDefinition(resource.Type.Name)
                && DefinitionJson.Read(FhirJson.ToBytes(resource), file) is { IsOk: true } definition)
            {
                yield return definition.Value;
            }
        }
    }

    private Element Find(string url, List<string> supporting, JsonElement source)
    {
        foreach (string file in supporting)
        {
            if (Resource(file) is { } resource && resource.Type.Element("url") is { } schema
                && resource.Child(schema) is { Exists: true } canonical && canonical.Text == url.Split('|')[0])
            {
                return resource;
            }
        }

        // The circle cases refer to each other's files by id.
        if (source.TryGetProperty("validateReference", out _) && url.Split('/') is [var type, var id]
            && Resource(id + ".xml") is { } target && target.Type.Name == type)
        {
            return target;
        }

        return default;
    }

    private Element? Resource(string file)
    {
        if (!_resources.TryGetValue(file, out Element root))
        {
            root = File.Exists(Path.Combine(_files, file)) ? Read(file).Tree?.Root ?? default : default;
            _resources.Add(file, root);
        }

        return root.Exists ? root : null;
    }

    private ReadResult Read(string file)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(_files, file));
        return file.EndsWith(".xml", StringComparison.Ordinal) ? FhirXml.Read(bytes) : FhirJson.Read(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        !element.TryGetProperty(name, out JsonElement value) ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => item.ToString())
        : [value.ToString()];
}
