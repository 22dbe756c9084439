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
