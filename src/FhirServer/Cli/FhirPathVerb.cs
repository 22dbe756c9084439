using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain fhirpath</c>: evaluates an expression on the resources of files.</summary>
internal sealed class FhirPathVerb
{
    public static Verb Verb { get; } = new(
        "fhirpath",
        "evaluate a FHIRPath expression on resources",
        """
        Usage: healthchain fhirpath EXPRESSION [--json] [--definitions FOLDER]... FILE...

        Evaluates EXPRESSION on each resource of the files (JSON, XML, or the lines of NDJSON; '-' is standard input) and prints one line for
        each item of the result: a value as its text, an element with children as JSON. With several files or NDJSON, the place
        of the resource stands before it. Before the first resource of a type the expression is checked against the type, and what is
        surely a mistake, such as an element that the type does not have, is said on standard error.

          --json                 print one JSON object for each resource instead:
                                 {"file": "...", "line": 1, "result": [{"type": "FHIR.code", "path": "Patient.gender", "value": "male"}]}
          --definitions FOLDER   further definitions for memberOf(), subsumes() and conformsTo(): FHIR packages (.tgz), and resources

        Exit code: 0 evaluated everywhere; 1 a resource is not valid FHIR, or the expression does not fit it; 2 the expression
        cannot be read, wrong usage, or a file that cannot be read.

        Example: healthchain fhirpath "name.where(use = 'official').family" patient.json

        """,
        static (arguments, output, errors) => Task.FromResult(Run(arguments, output, errors)))
    {
        Options = ["--definitions"],
        Flags = ["--json"],
    };

    private readonly FhirPathExpression _expression;
    private readonly Stream _output;
    private readonly TextWriter _errors;
    private readonly bool _asJson;
    private readonly bool _withPlace;
    private readonly EvaluationContext _context;
    private readonly HashSet<TypeSchema> _checkedTypes = [];
    private bool _failed;

    private FhirPathVerb(FhirPathExpression expression, DefinitionSet definitions, Arguments arguments, Stream output, TextWriter errors)
    {
        _expression = expression;
        _context = new EvaluationContext { Services = new DefinitionServices(definitions) };
        _output = output;
        _errors = errors;
        _asJson = arguments.Has("--json");
        _withPlace = arguments.Positional.Count > 2 || InputFile.IsNdjson(arguments.Positional[1]);
    }

    private static int Run(Arguments arguments, Stream output, TextWriter errors)
    {
        if (arguments.Positional.Count < 2)
        {
            errors.WriteLine("healthchain fhirpath: name an expression and at least one file.");
            return ExitCodes.Usage;
        }

        var compiled = FhirPathExpression.Compile(arguments.Positional[0]);
        if (!compiled.IsOk)
        {
            errors.WriteLine($"healthchain fhirpath: {string.Join(' ', compiled.Error.Issues.Select(issue => issue.Message))}");
            return ExitCodes.Usage;
        }

        if (FurtherDefinitions.Load(arguments.All("--definitions"), errors) is not { } definitions)
        {
            return ExitCodes.Usage;
        }

        var verb = new FhirPathVerb(compiled.Value, definitions.Set, arguments, output, errors);
        var allRead = InputFile.ForEach([.. arguments.Positional.Skip(1)], splitBundles: false, errors, verb.EvaluateOne);
        allRead &= definitions.Report(errors);
        return !allRead ? ExitCodes.Usage : verb._failed ? ExitCodes.ErrorsFound : ExitCodes.Success;
    }

    private void EvaluateOne(string path, InputResource resource)
    {
        var read = resource.Parse();
        if (!read.IsOk)
        {
            Report(path, resource, read.Issues);
            return;
        }

        if (_checkedTypes.Add(read.Root.Type))
        {
            CheckAgainst(read.Root.Type);
        }

        var result = _expression.TryEvaluate(read.Root, _context);
        if (!result.IsOk)
        {
            Report(path, resource, result.Error.Issues);
        }
        else if (_asJson)
        {
            WriteObject(path, resource, result.Value);
        }
        else
        {
            WriteLines(path, resource, result.Value);
        }
    }

    /// <summary>FHIRPath answers nothing to a misspelt element; the types know better.</summary>
    private void CheckAgainst(TypeSchema type)
    {
        foreach (var issue in FhirPathChecker.Check(_expression, type).Issues.Where(issue => issue.IsError))
        {
            _errors.WriteLine($"on {type.Name}: {issue.Message}");
        }
    }

    private void Report(string path, InputResource resource, IReadOnlyList<Issue> issues)
    {
        _failed = true;
        foreach (var issue in issues)
        {
            _errors.WriteLine(IssueText.Line(path, resource, issue));
        }
    }

    private void WriteLines(string path, InputResource resource, IReadOnlyList<FhirPathValue> items)
    {
        var prefix = _withPlace ? $"{path}{resource.Place}: " : "";
        foreach (var item in items)
        {
            var text = item is { IsElement: true, Element.HasValue: false } ? System.Text.Encoding.UTF8.GetString(FhirJson.ToBytes(item.Element)) : item.ToString();
            _output.Write(System.Text.Encoding.UTF8.GetBytes($"{prefix}{text}\n"));
        }
    }

    private void WriteObject(string path, InputResource resource, IReadOnlyList<FhirPathValue> items)
    {
        using (var json = new Utf8JsonWriter(_output, OperationOutcome.Unescaped))
        {
            json.WriteStartObject();
            json.WriteString("file"u8, path);
            if (resource.Line > 0)
            {
                json.WriteNumber("line"u8, resource.Line);
            }

            json.WriteStartArray("result"u8);
            foreach (var item in items)
            {
                WriteItem(json, item);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        _output.Write("\n"u8);
    }

    private static void WriteItem(Utf8JsonWriter json, FhirPathValue item)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, item.TypeName);
        if (item.IsElement)
        {
            json.WriteString("path"u8, item.Element.Expression);
        }

        json.WritePropertyName("value"u8);
        switch (item.Kind)
        {
            case FhirPathKind.Element:
                json.WriteRawValue(FhirJson.ToBytes(item.Element), skipInputValidation: true);
                break;
            case FhirPathKind.Boolean:
                json.WriteBooleanValue(item.Boolean);
                break;
            case FhirPathKind.Integer or FhirPathKind.Long:
                json.WriteNumberValue(item.Integer);
                break;
            case FhirPathKind.Decimal:
                json.WriteNumberValue(item.Decimal);
                break;
            default:
                json.WriteStringValue(item.ToString());
                break;
        }

        json.WriteEndObject();
    }
}
