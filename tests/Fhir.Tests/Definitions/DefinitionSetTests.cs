using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

public sealed class DefinitionSetTests
{
    private const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    [Fact]
    public void R4_has_the_definitions_that_its_registries_list()
    {
        DefinitionSet r4 = DefinitionSet.R4;

        Assert.Equal(1375, r4.SearchParameters.Count());
        Assert.Equal(5, r4.Compartments.Count());
        Assert.Equal(46, r4.Operations.Count());
        Assert.Equal(146, r4.Structures.Count(s => s is { Kind: StructureKind.Resource, IsConstraint: false, IsAbstract: false }));
        Assert.Null(r4.SearchParameter("http://hl7.org/fhir/SearchParameter/example"));
    }

    [Fact]
    public void A_type_is_found_by_its_name_and_a_profile_is_not()
    {
        Assert.Equal("http://hl7.org/fhir/StructureDefinition/Patient", DefinitionSet.R4.Type("Patient")?.Url);
        Assert.Null(DefinitionSet.R4.Type("vitalsigns"));
        Assert.NotNull(DefinitionSet.R4.Structure("http://hl7.org/fhir/StructureDefinition/vitalsigns"));
    }

    [Fact]
    public void A_canonical_with_a_version_means_that_version_only()
    {
        DefinitionSet r4 = DefinitionSet.R4;

        Assert.Equal("4.0.1", r4.ValueSet("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1")?.Version);
        Assert.Null(r4.ValueSet("http://hl7.org/fhir/ValueSet/administrative-gender|9.9.9"));
    }

    [Fact]
    public void Every_versioned_binding_of_the_specification_finds_its_value_set()
    {
        IEnumerable<string> bound = DefinitionSet.R4.Structures
            .SelectMany(structure => structure.Snapshot)
            .Select(element => element.Binding?.ValueSet)
            .OfType<string>()
            .Where(canonical => canonical.Contains("hl7.org", StringComparison.Ordinal) && canonical.Contains('|', StringComparison.Ordinal))
            .Distinct();

        Assert.DoesNotContain(bound, canonical => DefinitionSet.R4.ValueSet(canonical) is null);
    }

    [Fact]
    public void A_version_inside_a_url_is_the_version() =>
        Assert.Equal("2.3.1", DefinitionSet.R4.CodeSystem("http://terminology.hl7.org/CodeSystem/v2-0360|2.3.1")?.Version);

    [Fact]
    public void A_code_that_HL7_terminology_has_lost_since_R4_stays_known_as_inactive()
    {
        CodeSystem system = DefinitionSet.R4.CodeSystem("http://terminology.hl7.org/CodeSystem/adverse-event-seriousness")!;

        Concept lost = Assert.Single(system.Concepts, concept => concept.Code == "Non-serious");
        Assert.Equal(new ConceptProperty("inactive", "boolean", "true"), Assert.Single(lost.Properties));
        Assert.Contains(system.Concepts, concept => concept.Code == "non-serious");
    }

    [Fact]
    public void A_layer_laid_over_wins_and_the_one_below_can_still_be_asked_for_by_version()
    {
        const string Gender = "http://hl7.org/fhir/administrative-gender";
        DefinitionSet set = DefinitionSet.R4.With(
        [
            new DefinitionList([new CodeSystem { Url = Gender, Version = "1" }]),
            new DefinitionList([new CodeSystem { Url = Gender, Version = "2.9" }, new CodeSystem { Url = Gender, Version = "2.10" }]),
        ]);

        Assert.Equal("2.10", set.CodeSystem(Gender)?.Version);
        Assert.Equal("1", set.CodeSystem(Gender + "|1")?.Version);
        Assert.Equal(4, set.CodeSystem(Gender + "|4.0.1")?.Concepts.Count);
        Assert.Equal(["2.9", "2.10", "1", "4.0.1"], set.CodeSystems.Where(system => system.Url == Gender).Select(system => system.Version));
        Assert.Equal("4.0.1", DefinitionSet.R4.CodeSystem(Gender)?.Version);
    }

    [Theory]
    [InlineData("1.0.0", "0.9.9")]
    [InlineData("1.10.0", "1.9.0")]
    [InlineData("4.0.1", "4.0")]
    [InlineData("1.0.0", "1.0.0-ballot")]
    [InlineData("1.0.0-b", "1.0.0-a")]
    [InlineData("2020-01-02", "2019-12-31")]
    [InlineData("1", null)]
    public void Versions_are_ordered_as_people_mean_them(string newer, string? older)
    {
        Assert.True(VersionOrder.Compare(newer, older) > 0);
        Assert.True(VersionOrder.Compare(older, newer) < 0);
        Assert.Equal(0, VersionOrder.Compare(newer, newer));
    }

    [Fact]
    public void HL7_terminology_wins_over_what_R4_had_and_both_versions_can_be_asked_for()
    {
        CodeSystem newest = DefinitionSet.R4.CodeSystem(ActCode)!;
        CodeSystem[] versions = [.. DefinitionSet.R4.CodeSystems.Where(system => system.Url == ActCode)];

        Assert.Equal(2, versions.Length);
        Assert.Same(newest, versions[0]);
        Assert.Same(versions[1], DefinitionSet.R4.CodeSystem($"{ActCode}|{versions[1].Version}"));
        Assert.True(newest.Concepts.Count > 1000);
    }

    [Theory]
    [InlineData("urn:oid:2.16.840.1.113883.5.4", ActCode)]
    [InlineData("urn:oid:2.16.840.1.113883.5.1", "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender")]
    public void A_code_system_is_found_by_its_OID(string oid, string url) =>
        Assert.Equal(url, DefinitionSet.R4.CodeSystem(oid)?.Url);

    [Theory]
    [InlineData("urn:oid:2.16.840.1.113883.6.238")]
    [InlineData("urn:oid:1.2.3.4.5")]
    public void An_OID_of_another_system_finds_none_even_if_a_code_system_bears_it(string oid) =>
        Assert.Null(DefinitionSet.R4.CodeSystem(oid));

    [Fact]
    public void An_identifier_that_two_code_systems_bear_finds_none_of_them()
    {
        CodeSystem first = new() { Url = "http://test.example/1", Identifiers = ["urn:oid:1.2.3", "urn:oid:1.2.4"] };
        CodeSystem second = new() { Url = "http://test.example/2", Identifiers = ["urn:oid:1.2.3"] };
        DefinitionSet set = DefinitionSet.R4.With([new DefinitionList([first, second])]);

        Assert.Null(set.CodeSystem("urn:oid:1.2.3"));
        Assert.Same(first, set.CodeSystem("urn:oid:1.2.4"));
    }

    [Theory]
    [InlineData("urn:oid:2.16.840.1.113883.6.1", "http://loinc.org")]
    [InlineData("urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct")]
    [InlineData("urn:oid:1.2.3.4.5", null)]
    public void Naming_systems_translate_names_of_systems(string name, string? uri) =>
        Assert.Equal(uri, DefinitionSet.R4.SystemUri(name));

    [Fact]
    public void The_compartment_of_a_patient_is_found_by_its_code() =>
        Assert.Contains(DefinitionSet.R4.Compartment("Patient")!.Resources, resource => resource.Type == "Observation" && resource.Parameters.Contains("subject"));

    [Fact]
    public void Threads_that_ask_at_once_get_the_same_definition()
    {
        string[] urls = [.. DefinitionSet.R4.Structures.Take(100).Select(structure => structure.Url)];
        StructureDefinition[][] seen = new StructureDefinition[8][];

        Parallel.For(0, seen.Length, thread => seen[thread] = [.. urls.Select(url => DefinitionSet.R4.Structure(url)!)]);

        Assert.All(seen, structures => Assert.Equal(seen[0], structures, ReferenceEqualityComparer.Instance));
    }
}
