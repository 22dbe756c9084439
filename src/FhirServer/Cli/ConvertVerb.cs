using System.Buffers;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain convert</c>: between FHIR's JSON and XML, without loss.</summary>
internal sealed class ConvertVerb
{
    public static Verb Verb { get; } = new(
        "convert",
        "convert resources between JSON and XML",
        """
        Usage: healthchain convert --to xml|json [--pretty] [--output FOLDER] FILE...

        Reads resources in JSON, XML (told by the first character) or NDJSON (told by the name .ndjson or .jsonl) and writes them in the
        form asked for: the same values, digits of decimals, extensions and narratives. '-' is standard input.

          --to xml|json      the form to write
          --pretty           indent the output
          --output FOLDER    write each resource to a file of its own; without it they go to standard output, one after another,
                             as NDJSON if there are several (several in XML need a folder)

        Exit code: 0 all converted; 1 a resource is not valid FHIR and was left out; 2 wrong usage or a file that cannot be read.

        """,
        static (arguments, output, errors) => Task.FromResult(new ConvertVerb(arguments, output, errors).Run()))
    {
        Options = ["--to", "--output"],
        Flags = ["--pretty"],
    };

    private readonly Arguments _arguments;
    private readonly Stream _output;
    private readonly TextWriter _errors;
    private readonly bool _toXml;
    private readonly bool _pretty;
    private readonly string? _folder;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private bool _refused;

    private ConvertVerb(Arguments arguments, Stream output, TextWriter errors)
    {
        _arguments = arguments;
        _output = output;
        _errors = errors;
        _toXml = arguments.Last("--to") == "xml";
        _pretty = arguments.Has("--pretty");
        _folder = arguments.Last("--output");
    }

    private int Run()
    {
        if (Misuse() is { } misuse)
        {
            _errors.WriteLine($"healthchain convert: {misuse}");
            return ExitCodes.Usage;
        }

        if (_folder is not null)
        {
            Directory.CreateDirectory(_folder);
        }

        var allRead = InputFile.ForEach(_arguments.Positional, splitBundles: false, _errors, ConvertOne);
        return !allRead ? ExitCodes.Usage : _refused ? ExitCodes.ErrorsFound : ExitCodes.Success;
    }

    private string? Misuse()
    {
        var files = _arguments.Positional;
        if (_arguments.Last("--to") is not ("xml" or "json"))
        {
            return "--to xml or --to json says what to write.";
        }

        if (files.Count == 0)
        {
            return "name at least one file.";
        }

        return _folder is null && _toXml && (files.Count > 1 || InputFile.IsNdjson(files[0]))
            ? "several resources in XML need --output FOLDER."
            : null;
    }

    private void ConvertOne(string path, InputResource resource)
    {
        var read = resource.Parse();
        if (!read.IsOk)
        {
            Refuse(path, resource, read.Issues);
            return;
        }

        _buffer.ResetWrittenCount();
        if (Write(read.Root) is { } error)
        {
            Refuse(path, resource, error.Issues);
            return;
        }

        _buffer.Write("\n"u8);
        if (_folder is null)
        {
            _output.Write(_buffer.WrittenSpan);
        }
        else
        {
            File.WriteAllBytes(Target(path, resource), _buffer.WrittenSpan);
        }
    }

    private FhirError? Write(Element root)
    {
        if (_toXml)
        {
            return FhirXml.Write(root, _buffer, _pretty);
        }

        FhirJson.Write(root, _buffer, _pretty);
        return null;
    }

    private string Target(string path, InputResource resource)
    {
        var name = path == InputFile.StandardInput ? "resource" : Path.GetFileNameWithoutExtension(path);
        var number = resource.Line > 0 ? $"-{resource.Line}" : "";
        return Path.Combine(_folder!, $"{name}{number}.{(_toXml ? "xml" : "json")}");
    }

    private void Refuse(string path, InputResource resource, IReadOnlyList<Issue> issues)
    {
        _refused = true;
        foreach (var issue in issues)
        {
            _errors.WriteLine(IssueText.Line(path, resource, issue));
        }
    }
}
