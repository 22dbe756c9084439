using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Conformance.Terminology;

/// <param name="IsPartial">HL7 marked it as too costly or unclosed: it lists a part of the value set.</param>
public sealed record PublishedExpansion(string Url, IReadOnlySet<(string System, string Code)> Codes, bool IsPartial);

/// <summary>What HL7 published: Bundle-valueset-expansions.json of the package of the specification.</summary>
public static class Published
{
    /// <summary>The package as the build downloaded it; null when it did not.</summary>
    public static string? FindArchive()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string packages = Path.Combine(folder, "artifacts", "npm");
            if (Directory.Exists(packages) && Directory.EnumerateFiles(packages, "hl7.fhir.r4.examples-*.tgz").FirstOrDefault() is { } archive)
            {
                return archive;
            }
        }

        return null;
    }

    /// <summary>Value sets that differ, with the reason, from differences.json.</summary>
    public static IReadOnlyDictionary<string, string> KnownDifferences()
    {
        using Stream stream = typeof(Published).Assembly.GetManifestResourceStream("differences.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!;
    }

    public static IReadOnlyList<PublishedExpansion> Read(string archive)
    {
        using JsonDocument bundle = JsonDocument.Parse(ReadFile(archive, "Bundle-valueset-expansions.json"));
        return [.. bundle.RootElement.GetProperty("entry").EnumerateArray().Select(entry => ReadExpansion(entry.GetProperty("resource")))];
    }

    private static PublishedExpansion ReadExpansion(JsonElement resource)
    {
        var valueSet = (ValueSet)DefinitionJson.Read(resource, "Bundle-valueset-expansions.json").Value;
        JsonElement expansion = resource.GetProperty("expansion");
        bool isPartial = expansion.TryGetProperty("extension", out JsonElement extensions)
            && extensions.EnumerateArray().Any(extension => extension.GetProperty("url").GetString() is { } url
                && (url.EndsWith("/valueset-toocostly", StringComparison.Ordinal) || url.EndsWith("/valueset-unclosed", StringComparison.Ordinal)));
        var codes = new HashSet<(string, string)>();
        foreach (ExpansionConcept entry in valueSet.Expansion ?? [])
        {
            if (entry is { System: { } system, Code: { } code })
            {
                codes.Add((system, code));
            }
        }

        return new PublishedExpansion(valueSet.Url, codes, isPartial);
    }

    private static byte[] ReadFile(string archive, string name)
    {
        using var reader = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (reader.GetNextEntry() is { } entry)
        {
            if (Path.GetFileName(entry.Name) == name && entry.DataStream is { } stream)
            {
                using var content = new MemoryStream((int)entry.Length);
                stream.CopyTo(content);
                return content.ToArray();
            }
        }

        throw new FileNotFoundException($"{archive} holds no {name}.");
    }
}
