using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using HealthChain.TestKit;

namespace HealthChain.ValidatorSuite;

/// <summary>The specification's own examples, as HL7's npm package carries them; the build has fetched it.</summary>
public static class ExampleCorpus
{
    private const int LargestInstance = 400 * 1024;

    private static readonly string[] ConformanceTypes =
    [
        "StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "OperationDefinition", "CompartmentDefinition", "ConceptMap",
        "NamingSystem", "CapabilityStatement", "ImplementationGuide", "StructureMap", "GraphDefinition", "MessageDefinition",
        "TerminologyCapabilities",
    ];

    private static readonly Lazy<IReadOnlyList<ExampleFile>> Files = new(Load);

    /// <summary>Every resource of the package.</summary>
    public static IReadOnlyList<ExampleFile> All => Files.Value;

    /// <summary>Those that are not conformance resources and not very large: what a server stores.</summary>
    public static IEnumerable<ExampleFile> Instances =>
        All.Where(file => file.Json.Length <= LargestInstance && !ConformanceTypes.Contains(file.Type));

    private static List<ExampleFile> Load()
    {
        string folder = Path.Combine(Repository.Root, "artifacts", "npm");
        string archive = Directory.EnumerateFiles(folder, "hl7.fhir.r4.examples-*.tgz").Single();
        var files = new List<ExampleFile>();
        using var reader = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (reader.GetNextEntry() is { } entry)
        {
            string name = Path.GetFileName(entry.Name);
            if (entry.DataStream is null || !name.EndsWith(".json", StringComparison.Ordinal) || name is "package.json" or ".index.json"
                || Path.GetFileName(Path.GetDirectoryName(entry.Name)) != "package")
            {
                continue;
            }

            byte[] json = new byte[entry.Length];
            entry.DataStream.ReadExactly(json);
            files.Add(new ExampleFile(name, TypeOf(name), json));
        }

        files.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return files;
    }

    private static string TypeOf(string name) => name[..name.IndexOf('-', StringComparison.Ordinal)];
}

/// <param name="Name">File name: <c>Patient-example.json</c>.</param>
public sealed record ExampleFile(string Name, string Type, byte[] Json)
{
    public override string ToString() => $"{Name} ({Encoding.UTF8.GetCharCount(Json)} characters)";
}
