using System.Text.Json;

namespace HealthChain.RoundTrip;

/// <summary>A file that must be refused: the issue that says so, and the sentence of the specification that it violates.</summary>
public sealed record RefusedFile(string Issue, string Reason);

/// <summary>The files of the suites that are not valid R4 (exceptions.json; README.md explains them).</summary>
public sealed class Exceptions
{
    private readonly Dictionary<string, RefusedFile> _files;

    private Exceptions(Dictionary<string, RefusedFile> files) => _files = files;

    public static Exceptions Load()
    {
        using Stream stream = typeof(Exceptions).Assembly.GetManifestResourceStream("exceptions.json")!;
        return new Exceptions(JsonSerializer.Deserialize<Dictionary<string, RefusedFile>>(stream, JsonSerializerOptions.Web)!);
    }

    public RefusedFile? Find(string name) => _files.GetValueOrDefault(name);
}
