using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using Xunit;

namespace HealthChain.Fhir.Tests.Patch;

public class FhirPathPatchTests
{
    private const string Patient =
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""";

    [Theory]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient.name"},{"name":"name","valueString":"given"},{"name":"value","valueString":"C"}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B","C"],"_given":[null,{"id":"g"},null]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    [InlineData("""{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.name.given"},{"name":"index","valueInteger":1},{"name":"value","valueString":"C"}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","C","B"],"_given":[null,null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    [InlineData("""{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name.given"},{"name":"source","valueInteger":1},{"name":"destination","valueInteger":0}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["B","A"],"_given":[{"id":"g"},null]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.contact.gender"}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.photo"}""", Patient)]
    [InlineData("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.birthDate"},{"name":"value","valueString":"1980"}""",
        """{"resourceType":"Patient","birthDate":"1980","name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    [InlineData("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.extension.value"},{"name":"value","valueQuantity":{"value":2.00}}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueQuantity":{"value":2.00}}]}""")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"deceased"},{"name":"value","valueBoolean":true}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}],"deceasedBoolean":true}""")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"contained"},{"name":"value","resource":{"resourceType":"Basic","id":"x"}}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}],"contained":[{"resourceType":"Basic","id":"x"}]}""")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"communication"},{"name":"value","part":[{"name":"language","part":[{"name":"coding","part":[{"name":"code","valueCode":"de"}]},{"name":"text","valueString":"German"}]},{"name":"preferred","valueBoolean":true}]}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b"},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}],"communication":[{"language":{"coding":[{"code":"de"}],"text":"German"},"preferred":true}]}""")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient.birthDate"},{"name":"name","valueString":"extension"},{"name":"value","part":[{"name":"url","valueUri":"e"},{"name":"value[x]","valueCode":"c"}]}""",
        """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b","extension":[{"url":"e","valueCode":"c"}]},"name":[{"given":["A","B"],"_given":[null,{"id":"g"}]}],"contact":[{"gender":"male"}],"extension":[{"url":"u","valueDecimal":1.10}]}""")]
    public void An_operation_changes_what_it_names_and_nothing_else(string parts, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(FhirJson.ToBytes(Apply(parts).Value.Root)));

    [Theory]
    [InlineData("""{"name":"path","valueString":"Patient"}""", "needs a part 'type'")]
    [InlineData("""{"name":"type","valueCode":"frob"},{"name":"path","valueString":"Patient"}""", "there is no such type")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.name."}""", "the path is not FHIRPath")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.name.given.count()"}""", "computed values")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.name.given"}""", "selects 2 elements")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient"}""", "cannot be deleted")]
    [InlineData("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.photo"},{"name":"value","valueString":"x"}""", "selects nothing")]
    [InlineData("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient"},{"name":"value","resource":{"resourceType":"Patient"}}""", "cannot be replaced")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"foo"},{"name":"value","valueString":"x"}""", "Patient has no element 'foo'")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"birthDate"},{"name":"value","valueDate":"2000"}""", "may not repeat")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"gender"}""", "needs a part 'value'")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"maritalStatus"},{"name":"value","valueString":"x"}""", "cannot be a string; it is CodeableConcept")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"multipleBirthInteger"},{"name":"value","valueString":"two"}""", "'two' is not an integer")]
    [InlineData("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"deceased"},{"name":"value","valueQuantity":{"value":1}}""", "cannot be a Quantity")]
    [InlineData("""{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.name.given"},{"name":"index","valueInteger":3},{"name":"value","valueString":"x"}""", "from 0 to 2")]
    [InlineData("""{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.name.given.first()"},{"name":"index","valueInteger":0},{"name":"value","valueString":"x"}""", "all items of one list")]
    [InlineData("""{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name.given"},{"name":"source","valueInteger":2},{"name":"destination","valueInteger":0}""", "from 0 to 1")]
    [InlineData("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.birthDate"},{"name":"value","valueString":"x"}""", "would leave an invalid resource")]
    [InlineData("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient"},{"name":"extra","valueString":"x"}""", "it has a part 'extra'")]
    public void A_patch_that_does_not_fit_says_which_operation_and_why(string parts, string message)
    {
        FhirError error = Apply(parts).Error!;

        Assert.StartsWith("Operation 0", error.Issues[0].Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_operation_sees_the_outcome_of_the_one_before_and_a_failure_names_its_number()
    {
        const string add = """{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"gender"},{"name":"value","valueCode":"male"}""";

        FhirError error = Apply(add, add).Error!;

        Assert.StartsWith("Operation 1 (add Patient)", error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operations_and_work_are_limited()
    {
        const string delete = """{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.photo"}""";
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(Patient)).Root;

        Assert.Equal(ErrorKind.TooCostly, FhirPathPatch.Apply(resource, Parameters(delete, delete), new PatchLimits { MaxOperations = 1 }).Error!.Kind);
        Assert.Equal(ErrorKind.TooCostly, FhirPathPatch.Apply(resource, Parameters(delete, delete), new PatchLimits { MaxWorkBytes = 300 }).Error!.Kind);
    }

    private static Result<ElementTree> Apply(params string[] operations) =>
        FhirPathPatch.Apply(FhirJson.Read(Encoding.UTF8.GetBytes(Patient)).Root, Parameters(operations));

    private static Element Parameters(params string[] operations)
    {
        IEnumerable<string> parameters = operations.Select(parts => $$"""{"name":"operation","part":[{{parts}}]}""");
        return FhirJson.Read(Encoding.UTF8.GetBytes($$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', parameters)}}]}""")).Root;
    }
}
