using System.Formats.Tar;
using System.IO.Compression;

namespace HealthChain.RoundTrip;

/// <summary>The files to read.</summary>
public static class Packages
{
    /// <summary>The package of the specification's examples as the build downloaded it; null when it did not.</summary>
    public static string? Examples()
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

    /// <summary>The JSON and XML files of a folder or archive, without the package's own lists.</summary>
    public static IEnumerable<(string Name, byte[] Content)> Resources(string source) =>
        (Directory.Exists(source) ? InFolder(source) : InArchive(source)).Where(file => IsResource(file.Name));

    private static bool IsResource(string name) =>
        (name.EndsWith(".json", StringComparison.Ordinal) || name.EndsWith(".xml", StringComparison.Ordinal))
        && name is not ("package.json" or ".index.json");

    private static IEnumerable<(string Name, byte[] Content)> InFolder(string folder) =>
        Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(path => (Path.GetFileName(path), File.ReadAllBytes(path)));

    private static IEnumerable<(string Name, byte[] Content)> InArchive(string archive)
    {
        using var reader = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not { } stream)
            {
                continue;
            }

            using var content = new MemoryStream((int)entry.Length);
            stream.CopyTo(content);
            yield return (Path.GetFileName(entry.Name), content.ToArray());
        }
    }
}
