using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Searching;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

public class PatientMembershipTests
{
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);

    [Theory]
    [InlineData("Observation", "subject", true)]
    [InlineData("Observation", "patient", true)]
    [InlineData("Observation", "performer", true)]
    [InlineData("Observation", "encounter", false)]
    [InlineData("Encounter", "patient", true)]
    [InlineData("Condition", "patient", true)]
    [InlineData("Patient", "link", false)]
    [InlineData("Patient", "general-practitioner", false)]
    [InlineData("Practitioner", "_profile", false)]
    public void A_reference_puts_into_the_compartment_what_its_definition_or_the_same_elements_do(string type, string code, bool expected)
    {
        TypeSchema schema = FhirSchema.R4.Type(type)!;
        Assert.Equal(expected, new PatientMemberships(Parameters).IsMember(Parameters.Find(schema, code)!, schema));
    }

    [Theory]
    [InlineData("Observation", "patient", true)]
    [InlineData("Observation", "subject", true)]
    [InlineData("Observation", "performer", false)]
    [InlineData("Condition", "asserter", false)]
    [InlineData("Coverage", "beneficiary", true)]
    [InlineData("Coverage", "subscriber", false)]
    [InlineData("Patient", "link", false)]
    [InlineData("Practitioner", "_profile", false)]
    public void A_reference_says_whom_a_resource_is_about_when_it_follows_the_elements_of_patient(string type, string code, bool expected)
    {
        TypeSchema schema = FhirSchema.R4.Type(type)!;
        Assert.Equal(expected, new PatientMemberships(Parameters).IsAbout(Parameters.Find(schema, code)!.Id, schema));
    }
}
