using System.Formats.Tar;
using System.IO.Compression;
using HealthChain.Fhir.Model;
using HealthChain.TestKit;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>The resources of HL7's package of R4 examples, which the build downloads.</summary>
internal static class ExampleFiles
{
    private static readonly Lazy<IReadOnlyList<(string Name, Element Resource)>> Loaded = new(Load);

    public static IReadOnlyList<(string Name, Element Resource)> All => Loaded.Value;

    public static Element Named(string name) => All.Single(example => example.Name == name).Resource;

    private static List<(string, Element)> Load()
    {
        string archive = Directory.GetFiles(Repository.PathOf("artifacts/npm"), "hl7.fhir.r4.examples-*.tgz").Single();
        var examples = new List<(string, Element)>();
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data && entry.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                byte[] body = new byte[data.Length];
                data.ReadExactly(body);
                if (FhirJson.Read(body) is { IsOk: true } read)
                {
                    examples.Add((Path.GetFileNameWithoutExtension(entry.Name), read.Root));
                }
            }
        }

        return examples;
    }
}
