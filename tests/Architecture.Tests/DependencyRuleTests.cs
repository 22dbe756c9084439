using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Architecture.Tests;

/// <summary>A project references only lower levels, in its project file and in what was compiled from it.</summary>
public sealed class DependencyRuleTests
{
    private const string Prefix = "HealthChain.";

    [Fact]
    public void Every_product_project_has_a_level()
    {
        var unknown = ProductProjects().Select(NameOf).Where(name => !Levels.Knows(name));

        Assert.Empty(unknown);
    }

    [Fact]
    public void Project_files_reference_lower_levels_only()
    {
        var found = 0;
        var forbidden = new List<string>();
        foreach (var project in ProductProjects())
        {
            foreach (var target in LinkedProjects(project))
            {
                found++;
                if (!Levels.Permits(NameOf(project), target))
                {
                    forbidden.Add($"{NameOf(project)} -> {target}");
                }
            }
        }

        Assert.NotEqual(0, found);
        Assert.Empty(forbidden);
    }

    [Fact]
    public void Compiled_assemblies_reference_lower_levels_only()
    {
        var found = 0;
        var forbidden = new List<string>();
        foreach (var path in ProductAssemblies.Paths())
        {
            foreach (var target in ReferencedAssemblies(path).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
            {
                found++;
                if (!Levels.Permits(ProductAssemblies.NameOf(path), target[Prefix.Length..]))
                {
                    forbidden.Add($"{ProductAssemblies.NameOf(path)} -> {target}");
                }
            }
        }

        Assert.NotEqual(0, found);
        Assert.Empty(forbidden);
    }

    [Fact]
    public void Only_tests_and_benchmarks_reference_the_test_kit()
    {
        var users = ProductProjects().Where(project => LinkedProjects(project).Contains("TestKit"));

        Assert.Empty(users);
    }

    [Theory]
    [InlineData("Fhir", "Storage")]
    [InlineData("LedgerAnchor", "Fhir")]
    [InlineData("Storage", "Storage.Sqlite")]
    [InlineData("Consent", "Smart")]
    [InlineData("Claims", "Storage.Sqlite")]
    [InlineData("Storage.Sqlite", "Storage.Cosmos")]
    [InlineData("Analytics", "FhirServer")]
    public void The_table_refuses_what_the_picture_does_not_show(string from, string to) => Assert.False(Levels.Permits(from, to));

    private static IEnumerable<string> ProductProjects() => Repository.Files("src", "*.csproj");

    private static string NameOf(string projectFile) => Path.GetFileNameWithoutExtension(projectFile).Replace(Prefix, "", StringComparison.Ordinal);

    /// <summary>Project references whose assembly is linked; one that only orders the build is not a dependency of the code.</summary>
    private static IEnumerable<string> LinkedProjects(string projectFile) =>
        XDocument.Load(projectFile).Descendants("ProjectReference")
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
            .Select(reference => NameOf(((string)reference.Attribute("Include")!).Replace('\\', '/')));

    private static List<string> ReferencedAssemblies(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
