using System.Globalization;
using System.Net.Http.Headers;
using HealthChain.FhirServer.Generation;

namespace HealthChain.FhirServer.Cli;

/// <summary><c>healthchain generate</c>: sample data, from one patient to a million, as files or straight into a server.</summary>
internal sealed class GenerateVerb
{
    private const long MaxPatients = 1_000_000;
    private const int MaxInFlight = 256;
    private const string FileName = "bundles.ndjson";
    private const string TokenVariable = "HEALTHCHAIN_TOKEN";

    public static Verb Verb { get; } = new(
        "generate",
        "generate sample data: patients who do not exist",
        $"""
        Usage: healthchain generate --patients N [--seed S] [--until DAY] [--format bundles|ndjson] [--output FOLDER] [--quiet]
               healthchain generate --patients N [--seed S] [--until DAY] --post URL [--in-flight N] [--quiet]

        Makes patients with visits, conditions, measurements, treatments, insurance, claims and consents, and the hospitals, insurers and
        practitioners that they share. The same seed and day give the same bytes, and patient 7 is the same among 10 and among 1,000.

          --patients N       how many, 1 to {MaxPatients}
          --seed S           a whole number that chooses which; 1 if not given
          --until DAY        the last day on which something happens, as 2026-01-31; today if not given
          --format bundles   one transaction Bundle per patient and line, after one with what they share, which is to be sent first;
                             to standard output, or into FOLDER as {FileName} (the default)
          --format ndjson    one file per resource type with a resource per line, as in bulk data; needs a folder
          --output FOLDER    where to write; made if it does not exist, files of the same names are replaced
          --post URL         send the Bundles to a FHIR server instead, such as http://127.0.0.1:8080/fhir; a bearer token is taken from
                             the environment variable {TokenVariable}
          --in-flight N      Bundles sent at the same time, 1 to {MaxInFlight}; 4 if not given
          --quiet            no progress, no summary

        Exit code: 0 all written; 1 the server refused; 2 wrong usage, or a folder or server that cannot be written to.

        """,
        static (arguments, output, errors) => new GenerateVerb(arguments, output, errors, TimeProvider.System).RunAsync())
    {
        Options = ["--patients", "--seed", "--until", "--format", "--output", "--post", "--in-flight"],
        Flags = ["--quiet"],
    };

    private readonly Arguments _arguments;
    private readonly Stream _standardOutput;
    private readonly TextWriter _errors;
    private readonly TimeProvider _time;
    private readonly string _format;
    private readonly string? _folder;
    private readonly string? _server;
    private int _inFlight;
    private long _patients;
    private ulong _seed;
    private DateOnly _until;

    private GenerateVerb(Arguments arguments, Stream output, TextWriter errors, TimeProvider time)
    {
        _arguments = arguments;
        _standardOutput = output;
        _errors = errors;
        _time = time;
        _format = arguments.Last("--format") ?? "bundles";
        _folder = arguments.Last("--output");
        _server = arguments.Last("--post");
    }

    private async Task<int> RunAsync()
    {
        if (Misuse() is { } misuse)
        {
            _errors.WriteLine($"healthchain generate: {misuse}");
            return ExitCodes.Usage;
        }

        if (_server is not null)
        {
            return await PostAsync(new Uri(_server.TrimEnd('/')));
        }

        if (_folder is not null)
        {
            Directory.CreateDirectory(_folder);
        }

        if (_format == "ndjson")
        {
            using var files = new NdjsonOutput(_folder!);
            Generate(files);
        }
        else if (_folder is null)
        {
            using var bundles = new BundleOutput(line => _standardOutput.Write(line.Span));
            Generate(bundles);
        }
        else
        {
            using var file = new FileStream(Path.Combine(_folder, FileName), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
            using var bundles = new BundleOutput(line => file.Write(line.Span));
            Generate(bundles);
        }

        return ExitCodes.Success;
    }

    private string? Misuse()
    {
        const NumberStyles Digits = NumberStyles.None;
        var culture = CultureInfo.InvariantCulture;
        _until = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        if (_arguments.Positional is [var word, ..])
        {
            return $"'{word}' is not expected here.";
        }

        if (!long.TryParse(_arguments.Last("--patients"), Digits, culture, out _patients) || _patients is < 1 or > MaxPatients)
        {
            return $"--patients needs a number from 1 to {MaxPatients}.";
        }

        if (!ulong.TryParse(_arguments.Last("--seed") ?? "1", Digits, culture, out _seed))
        {
            return "--seed needs a whole number.";
        }

        // The oldest patients are born 93 years before, and years in FHIR have four digits.
        if (_arguments.Last("--until") is { } day
            && (!DateOnly.TryParseExact(day, "yyyy-MM-dd", culture, DateTimeStyles.None, out _until) || _until.Year is < 1900 or > 9000))
        {
            return "--until needs a day such as 2026-01-31, from the year 1900 on.";
        }

        if (!int.TryParse(_arguments.Last("--in-flight") ?? "4", Digits, culture, out _inFlight) || _inFlight is < 1 or > MaxInFlight)
        {
            return $"--in-flight needs a number from 1 to {MaxInFlight}.";
        }

        if (_server is not null)
        {
            return !Uri.TryCreate(_server, UriKind.Absolute, out Uri? server) || server.Scheme is not ("http" or "https") ? "--post needs a URL such as http://127.0.0.1:8080/fhir."
                : _folder is not null || _format != "bundles" ? "--post sends Bundles; --output and --format are for files."
                : null;
        }

        return _format switch
        {
            "bundles" => null,
            "ndjson" => _folder is null ? "--format ndjson writes many files and needs --output FOLDER." : null,
            _ => "--format is bundles or ndjson.",
        };
    }

    private void Generate(ResourceOutput output)
    {
        var progress = ProgressBar();
        var generator = new Generator(_seed, _until, output);
        var start = _time.GetTimestamp();
        generator.WriteShared();
        for (var number = 1L; number <= _patients; number++)
        {
            generator.WritePatient(number);
            progress?.Report(number, output.Count);
        }

        Summarize(output.Count, start);
    }

    private async Task<int> PostAsync(Uri server)
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromMinutes(10) };
        if (Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        var loading = new Loading(client, _time);
        var progress = ProgressBar();
        var start = _time.GetTimestamp();
        try
        {
            await loading.RunAsync(_seed, _until, _patients, _inFlight, done => progress?.Report(done, loading.Resources), CancellationToken.None);
        }
        catch (HttpRequestException failure)
        {
            _errors.WriteLine($"healthchain generate: {server}: {failure.Message}");
            return failure.StatusCode is null ? ExitCodes.Usage : ExitCodes.ErrorsFound;
        }

        Summarize(loading.Resources, start);
        return ExitCodes.Success;
    }

    private Progress? ProgressBar()
    {
        var isTerminal = ReferenceEquals(_errors, Console.Error) && !Console.IsErrorRedirected;
        return isTerminal && !_arguments.Has("--quiet") ? new Progress(_errors, _patients, _time) : null;
    }

    private void Summarize(long resources, long start)
    {
        if (!_arguments.Has("--quiet"))
        {
            var seconds = _time.GetElapsedTime(start).TotalSeconds;
            _errors.WriteLine($"{_patients} patients, {resources} resources in {seconds:0.0} s");
        }
    }
}
