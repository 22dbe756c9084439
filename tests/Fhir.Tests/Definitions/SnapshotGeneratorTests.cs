using System.Text;
using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

public sealed class SnapshotGeneratorTests
{
    [Fact]
    public void A_differential_narrows_the_element_of_the_base_and_keeps_the_rest()
    {
        StructureDefinition profile = Generate("""{"path":"Patient.name","min":1,"max":"3","mustSupport":true}""");

        ElementDefinition name = Element(profile, "Patient.name");
        Assert.Equal((1, 3, true), (name.Min, name.Max, name.MustSupport));
        Assert.Equal("Patient.name", name.BasePath);
        Assert.Equal(int.MaxValue, name.BaseMax);
        Assert.Equal("HumanName", name.Types.Single().Code);
        Assert.Equal(0, Element(profile, "Patient.gender").Min);
    }

    [Fact]
    public void A_data_type_is_unfolded_where_the_differential_goes_into_it()
    {
        StructureDefinition profile = Generate("""{"path":"Patient.name.family","min":1}""");

        Assert.Equal(1, Element(profile, "Patient.name.family").Min);
        Assert.Equal("HumanName.given", Element(profile, "Patient.name.given").BasePath);
        Assert.DoesNotContain(profile.Snapshot, element => element.Id.StartsWith("Patient.telecom.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_slice_starts_from_the_sliced_element_and_may_be_absent()
    {
        StructureDefinition profile = Generate(
            """{"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"},"min":1}""",
            """{"path":"Patient.identifier","sliceName":"mrn","max":"1"}""",
            """{"path":"Patient.identifier.system","fixedUri":"http://hospital.example/mrn","min":1}""",
            """{"path":"Patient.identifier","sliceName":"ssn"}""");

        Assert.Equal(
            ["Patient.identifier", "Patient.identifier:mrn", "Patient.identifier:ssn"],
            profile.Snapshot.Where(element => element.Path == "Patient.identifier").Select(element => element.Id));
        Assert.Equal((0, 1), (Element(profile, "Patient.identifier:mrn").Min, Element(profile, "Patient.identifier:mrn").Max));
        Assert.Null(Element(profile, "Patient.identifier:mrn").Slicing);
        Assert.Equal("\"http://hospital.example/mrn\"", Json(Element(profile, "Patient.identifier:mrn.system").Fixed));
        Assert.Null(Element(profile, "Patient.identifier:ssn").Fixed);
    }

    [Fact]
    public void A_slice_of_a_slice_starts_from_that_slice()
    {
        StructureDefinition profile = Generate(
            """{"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}}""",
            """{"path":"Patient.identifier","sliceName":"mrn","max":"5","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"closed"}}""",
            """{"path":"Patient.identifier","sliceName":"other"}""",
            """{"path":"Patient.identifier","sliceName":"mrn/old","max":"2"}""",
            """{"path":"Patient.identifier","sliceName":"mrn/new"}""");

        Assert.Equal(
            ["Patient.identifier", "Patient.identifier:mrn", "Patient.identifier:mrn/old", "Patient.identifier:mrn/new", "Patient.identifier:other"],
            profile.Snapshot.Where(element => element.Path == "Patient.identifier").Select(element => element.Id));
        Assert.Equal(2, Element(profile, "Patient.identifier:mrn/old").Max);
        Assert.Equal(5, Element(profile, "Patient.identifier:mrn/new").Max);
    }

    [Fact]
    public void The_short_name_of_a_choice_is_its_slice_of_that_type()
    {
        StructureDefinition profile = Generate(
            "Observation",
            """{"path":"Observation.valueQuantity","min":1}""",
            """{"path":"Observation.valueQuantity.code","min":1}""");

        Assert.Equal("Quantity", Element(profile, "Observation.value[x]").Types.Single().Code);
        Assert.Equal("type", Element(profile, "Observation.value[x]").Slicing!.Discriminators.Single().Kind);
        Assert.Equal(1, Element(profile, "Observation.value[x]:valueQuantity").Min);
        Assert.Equal(1, Element(profile, "Observation.value[x]:valueQuantity.code").Min);
    }

    [Fact]
    public void A_content_reference_is_unfolded_into_what_it_refers_to()
    {
        StructureDefinition profile = Generate("Questionnaire", """{"path":"Questionnaire.item.item.linkId","max":"1","mustSupport":true}""");

        Assert.Null(Element(profile, "Questionnaire.item.item").ContentReference);
        Assert.Equal("BackboneElement", Element(profile, "Questionnaire.item.item").Types.Single().Code);
        Assert.True(Element(profile, "Questionnaire.item.item.linkId").MustSupport);
        Assert.Equal("Questionnaire.item", Element(profile, "Questionnaire.item.item.item").ContentReference);
    }

    [Fact]
    public void Extensions_are_sliced_by_url_without_saying_so()
    {
        const string Birthplace = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";
        StructureDefinition profile = Generate(
            $$"""{"path":"Patient.extension","sliceName":"birthPlace","type":[{"code":"Extension","profile":["{{Birthplace}}"]}]}""");

        ElementDefinition extension = Element(profile, "Patient.extension:birthPlace");
        Assert.Equal(new Discriminator("value", "url"), Element(profile, "Patient.extension").Slicing!.Discriminators.Single());
        Assert.Equal(Birthplace, extension.Types.Single().Profiles.Single());
        Assert.Equal(1, extension.Max);
    }

    [Fact]
    public void What_is_inside_a_profiled_type_comes_from_the_profile()
    {
        StructureDefinition profile = Generate(
            """{"path":"Patient.extension","sliceName":"birthPlace","type":[{"code":"Extension","profile":["http://hl7.org/fhir/StructureDefinition/patient-birthPlace"]}]}""",
            """{"path":"Patient.extension.value[x]","mustSupport":true}""");

        ElementDefinition value = Element(profile, "Patient.extension:birthPlace.value[x]");
        Assert.Equal(["Address"], value.Types.Select(type => type.Code));
        Assert.True(value.MustSupport);
    }

    [Fact]
    public void Constraints_are_added_to_those_of_the_base()
    {
        StructureDefinition profile = Generate(
            """{"path":"Patient.contact","constraint":[{"key":"my-1","severity":"error","human":"a contact has a name","expression":"name.exists()"}]}""");

        Assert.Equal(["ele-1", "pat-1", "my-1"], Element(profile, "Patient.contact").Constraints.Select(constraint => constraint.Key));
        Assert.Equal("http://test.example/profile", Element(profile, "Patient.contact").Constraints[^1].Source);
    }

    [Fact]
    public void A_profile_builds_on_a_profile_that_has_no_snapshot_yet()
    {
        StructureDefinition first = Profile("http://test.example/first", "http://hl7.org/fhir/StructureDefinition/Patient", ["""{"path":"Patient.name","min":1}"""]);
        StructureDefinition second = Profile("http://test.example/second", first.Url, ["""{"path":"Patient.name","max":"1"}"""]);

        ElementDefinition name = Element(DefinitionSet.R4.With([new DefinitionList([second, first])]).Structure(second.Url)!, "Patient.name");

        Assert.Equal((1, 1), (name.Min, name.Max));
    }

    [Theory]
    [InlineData("""{"path":"Patient.nickname","min":1}""", "Patient.nickname", "no element 'nickname'")]
    [InlineData("""{"path":"Patient.active","max":"2"}""", "Patient.active", "max is 2")]
    [InlineData("""{"path":"Patient.communication.language","min":0}""", "Patient.communication.language", "min is 0")]
    [InlineData("""{"path":"Patient.gender","binding":{"strength":"preferred"}}""", "Patient.gender", "binding")]
    [InlineData("""{"path":"Patient.birthDate","type":[{"code":"Quantity"}]}""", "Patient.birthDate", "Quantity")]
    [InlineData("""{"path":"Patient.name","sliceName":"official"}""", "Patient.name:official", "how that is sliced")]
    [InlineData("""{"path":"Patient.deceased[x].value","min":1}""", "Patient.deceased[x]", "several types")]
    public void A_differential_that_does_not_fit_its_base_gives_an_issue_that_names_the_element(string element, string id, string message)
    {
        SnapshotResult result = new SnapshotGenerator(DefinitionSet.R4).Generate(Profile("http://test.example/profile", Base("Patient"), [element]));

        Issue issue = Assert.Single(result.Issues);
        Assert.True(issue.IsError);
        Assert.StartsWith(issue.Expression, id, StringComparison.Ordinal);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_on_itself_is_refused()
    {
        StructureDefinition a = Profile("http://test.example/a", "http://test.example/b", ["""{"path":"Patient.name","min":1}"""]);
        StructureDefinition b = Profile("http://test.example/b", "http://test.example/a", ["""{"path":"Patient.name","min":1}"""]);
        DefinitionSet set = DefinitionSet.R4.With([new DefinitionList([a, b])]);

        Assert.Empty(set.Structure(a.Url)!.Snapshot);
        Assert.Contains(set.Issues, issue => issue.Message.Contains("builds on itself", StringComparison.Ordinal));
    }

    [Fact]
    public void A_profile_on_an_unknown_base_says_which_one()
    {
        SnapshotResult result = new SnapshotGenerator(DefinitionSet.R4).Generate(Profile("http://test.example/a", "http://test.example/none", ["""{"path":"Patient"}"""]));

        Assert.Contains("http://test.example/none", Assert.Single(result.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slices_that_would_multiply_without_end_are_stopped()
    {
        const int Slices = 800;
        IEnumerable<string> elements =
        [
            """{"path":"Questionnaire.item","slicing":{"discriminator":[{"type":"value","path":"linkId"}],"rules":"open"}}""",
            """{"path":"Questionnaire.item.code","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}}""",
            .. Enumerable.Range(0, Slices).Select(i => $$"""{"path":"Questionnaire.item.code","sliceName":"code{{i}}"}"""),
            .. Enumerable.Range(0, Slices).Select(i => $$"""{"path":"Questionnaire.item","sliceName":"item{{i}}"}"""),
        ];

        SnapshotResult result = new SnapshotGenerator(DefinitionSet.R4).Generate(Profile("http://test.example/profile", Base("Questionnaire"), elements));

        Assert.Contains("more than 50000 elements", Assert.Single(result.Issues).Message, StringComparison.Ordinal);
        Assert.InRange(result.Structure.Snapshot.Count, 10_000, 60_000);
    }

    private static StructureDefinition Generate(string firstOrType, params string[] rest)
    {
        bool isType = !firstOrType.StartsWith('{');
        string[] elements = isType ? rest : [firstOrType, .. rest];
        SnapshotResult result = new SnapshotGenerator(DefinitionSet.R4)
            .Generate(Profile("http://test.example/profile", Base(isType ? firstOrType : "Patient"), elements));
        Assert.Empty(result.Issues);
        return result.Structure;
    }

    private static string Base(string type) => "http://hl7.org/fhir/StructureDefinition/" + type;

    private static StructureDefinition Profile(string url, string baseDefinition, IEnumerable<string> elements)
    {
        string json = $$"""
            {"resourceType":"StructureDefinition","url":"{{url}}","name":"Test","kind":"resource","abstract":false,"type":"Patient",
             "baseDefinition":"{{baseDefinition}}","derivation":"constraint",
             "differential":{"element":[{{string.Join(',', elements)}}]}
            }
            """;
        return (StructureDefinition)DefinitionJson.Read(Encoding.UTF8.GetBytes(json), "test").Value;
    }

    private static ElementDefinition Element(StructureDefinition structure, string id) => structure.Snapshot.Single(element => element.Id == id);

    private static string? Json(TypedValue? value) => value is null ? null : Encoding.UTF8.GetString(value.Json.Span);
}
