using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

public sealed class FhirPackageTests : IDisposable
{
    private const string Manifest = """{"name":"test","version":"1.0.0","fhirVersions":["4.0.1"]}""";
    private const string CodeSystem = """{"resourceType":"CodeSystem","url":"http://test.example/cs","version":"1","identifier":[{"value":"urn:oid:1.2.3"}],"content":"complete","concept":[{"code":"a"}]}""";
    private const string Profile = """{"resourceType":"StructureDefinition","url":"http://test.example/p","name":"P","kind":"resource","type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"path":"Patient.name","min":1}]}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("fhir-package-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Definitions_of_an_archive_are_found_by_canonical_and_alias()
    {
        Archive("a.tgz", ("package/package.json", Manifest), ("package/CodeSystem-cs.json", CodeSystem), ("package/StructureDefinition-p.json", Profile));

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Empty(loaded.Issues);
        Assert.Equal("a", loaded.Definitions.CodeSystem("http://test.example/cs")?.Concepts.Single().Code);
        Assert.Equal("http://test.example/cs", loaded.Definitions.CodeSystem("urn:oid:1.2.3|1")?.Url);
        Assert.Equal(1, loaded.Definitions.Structure("http://test.example/p")?.Snapshot.Single(element => element.Id == "Patient.name").Min);
        Assert.NotNull(loaded.Definitions.Type("Patient"));
        Assert.Null(DefinitionSet.R4.Structure("http://test.example/p"));
    }

    [Fact]
    public void Examples_and_other_resources_of_an_archive_are_left_alone()
    {
        Archive("a.tgz", ("package/package.json", Manifest), ("package/Patient-x.json", """{"resourceType":"Patient"}"""), ("package/example/CodeSystem-cs.json", CodeSystem), ("package/.index.json", "{"));

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Empty(loaded.Issues);
        Assert.Null(loaded.Definitions.CodeSystem("http://test.example/cs"));
    }

    [Fact]
    public void Single_resources_of_a_folder_win_over_archives()
    {
        Archive("z.tgz", ("package/package.json", Manifest), ("package/CodeSystem-cs.json", CodeSystem));
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File.WriteAllText(Path.Combine(_folder, "sub", "cs.json"), "\uFEFF" + CodeSystem.Replace("\"a\"", "\"b\"", StringComparison.Ordinal));

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Equal("b", loaded.Definitions.CodeSystem("http://test.example/cs")?.Concepts.Single().Code);
        Assert.Empty(loaded.Issues);
    }

    [Fact]
    public void One_archive_or_one_resource_may_be_named_instead_of_a_folder()
    {
        Archive("a.tgz", ("package/package.json", Manifest), ("package/CodeSystem-cs.json", CodeSystem));
        File.WriteAllText(Path.Combine(_folder, "p.json"), Profile);
        File.WriteAllText(Path.Combine(_folder, "vs.xml"), """<ValueSet xmlns="http://hl7.org/fhir"><url value="http://test.example/vs"/><status value="draft"/></ValueSet>""");

        Assert.NotNull(DefinitionSet.R4.Load(Path.Combine(_folder, "a.tgz")).Definitions.CodeSystem("http://test.example/cs"));
        Assert.NotNull(DefinitionSet.R4.Load(Path.Combine(_folder, "p.json")).Definitions.Structure("http://test.example/p"));
        Assert.NotNull(DefinitionSet.R4.Load(Path.Combine(_folder, "vs.xml")).Definitions.ValueSet("http://test.example/vs"));
    }

    [Theory]
    [InlineData("not JSON", "broken.json could not be loaded")]
    [InlineData("""{"resourceType":"ValueSet"}""", "has no url")]
    [InlineData("""{"resourceType":"ValueSet","url":"http://test.example/vs\uD800"}""", "broken.json")]
    [InlineData("""{"resourceType":"ValueSet","url":"http://test.example/vs"} x""", "broken.json")]
    public void A_broken_file_is_named_and_the_others_load(string content, string message)
    {
        Archive("a.tgz", ("package/package.json", Manifest), ("package/broken.json", content), ("package/CodeSystem-cs.json", CodeSystem));

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Contains(message, Assert.Single(loaded.Issues).Message, StringComparison.Ordinal);
        Assert.Contains("a.tgz package/broken.json", loaded.Issues[0].Message, StringComparison.Ordinal);
        Assert.NotNull(loaded.Definitions.CodeSystem("http://test.example/cs"));
    }

    [Fact]
    public void A_faulty_definition_is_told_with_its_element_when_it_is_asked_for()
    {
        File.WriteAllText(
            Path.Combine(_folder, "p.json"),
            """{"resourceType":"StructureDefinition","url":"http://test.example/p","name":"P","kind":"thing","type":"Patient","differential":{"element":[{"path":"Patient"},{"path":"Patient.name","min":"1","max":"many"}]}}""");
        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);
        Assert.Empty(loaded.Issues);

        Assert.Null(loaded.Definitions.Structure("http://test.example/p"));

        Assert.Equal(
            ["StructureDefinition", "StructureDefinition.differential.element[1]", "StructureDefinition.differential.element[1]"],
            loaded.Issues.Select(issue => issue.Expression).Order(StringComparer.Ordinal));
        Assert.All(loaded.Issues, issue => Assert.Contains("p.json", issue.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Checking_finds_the_faults_of_definitions_that_nobody_asked_for()
    {
        File.WriteAllText(Path.Combine(_folder, "p.json"), Profile.Replace("Patient.name", "Patient.nickname", StringComparison.Ordinal));
        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        loaded.Check();

        Assert.Contains("nickname", Assert.Single(loaded.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_for_another_version_of_FHIR_is_refused()
    {
        Archive("r5.tgz", ("package/package.json", Manifest.Replace("4.0.1", "5.0.0", StringComparison.Ordinal)), ("package/CodeSystem-cs.json", CodeSystem));

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Contains("r5.tgz could not be loaded: it is for FHIR 5.0.0", Assert.Single(loaded.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_that_is_none_or_is_cut_off_is_named()
    {
        File.WriteAllText(Path.Combine(_folder, "none.tgz"), "hello");
        Archive("whole.tgz", ("package/package.json", Manifest), ("package/CodeSystem-cs.json", CodeSystem));
        byte[] whole = File.ReadAllBytes(Path.Combine(_folder, "whole.tgz"));
        File.WriteAllBytes(Path.Combine(_folder, "cut.tgz"), whole[..(whole.Length / 2)]);

        LoadedDefinitions loaded = DefinitionSet.R4.Load(_folder);

        Assert.Equal(2, loaded.Issues.Count);
        Assert.Contains(loaded.Issues, issue => issue.Message.StartsWith("none.tgz could not be loaded", StringComparison.Ordinal));
        Assert.Contains(loaded.Issues, issue => issue.Message.StartsWith("cut.tgz could not be loaded", StringComparison.Ordinal));
        Assert.NotNull(loaded.Definitions.CodeSystem("http://test.example/cs"));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        string missing = Path.Combine(_folder, "missing");

        Assert.Contains(missing, Assert.Single(DefinitionSet.R4.Load(missing).Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_stop_what_unpacks_to_too_much()
    {
        string large = CodeSystem.Replace("\"1\"", $"\"{new string(' ', 100_000)}\"", StringComparison.Ordinal);
        Archive("a.tgz", ("package/large.json", large), ("package/CodeSystem-cs.json", CodeSystem));

        LoadedDefinitions byFile = DefinitionSet.R4.Load(_folder, new PackageLimits(MaxFileBytes: 50_000));
        LoadedDefinitions byPackage = DefinitionSet.R4.Load(_folder, new PackageLimits(MaxPackageBytes: 50_000));

        Assert.Contains("package/large.json", Assert.Single(byFile.Issues).Message, StringComparison.Ordinal);
        Assert.NotNull(byFile.Definitions.CodeSystem("http://test.example/cs"));
        Assert.Contains("a.tgz could not be loaded: it holds more than 50,000 bytes", Assert.Single(byPackage.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_that_ask_at_once_get_the_same_snapshot()
    {
        File.WriteAllText(Path.Combine(_folder, "p.json"), Profile);
        DefinitionSet set = DefinitionSet.R4.Load(_folder).Definitions;
        var seen = new StructureDefinition?[16];

        Parallel.For(0, seen.Length, thread => seen[thread] = set.Structure("http://test.example/p"));

        Assert.All(seen, structure => Assert.Same(seen[0], structure));
    }

    private void Archive(string name, params (string Name, string Content)[] files)
    {
        using FileStream file = File.Create(Path.Combine(_folder, name));
        using var zip = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(zip, TarEntryFormat.Pax);
        foreach ((string entryName, string content) in files)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, entryName) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }
    }
}
