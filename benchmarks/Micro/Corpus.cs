using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using HealthChain.TestKit;

namespace HealthChain.Micro;

/// <summary>The bodies that the rounds run over.</summary>
internal sealed record Corpus(string Name, IReadOnlyList<byte[]> Bodies)
{
    private const int LargestExample = 400 * 1024;

    private static readonly HashSet<string> Definitions =
    [
        "SearchParameter", "ValueSet", "CodeSystem", "StructureDefinition", "ConceptMap", "OperationDefinition",
        "CompartmentDefinition", "NamingSystem", "ImplementationGuide", "CapabilityStatement",
    ];

    public long Bytes => Bodies.Sum(body => (long)body.Length);

    /// <summary>The specification's example instances up to 400 KB, without definitions.</summary>
    public static Corpus Examples()
    {
        string folder = Repository.PathOf("artifacts/npm");
        string archive = Directory.GetFiles(folder, "hl7.fhir.r4.examples-*.tgz").Single();
        var bodies = new List<(string Name, byte[] Body)>();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { Length: <= LargestExample } data && entry.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                byte[] body = new byte[data.Length];
                data.ReadExactly(body);
                if (TypeOf(body) is { } type && !Definitions.Contains(type))
                {
                    bodies.Add((entry.Name, body));
                }
            }
        }

        return new Corpus("examples", [.. bodies.OrderBy(item => item.Name, StringComparer.Ordinal).Select(item => item.Body)]);
    }

    /// <summary>The resources of the Synthea patients that may stand beside the repository, one body each; null where they do not.</summary>
    public static Corpus? Synthea(string? resourceType = null)
    {
        if (Repository.Shared is not { } shared || !Directory.Exists(Path.Combine(shared, "data", "synthea")))
        {
            return null;
        }

        var bodies = new List<byte[]>();
        foreach (string file in Directory.GetFiles(Path.Combine(shared, "data", "synthea"), "*.json.gz").Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            foreach (JsonElement entry in document.RootElement.GetProperty("entry").EnumerateArray())
            {
                JsonElement resource = entry.GetProperty("resource");
                if (resourceType is null || resource.GetProperty("resourceType").ValueEquals(resourceType))
                {
                    bodies.Add(JsonSerializer.SerializeToUtf8Bytes(resource));
                }
            }
        }

        return new Corpus(resourceType is null ? "synthea" : $"synthea {resourceType}s", bodies);
    }

    private static string? TypeOf(byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("resourceType", out JsonElement type)
            ? type.GetString()
            : null;
    }
}
