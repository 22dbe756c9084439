using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>Discriminators and slices that the profiles of the mutation suite do not use. R4 profiling.html#slicing.</summary>
public class SlicingTests
{
    [Theory]
    [InlineData("""{"value":"1","period":{"start":"2020"}}""", "")]
    [InlineData("""{"value":"1"}""", "Patient.identifier[0]: system")]
    [InlineData("""{"value":"1","system":"urn:x"}""", "")]
    public void A_slice_can_be_told_by_what_exists(string identifier, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","identifier":[{{identifier}}]}""",
        """
        {"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"exists","path":"period"}],"rules":"open"}},
        {"id":"Patient.identifier:timed","path":"Patient.identifier","sliceName":"timed"},
        {"id":"Patient.identifier:timed.period","path":"Patient.identifier.period","min":1},
        {"id":"Patient.identifier:lasting","path":"Patient.identifier","sliceName":"lasting"},
        {"id":"Patient.identifier:lasting.period","path":"Patient.identifier.period","max":"0"},
        {"id":"Patient.identifier:lasting.system","path":"Patient.identifier.system","min":1}
        """);

    [Theory]
    [InlineData("official", "x", "")]
    [InlineData("official", null, "Patient.name[0]: family")]
    [InlineData("maiden", null, "")]
    [InlineData("usual", null, "")]
    public void A_slice_can_be_told_by_a_required_value_set(string use, string? family, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","name":[{"use":"{{use}}","given":["y"]{{(family is null ? "" : ",\"family\":\"x\"")}}}]}""",
        """
        {"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"}},
        {"id":"Patient.name:formal","path":"Patient.name","sliceName":"formal"},
        {"id":"Patient.name:formal.use","path":"Patient.name.use","min":1,"binding":{"strength":"required","valueSet":"http://example.org/formal"}},
        {"id":"Patient.name:formal.family","path":"Patient.name.family","min":1}
        """);

    [Theory]
    [InlineData("a", "1", "")]
    [InlineData("a", "2", "")]
    [InlineData("a", "3", "Patient.identifier[0]: period")]
    [InlineData("b", "3", "")]
    public void A_slice_can_be_sliced_again(string system, string value, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","identifier":[{"system":"urn:{{system}}","value":"{{value}}"}]}""",
        """
        {"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
        {"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a","slicing":{"discriminator":[{"type":"value","path":"value"}],"rules":"open"}},
        {"id":"Patient.identifier:a.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:a"},
        {"id":"Patient.identifier:a/three","path":"Patient.identifier","sliceName":"a/three"},
        {"id":"Patient.identifier:a/three.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:a"},
        {"id":"Patient.identifier:a/three.value","path":"Patient.identifier.value","min":1,"fixedString":"3"},
        {"id":"Patient.identifier:a/three.period","path":"Patient.identifier.period","min":1}
        """);

    [Theory]
    [InlineData("Practitioner/1", "")]
    [InlineData("Organization/1", "Patient.generalPractitioner[0]: display")]
    [InlineData("PractitionerRole/1", "")]
    public void A_slice_can_be_told_by_the_type_of_a_reference(string reference, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","generalPractitioner":[{"reference":"{{reference}}"}]}""",
        """
        {"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","slicing":{"discriminator":[{"type":"type","path":"resolve()"}],"rules":"open"}},
        {"id":"Patient.generalPractitioner:org","path":"Patient.generalPractitioner","sliceName":"org","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Organization"]}]},
        {"id":"Patient.generalPractitioner:org.display","path":"Patient.generalPractitioner.display","min":1}
        """);

    [Theory]
    [InlineData("work", "")]
    [InlineData("home", "Patient.telecom[0]: period")]
    public void Whatever_fits_no_slice_falls_into_the_default_slice(string use, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","telecom":[{"system":"phone","value":"1","use":"{{use}}"}]}""",
        """
        {"id":"Patient.telecom","path":"Patient.telecom","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"closed"}},
        {"id":"Patient.telecom:work","path":"Patient.telecom","sliceName":"work"},
        {"id":"Patient.telecom:work.use","path":"Patient.telecom.use","min":1,"fixedCode":"work"},
        {"id":"Patient.telecom:@default","path":"Patient.telecom","sliceName":"@default"},
        {"id":"Patient.telecom:@default.period","path":"Patient.telecom.period","min":1}
        """);

    [Theory]
    [InlineData("""{"extension":[{"url":"http://example.org/kind","valueCode":"x"}],"value":"1"}""", "Patient.identifier[0]: system")]
    [InlineData("""{"extension":[{"url":"http://example.org/kind","valueCode":"y"}],"value":"1"}""", "")]
    [InlineData("""{"value":"1"}""", "")]
    public void A_slice_can_be_told_by_the_value_of_an_extension(string identifier, string expected) => Check(
        expected,
        $$"""{"resourceType":"Patient","identifier":[{{identifier}}]}""",
        """
        {"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"extension('http://example.org/kind').value"}],"rules":"open"}},
        {"id":"Patient.identifier:x","path":"Patient.identifier","sliceName":"x"},
        {"id":"Patient.identifier:x.extension","path":"Patient.identifier.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
        {"id":"Patient.identifier:x.extension:kind","path":"Patient.identifier.extension","sliceName":"kind","min":1,"type":[{"code":"Extension","profile":["http://example.org/kind"]}]},
        {"id":"Patient.identifier:x.extension:kind.value[x]","path":"Patient.identifier.extension.value[x]","min":1,"fixedCode":"x"},
        {"id":"Patient.identifier:x.system","path":"Patient.identifier.system","min":1}
        """);

    private const string Kind = """
        {"resourceType":"StructureDefinition","url":"http://example.org/kind","name":"Kind","status":"active","kind":"complex-type","abstract":false,"type":"Extension",
        "context":[{"type":"element","expression":"Element"}],"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint",
        "differential":{"element":[{"id":"Extension.url","path":"Extension.url","fixedUri":"http://example.org/kind"},{"id":"Extension.value[x]","path":"Extension.value[x]","type":[{"code":"code"}]}]}}
        """;

    private const string Formal = """
        {"resourceType":"ValueSet","url":"http://example.org/formal","status":"active","compose":{"include":[{"system":"http://hl7.org/fhir/name-use","concept":[{"code":"official"}]}]}}
        """;

    // What is expected reads "place: element that is missing there"; nothing when the resource is valid.
    private static void Check(string expected, string resource, string differential)
    {
        string profile = """
            {"resourceType":"StructureDefinition","url":"http://example.org/sliced","name":"Sliced","status":"active","kind":"resource","abstract":false,"type":"Patient",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[@differential]}}
            """.Replace("@differential", differential, StringComparison.Ordinal);
        IDefinition[] read = [.. new[] { profile, Kind, Formal }.Select(json => DefinitionJson.Read(Encoding.UTF8.GetBytes(json), "test").Value)];
        DefinitionSet definitions = DefinitionSet.R4.With([new DefinitionList(read)]);
        var validator = new Fhir.Validation.Validator(definitions, new TerminologyService(definitions));

        IReadOnlyList<Issue> issues = validator.Validate(
            FhirJson.Read(Encoding.UTF8.GetBytes(resource)).Root, new Fhir.Validation.ValidationRequest { Profiles = ["http://example.org/sliced"] });

        string found = string.Join("; ", issues.Where(issue => issue.IsError).Select(Summary));
        Assert.Equal(expected, found);
    }

    private static string Summary(Issue issue)
    {
        const string lead = "add the element ";
        int start = issue.Message.IndexOf(lead, StringComparison.Ordinal);
        string what = start < 0 ? issue.Message : issue.Message[(start + lead.Length)..].Split(' ', '.')[0];
        return $"{issue.Expression}: {what}";
    }
}
