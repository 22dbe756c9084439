using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.Fhir.Definitions;

/// <summary>What a package may cost at most; a package is somebody else's file.</summary>
/// <param name="MaxFileBytes">Largest file taken out of a package; the largest published ones are expansions of about 30 MB.</param>
/// <param name="MaxPackageBytes">All files of one package together, unpacked: what stops a decompression bomb.</param>
/// <param name="MaxFiles">Number of files in one package or folder.</param>
public sealed record PackageLimits(int MaxFileBytes = 64 << 20, long MaxPackageBytes = 1L << 30, int MaxFiles = 100_000)
{
    public static PackageLimits Default { get; } = new();
}

/// <summary>
/// The definitions of a FHIR package (https://hl7.org/fhir/packages.html) or of a folder of resources, loaded at run time. Opening
/// reads every file once for its type and names; a definition is decoded when first asked for.
/// </summary>
/// <remarks>Safe to share. Nothing is unpacked to disk: the definitions of an archive wait in memory, those of a folder in their files.</remarks>
public sealed class FhirPackage : IDefinitionSource
{
    private static readonly EnumerationOptions EveryFile = new() { RecurseSubdirectories = true, MaxRecursionDepth = 16 };

    private readonly List<PackageFile>[] _byKind = [.. Enum.GetValues<DefinitionKind>().Select(_ => new List<PackageFile>())];
    private readonly Dictionary<(DefinitionKind Kind, string Name), List<PackageFile>> _byName = [];
    private readonly List<Issue> _issues = [];
    private readonly PackageLimits _limits;
    private int _files;

    private FhirPackage(string name, PackageLimits limits)
    {
        Name = name;
        _limits = limits;
    }

    /// <summary>The name of the archive or folder; issues start with it.</summary>
    public string Name { get; }

    /// <summary>What is wrong with it so far: files that cannot be read, and definitions found to be faulty when they were asked for.</summary>
    public IReadOnlyList<Issue> Issues
    {
        get
        {
            lock (_issues)
            {
                return [.. _issues];
            }
        }
    }

    /// <summary>Opens a <c>.tgz</c> package. Whatever is wrong with it is in <see cref="Issues"/>; what can be read is there.</summary>
    public static FhirPackage OpenArchive(string path, PackageLimits? limits = null)
    {
        var package = new FhirPackage(Path.GetFileName(path), limits ?? PackageLimits.Default);
        package.Guard(package.Name, () =>
        {
            using FileStream file = File.OpenRead(path);
            package.ReadArchive(file);
        });
        return package;
    }

    /// <summary>Opens the <c>.json</c> and <c>.xml</c> resources of a folder and its subfolders; archives in it are not opened.</summary>
    public static FhirPackage OpenFolder(string path, PackageLimits? limits = null)
    {
        var package = new FhirPackage(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), limits ?? PackageLimits.Default);
        package.Guard(path, () => package.ReadFolder(path));
        return package;
    }

    /// <summary>
    /// The archives under a folder in the order of their names, then its single resources; later ones are to win. Instead of a
    /// folder, one archive or one resource may be named.
    /// </summary>
    public static IEnumerable<FhirPackage> OpenAll(string path, PackageLimits? limits = null)
    {
        if (File.Exists(path))
        {
            return [IsArchive(path) ? OpenArchive(path, limits) : OpenFile(path, limits)];
        }

        IEnumerable<string> archives = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.tgz", EveryFile).Order(StringComparer.Ordinal) : [];
        return [.. archives.Select(archive => OpenArchive(archive, limits)), OpenFolder(path, limits)];
    }

    /// <summary>Opens a single resource.</summary>
    public static FhirPackage OpenFile(string path, PackageLimits? limits = null)
    {
        var package = new FhirPackage(Path.GetFileName(path), limits ?? PackageLimits.Default);
        package.ReadResource(package.Name, path);
        return package;
    }

    public IEnumerable<IDefinition> All(DefinitionKind kind) => _byKind[(int)kind].Select(Decode).OfType<IDefinition>();

    public IEnumerable<IDefinition> Find(DefinitionKind kind, string name) =>
        _byName.TryGetValue((kind, name), out List<PackageFile>? files) ? files.Select(Decode).OfType<IDefinition>() : [];

    /// <summary>Decodes every definition, so that <see cref="Issues"/> is complete.</summary>
    public void Check()
    {
        foreach (PackageFile file in _byKind.SelectMany(files => files))
        {
            Decode(file);
        }
    }

    public override string ToString() => Name;

    private void ReadArchive(Stream stream)
    {
        using var archive = new TarReader(new GZipStream(stream, CompressionMode.Decompress));
        long total = 0;
        while (archive.GetNextEntry() is { } entry)
        {
            total += entry.Length;
            if (total > _limits.MaxPackageBytes || ++_files > _limits.MaxFiles)
            {
                throw new InvalidDataException(
                    $"it holds more than {_limits.MaxPackageBytes:N0} bytes or {_limits.MaxFiles:N0} files; the rest was not read");
            }

            if (entry.DataStream is { } data && IsResourceName(entry.Name))
            {
                string origin = $"{Name} {entry.Name}";
                Guard(origin, () => Add(origin, ReadEntry(data, entry.Length), null));
            }
            else if (entry.DataStream is { } manifest && entry.Name == "package/package.json")
            {
                Manifest(ReadEntry(manifest, entry.Length));
            }
        }
    }

    // The manifest says for which FHIR the package was made (https://confluence.hl7.org/display/FHIR/NPM+Package+Specification).
    private static void Manifest(byte[] content)
    {
        using var document = JsonDocument.Parse(content);
        if (document.RootElement.TryGetProperty("fhirVersions", out JsonElement versions)
            && versions.ValueKind == JsonValueKind.Array
            && !versions.EnumerateArray().Any(version => version.ValueKind == JsonValueKind.String && version.GetString()!.StartsWith("4.0", StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"it is for FHIR {string.Join(", ", versions.EnumerateArray())}, not for R4 (4.0.1)");
        }
    }

    private byte[] ReadEntry(Stream data, long length)
    {
        if (length > _limits.MaxFileBytes)
        {
            throw new InvalidDataException($"it has {length:N0} bytes; at most {_limits.MaxFileBytes:N0} are read");
        }

        var content = new byte[length];
        data.ReadExactly(content);
        return content;
    }

    private void ReadFolder(string path)
    {
        foreach (string file in Directory.EnumerateFiles(path, "*", EveryFile).Order(StringComparer.Ordinal))
        {
            if (++_files > _limits.MaxFiles)
            {
                throw new InvalidDataException($"it holds more than {_limits.MaxFiles:N0} files; the rest was not read");
            }

            if (!IsIndex(file))
            {
                ReadResource($"{Name}/{Path.GetRelativePath(path, file).Replace('\\', '/')}", file);
            }
        }
    }

    private void ReadResource(string origin, string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            Guard(origin, () => Add(origin, ReadFile(path), () => ReadFile(path)));
        }
        else if (path.EndsWith(".xml", StringComparison.OrdinalIgnoreCase))
        {
            Guard(origin, () => AddXml(origin, ReadFile(path)));
        }
    }

    private byte[] ReadFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return ReadEntry(file, file.Length);
    }

    // Packages have JSON only, but editors of profiles write XML as well.
    private void AddXml(string origin, byte[] content)
    {
        ReadResult result = FhirXml.Read(content);
        if (result.Tree is { } tree)
        {
            Add(origin, FhirJson.ToBytes(tree.Root), null);
        }
        else
        {
            Note(result.Issues.Select(issue => issue with { Message = $"{origin}: {issue.Message}" }));
        }
    }

    /// <param name="origin">What issues call the file.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="readAgain">Gets the bytes once more; null where that is not possible, so that they are kept.</param>
    private void Add(string origin, byte[] content, Func<byte[]>? readAgain)
    {
        if (DefinitionHead.Read(content) is not { } head)
        {
            return;
        }

        if (head.Names.Count == 0)
        {
            throw new InvalidDataException($"this {head.Kind} has no url, so nothing can refer to it");
        }

        var file = new PackageFile(origin, readAgain ?? (() => content));
        _byKind[(int)head.Kind].Add(file);
        foreach (string name in head.Names.Distinct())
        {
            if (!_byName.TryGetValue((head.Kind, name), out List<PackageFile>? files))
            {
                _byName.Add((head.Kind, name), files = []);
            }

            files.Add(file);
        }
    }

    private IDefinition? Decode(PackageFile file)
    {
        if (!file.IsDecoded)
        {
            lock (file)
            {
                if (!file.IsDecoded)
                {
                    Guard(file.Origin, () => file.Decode(this));
                    file.IsDecoded = true;
                }
            }
        }

        return file.Definition;
    }

    internal void Note(IEnumerable<Issue> issues)
    {
        lock (_issues)
        {
            _issues.AddRange(issues);
        }
    }

    // A broken file must not keep the others from loading: what it makes a reader throw becomes an issue that names it. (The JSON
    // reader throws InvalidOperationException for text that is not Unicode.)
    private void Guard(string origin, Action read)
    {
        try
        {
            read();
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or JsonException or UnauthorizedAccessException or FormatException
            or InvalidOperationException)
        {
            Note([Issue.Error(IssueType.Structure, $"{origin} could not be loaded: {fault.Message}")]);
        }
    }

    // Resources lie directly in the folder "package"; deeper folders hold examples and other material.
    private static bool IsResourceName(string name) =>
        name.StartsWith("package/", StringComparison.Ordinal)
        && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
        && name.LastIndexOf('/') == "package".Length
        && !IsIndex(name);

    private static bool IsArchive(string path) => path.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase);

    private static bool IsIndex(string path) => Path.GetFileName(path) is "package.json" or ".index.json" or ".index.db";
}

/// <summary>One definition of a package: its bytes until they are asked for, then the record.</summary>
internal sealed class PackageFile(string origin, Func<byte[]> read)
{
    private Func<byte[]>? _read = read;
    private volatile bool _isDecoded;

    public string Origin { get; } = origin;

    /// <summary>The definition; null before it was decoded, and when it is faulty.</summary>
    public IDefinition? Definition { get; private set; }

    public bool IsDecoded
    {
        get => _isDecoded;
        set => _isDecoded = value;
    }

    public void Decode(FhirPackage package)
    {
        Result<IDefinition> result = DefinitionJson.Read(_read!(), Origin);
        _read = null;
        if (result.IsOk)
        {
            Definition = result.Value;
        }
        else
        {
            package.Note(result.Error.Issues);
        }
    }
}
