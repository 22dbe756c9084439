using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain validate</c>: checks the resources of files against R4 and profiles.</summary>
internal sealed class ValidateVerb
{
    public static Verb Verb { get; } = new(
        "validate",
        "check resources against FHIR R4 and profiles",
        """
        Usage: healthchain validate [--profile URL]... [--definitions FOLDER]... [--format text|json] FILE...

        Checks each resource of the files: structure, cardinality, values, slicing, bindings, invariants, references and
        extensions, against R4, the profiles in meta.profile, and those asked for. Files hold JSON or XML (told by the first character),
        or a resource per line (NDJSON, told by the name .ndjson or .jsonl); '-' is standard input. NDJSON, and Bundles of more than
        32 MiB, are read resource by resource; rules on the entries of such a Bundle together are then not checked, which is said.

          --profile URL          canonical of a profile that every resource must meet
          --definitions FOLDER   further definitions: FHIR packages (.tgz), and resources in JSON or XML
          --format text          a line per issue, file:line:column: severity code element: message (the default)
          --format json          an OperationOutcome per file, one to a line; its meta.source is the file

        Issues go to standard output, the summary to standard error.
        Exit code: 0 no errors (there may be warnings); 1 errors found; 2 wrong usage, or a file or definition that cannot be read.

        """,
        static (arguments, output, errors) => Task.FromResult(Run(arguments, output, errors)))
    {
        Options = ["--profile", "--definitions", "--format"],
    };

    private readonly Validator _validator;
    private readonly ValidationRequest _request;
    private readonly IIssueReport _report;
    private readonly int[] _counts = new int[4];
    private int _resources;
    private bool _saidSplit;

    private ValidateVerb(DefinitionSet definitions, IReadOnlyList<string> profiles, IIssueReport report)
    {
        _validator = new Validator(definitions, new TerminologyService(definitions));
        _request = new ValidationRequest { Profiles = profiles };
        _report = report;
    }

    private static int Run(Arguments arguments, Stream output, TextWriter errors)
    {
        var files = arguments.Positional;
        if (files.Count == 0)
        {
            return Misuse(errors, "name at least one file.");
        }

        if ((arguments.Last("--format") ?? "text") is not ("text" or "json"))
        {
            return Misuse(errors, "--format is text or json.");
        }

        if (FurtherDefinitions.Load(arguments.All("--definitions"), errors) is not { } definitions)
        {
            return ExitCodes.Usage;
        }

        var profiles = arguments.All("--profile");
        if (profiles.FirstOrDefault(profile => definitions.Set.Structure(profile) is null) is { } unknown)
        {
            definitions.Report(errors);
            return Misuse(errors, $"the profile {unknown} is in no definitions. --definitions FOLDER adds some.");
        }

        using IIssueReport report = arguments.Last("--format") == "json" ? new OutcomeReport(output) : new TextReport(output);
        var exitCode = new ValidateVerb(definitions.Set, profiles, report).Run(files, errors);
        return definitions.Report(errors) ? exitCode : ExitCodes.Usage;
    }

    private static int Misuse(TextWriter errors, string message)
    {
        errors.WriteLine($"healthchain validate: {message}");
        return ExitCodes.Usage;
    }

    private int Run(IReadOnlyList<string> files, TextWriter errors)
    {
        var allRead = true;
        foreach (var file in files)
        {
            _saidSplit = false;
            _report.Begin(file);
            allRead &= InputFile.ForEach([file], splitBundles: true, errors, ValidateOne);
            _report.End();
        }

        errors.WriteLine(
            $"{Count(files.Count, "file")}, {Count(_resources, "resource")}: {Count(_counts[0] + _counts[1], "error")}, {Count(_counts[2], "warning")}, {Count(_counts[3], "note")}");
        return !allRead ? ExitCodes.Usage : _counts[0] + _counts[1] > 0 ? ExitCodes.ErrorsFound : ExitCodes.Success;
    }

    private void ValidateOne(string path, InputResource resource)
    {
        _resources++;
        if (resource.Entry >= 0 && !_saidSplit)
        {
            _saidSplit = true;
            Add(resource with { Entry = -1 }, new Issue(
                IssueSeverity.Information,
                IssueType.Incomplete,
                "The Bundle is large, so its entries were checked one by one and rules on the Bundle as a whole were not.",
                "Bundle"));
        }

        // What stands in a text that cannot be read as FHIR is only guessed, so it is not validated further.
        var read = resource.Parse();
        if (!read.IsOk)
        {
            foreach (var issue in read.Issues)
            {
                Add(resource, issue);
            }

            return;
        }

        foreach (var issue in _validator.Validate(read.Root, _request))
        {
            Add(resource, resource.IsXml ? issue : ElementPlace.Locate(issue, read.Tree!));
        }
    }

    private void Add(InputResource resource, Issue issue)
    {
        _counts[(int)issue.Severity]++;
        _report.Add(resource, issue);
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
