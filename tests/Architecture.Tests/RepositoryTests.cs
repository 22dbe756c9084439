using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Architecture.Tests;

/// <summary>Rules on names and contents of the files in the tree.</summary>
public sealed partial class RepositoryTests
{
    private static readonly string[] EmptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Misc", "Base", "Impl"];

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Repository.PathOf("HealthChain.sln")).Replace('\\', '/');
        var missing = Repository.Files("", "*.csproj").Select(Repository.Relative)
            .Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    [Fact]
    public void There_is_one_solution_file() =>
        Assert.Equal(["HealthChain.sln"], Repository.Files("", "*.sln*").Select(Repository.Relative));

    [Fact]
    public void Names_of_files_and_folders_say_what_is_inside()
    {
        var empty = Repository.Files("src").Concat(Repository.Files("tests")).Concat(Repository.Files("benchmarks"))
            .Select(Repository.Relative)
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal))
            .Where(path => Words().Matches(path).Any(word => EmptyWords.Contains(word.Value)));

        Assert.Empty(empty);
    }

    [Theory]
    [InlineData("#reg" + "ion", "regions hide code that should be a file of its own")]
    [InlineData("TO" + "DO", "open work belongs in an issue")]
    [InlineData("FIX" + "ME", "open work belongs in an issue")]
    public void Source_files_do_not_contain(string word, string reason)
    {
        var offenders = Repository.Files("", "*.cs").Where(path => File.ReadAllText(path).Contains(word, StringComparison.Ordinal))
            .Select(path => $"{Repository.Relative(path)}: {reason}");

        Assert.Empty(offenders);
    }

    [Fact]
    public void A_pragma_names_the_warning_it_silences()
    {
        var blanket = Repository.Files("", "*.cs").Where(path => BlanketPragma().IsMatch(File.ReadAllText(path))).Select(Repository.Relative);

        Assert.Empty(blanket);
    }

    [Fact]
    public void Build_files_silence_no_warning_but_the_one_on_missing_documentation()
    {
        string[] allowed = ["$(NoWarn)", "CS1591"];
        var silenced =
            from path in BuildFiles()
            from element in XDocument.Load(path).Descendants().Where(element => element.Name.LocalName is "NoWarn" or "WarningsNotAsErrors")
            from code in element.Value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            where !allowed.Contains(code)
            select $"{Repository.Relative(path)}: {code}";

        Assert.Empty(silenced);
    }

    [Fact]
    public void Versions_of_packages_stand_in_one_place()
    {
        var versions =
            from path in Repository.Files("", "*.csproj")
            from reference in XDocument.Load(path).Descendants("PackageReference")
            where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
            select $"{Repository.Relative(path)}: {reference.Attribute("Include")?.Value}";

        Assert.Empty(versions);
    }

    [Fact]
    public void Every_project_has_its_lock_file()
    {
        var missing = Repository.Files("", "*.csproj").Where(path => !File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "packages.lock.json")))
            .Select(Repository.Relative);

        Assert.Empty(missing);
    }

    [Fact]
    public void No_file_names_a_package_registry()
    {
        // Which registry a machine uses is its own configuration; the parts are joined here so that this file passes its own test.
        string[] hosts = ["registry.npm" + "js.org", "registry.yarn" + "pkg.com", "api.nu" + "get.org", "nu" + "get.org/v3"];
        var offenders =
            from path in Repository.Files().Where(IsText)
            let text = File.ReadAllText(path)
            from host in hosts
            where text.Contains(host, StringComparison.OrdinalIgnoreCase)
            select $"{Repository.Relative(path)}: {host}";

        Assert.Empty(offenders);
    }

    [Fact]
    public void Npm_lock_files_hold_no_download_addresses()
    {
        var offenders = Repository.Files("", "package-lock.json").Where(path => HasMember(path, "resolved")).Select(Repository.Relative);

        Assert.Empty(offenders);
    }

    private static IEnumerable<string> BuildFiles() =>
        Repository.Files("", "*.csproj").Concat(Repository.Files("", "*.props")).Concat(Repository.Files("", "*.targets"));

    private static bool IsText(string path) => Path.GetExtension(path) is
        "" or ".cs" or ".csproj" or ".props" or ".targets" or ".json" or ".md" or ".yml" or ".xml" or ".sh" or ".mjs" or ".js" or ".ts" or ".config" or ".npmrc" or ".txt" or ".sol" or ".html";

    private static bool HasMember(string path, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.TryGetProperty("packages", out var packages)
            && packages.EnumerateObject().Any(package => package.Value.TryGetProperty(name, out _));
    }

    /// <summary>The words of a name in Pascal case: StoreManager has Store and Manager, Base64Text has Base64 and Text.</summary>
    [GeneratedRegex(@"[A-Z][a-z]+\d*")]
    private static partial Regex Words();

    [GeneratedRegex(@"#pragma\s+warning\s+disable\s*(?://.*)?$", RegexOptions.Multiline)]
    private static partial Regex BlanketPragma();
}
