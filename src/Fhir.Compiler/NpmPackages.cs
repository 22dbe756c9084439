using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace HealthChain.Fhir.Compiler;

/// <summary>
/// The npm packages that a lock file names, kept as the archives npm delivers. They are fetched by <c>npm pack</c> and checked against
/// the lock's hash: unpacking them (npm ci) would write 10,000 files and 260 MB, and hl7.terminology.r4 depends on packages that
/// npm's registry does not have.
/// </summary>
internal sealed class NpmPackages
{
    private readonly string _folder;
    private readonly Dictionary<string, (string Version, string Integrity)> _locked = [];

    public NpmPackages(string lockFile, string folder)
    {
        _folder = folder;
        using var document = JsonDocument.Parse(File.ReadAllBytes(lockFile));
        foreach (JsonProperty package in document.RootElement.EnumerateObject())
        {
            _locked.Add(package.Name, (package.Value.GetProperty("version").GetString()!, package.Value.GetProperty("integrity").GetString()!));
        }
    }

    /// <summary>Makes sure that every archive is there and is the one that the lock file means.</summary>
    public void Fetch()
    {
        Directory.CreateDirectory(_folder);
        string[] missing = [.. _locked.Keys.Where(name => !File.Exists(Archive(name)))];
        if (missing.Length > 0)
        {
            Pack(missing);
        }

        foreach ((string name, (string version, string integrity)) in _locked)
        {
            string found = "sha512-" + Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(Archive(name))));
            if (found != integrity)
            {
                File.Delete(Archive(name));
                throw new InvalidDataException($"{name} {version} is not the package of the lock file: expected {integrity}, got {found}. The archive was removed.");
            }
        }
    }

    /// <summary>The files of a package in the order of the archive, by their names without the leading <c>package/</c>.</summary>
    public IEnumerable<(string Name, byte[] Content)> Open(string package)
    {
        using var archive = new TarReader(new GZipStream(File.OpenRead(Archive(package)), CompressionMode.Decompress));
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } data)
            {
                var content = new byte[entry.Length];
                data.ReadExactly(content);
                yield return (entry.Name[(entry.Name.IndexOf('/', StringComparison.Ordinal) + 1)..], content);
            }
        }
    }

    /// <summary>One file of a package.</summary>
    public byte[] Read(string package, string name) =>
        Open(package).Where(file => file.Name == name).Select(file => file.Content).FirstOrDefault()
        ?? throw new InvalidDataException($"{package} has no file {name}.");

    // npm's own name for what it packs: @scope/name becomes scope-name.
    private string Archive(string name) =>
        Path.Combine(_folder, $"{name.TrimStart('@').Replace('/', '-')}-{_locked[name].Version}.tgz");

    private void Pack(IEnumerable<string> names)
    {
        // Packed beside their place and moved, since npm does not promise to write a file at once.
        string fresh = Directory.CreateDirectory(Path.Combine(_folder, $"fresh-{Environment.ProcessId}")).FullName;
        string[] arguments = ["pack", "--silent", "--ignore-scripts", "--pack-destination", fresh, .. names.Select(name => $"{name}@{_locked[name].Version}")];

        // On Windows npm is a script, which only the shell can start.
        ProcessStartInfo start = OperatingSystem.IsWindows() ? new("cmd.exe", ["/c", "npm", .. arguments]) : new("npm", arguments);
        start.WorkingDirectory = fresh;
        using (Process npm = Start(start))
        {
            npm.WaitForExit();
            if (npm.ExitCode != 0)
            {
                throw new IOException($"'npm {string.Join(' ', arguments)}' failed with exit code {npm.ExitCode}; its messages are above.");
            }
        }

        foreach (string file in Directory.GetFiles(fresh))
        {
            File.Move(file, Path.Combine(_folder, Path.GetFileName(file)), overwrite: true);
        }

        Directory.Delete(fresh);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new IOException("npm did not start.");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new IOException($"npm is needed to fetch the FHIR definitions and could not be started ({missing.Message}). Install Node.js 20 or newer.", missing);
        }
    }
}
