using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Model;
using Xunit;

namespace HealthChain.Fhir.Tests.Model;

public class JsonReadingTests
{
    private static ReadResult Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void A_resource_becomes_a_typed_tree()
    {
        Element patient = Read("""{"resourceType":"Patient","id":"a","active":true,"name":[{"family":"Smith","given":["Ann","B."]}],"multipleBirthInteger":2}""").Root;

        Assert.Equal("Patient", patient.Type.Name);
        Assert.True(patient.Child("id").ValueIs("a"u8));
        Assert.Equal("true", patient.Child("active").Text);
        Element name = patient.Child("name");
        Assert.Equal("HumanName", name.Type.Name);
        Assert.Equal(["Ann", "B."], name.ChildrenOf("given").ToList().Select(given => given.Text));
        Element birth = patient.Child("multipleBirth");
        Assert.Equal("integer", birth.Type.Name);
        Assert.Equal("Patient.name[0].given[1]", name.ChildrenOf("given").ToList()[1].Expression);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","birthDate":"1970-03-30","_birthDate":{"extension":[{"url":"http://x.org/t","valueTime":"10:00:00"}]}}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"b1"},"birthDate":"1970-03-30"}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"b1"}}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"g"},null]}]}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":[null],"_given":[{"id":"g"}]}]}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.0E-22}}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"tab\tquote\"\u00e9\ud83d\ude00"}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"p"}]}}]}""")]
    [InlineData("""{"id":"typeLast","active":false,"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"s"},{"name":"b","resource":{"resourceType":"Patient"}},{"name":"c","part":[{"name":"d","valueCode":"e"}]}]}""")]
    public void What_is_read_is_written_as_the_same_value(string json)
    {
        Element root = Read(json).Root;

        foreach (bool pretty in new[] { false, true })
        {
            using JsonDocument expected = JsonDocument.Parse(json);
            using JsonDocument written = JsonDocument.Parse(FhirJson.ToBytes(root, pretty));
            Assert.True(JsonElement.DeepEquals(expected.RootElement, written.RootElement), written.RootElement.GetRawText());
        }
    }

    [Fact]
    public void Digits_of_decimals_survive()
    {
        string json = """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.1000}}""";

        Assert.Contains("1.1000", Encoding.UTF8.GetString(FhirJson.ToBytes(Read(json).Root)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","nam":[]}""", "Patient.nam", "not a member of Patient")]
    [InlineData("""{"resourceType":"Patient","name":{"family":"x"}}""", "Patient.name", "as an array")]
    [InlineData("""{"resourceType":"Patient","birthDate":["1970"]}""", "Patient.birthDate", "without an array")]
    [InlineData("""{"resourceType":"Patient","birthDate":"1970-02-30"}""", "Patient.birthDate", "not a valid date")]
    [InlineData("""{"resourceType":"Patient","active":"true"}""", "Patient.active", "wrong kind of JSON value")]
    [InlineData("""{"resourceType":"Patient","name":[]}""", "Patient.name", "must not be empty")]
    [InlineData("""{"resourceType":"Patient","name":[{}]}""", "Patient.name[0]", "must not be empty")]
    [InlineData("""{"resourceType":"Patient","name":[{"text":"a\u0000b"}]}""", "Patient.name[0].text", "control character")]
    [InlineData("""{"resourceType":"Patient","gender":""}""", "Patient.gender", "not a valid code")]
    [InlineData("""{"resourceType":"Patient","gender":null}""", "Patient.gender", "null is no value")]
    [InlineData("""{"resourceType":"Patient","name":[null]}""", "Patient.name[0]", "found null")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":[null]}]}""", "Patient.name[0].given[0]", "neither a value nor extensions")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a"],"_given":[null,{"id":"x"}]}]}""", "Patient.name[0].given", "same length")]
    [InlineData("""{"resourceType":"Patient","name":[{"_given":[null,{"id":"x"}],"given":["a"]}]}""", "Patient.name[0].given", "same length")]
    [InlineData("""{"resourceType":"Patient","name":[{"_given":[null,{"id":"g"}]}]}""", "Patient.name[0].given[0]", "neither a value nor extensions")]
    [InlineData("""{"resourceType":"Patient","name":[{"_given":[null]}]}""", "Patient.name[0].given", "nothing but null")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}""", "Patient.deceasedDateTime", "Only one deceased[x]")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"_deceasedDateTime":{"id":"x"}}""", "Patient._deceasedDateTime", "another type")]
    [InlineData("""{"resourceType":"Patient","deceased":true}""", "Patient.deceased", "with its type")]
    [InlineData("""{"resourceType":"Patient","id":"a","id":"b"}""", "Patient.id", "appears twice")]
    [InlineData("""{"resourceType":"Patient","id":"a b"}""", "Patient.id", "not a valid id")]
    [InlineData("""{"resourceType":"Patient","contact":[{"name":"x"}]}""", "Patient.contact[0].name", "Expected an object of type HumanName; found a string")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Patientt"}]}""", "Patient.contained[0]", "no resource type")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Practitioner"},{"id":"x"}]}""", "Patient.contained[1]", "resourceType is missing")]
    [InlineData("""{"resourceType":"Patient","_name":[{"id":"x"}]}""", "Patient._name", "not a member")]
    [InlineData("""{"resourceType":"Patient","fhir_comments":["x"]}""", "Patient.fhir_comments", "not a member")]
    [InlineData("""{"resourceType":"Patient","multipleBirthInteger":2.0}""", "Patient.multipleBirth", "not a valid integer")]
    [InlineData("""{"resourceType":"Patient","multipleBirthInteger":2147483648}""", "Patient.multipleBirth", "not a valid integer")]
    [InlineData("""{"resourceType":"Resource"}""", "", "no resource type")]
    [InlineData("""{"resourceType":5}""", "", "resourceType is missing or is not a string")]
    public void A_fault_of_structure_names_the_element_and_the_reason(string json, string expression, string message)
    {
        ReadResult result = Read(json);

        Assert.False(result.IsOk);
        Issue issue = Assert.Single(result.Issues);
        Assert.Equal(expression, issue.Expression);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
        Assert.NotNull(issue.Position);
    }

    [Fact]
    public void Several_faults_are_reported_at_once_and_the_rest_is_read()
    {
        ReadResult result = Read("""{"resourceType":"Patient","x":1,"gender":7,"birthDate":"soon","name":[{"family":"Kept"}]}""");

        Assert.Equal(["Patient.x", "Patient.gender", "Patient.birthDate"], result.Issues.Select(issue => issue.Expression));
        Assert.Equal("Kept", result.Tree!.Root.Child("name").Child("family").Text);
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("{", 1, 2)]
    [InlineData("{\"resourceType\":\"Patient\"} x", 1, 28)]
    [InlineData("{\"resourceType\":\"Patient\",\n  // comment\n}", 2, 3)]
    [InlineData("{\"resourceType\":\"Patient\",\n\"id\":\"a\u0001b\"}", 2, 8)]
    [InlineData("{\"resourceType\":\"Patient\",}", 1, 27)]
    [InlineData("{'resourceType':'Patient'}", 1, 2)]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}", 1, 33)]
    [InlineData("{\"resourceType\":\"Patient\",\"multipleBirthInteger\":01}", 1, 51)]
    public void A_fault_of_syntax_says_where(string json, int line, int column)
    {
        ReadResult result = Read(json);

        Assert.Null(result.Tree);
        Issue issue = Assert.Single(result.Issues);
        Assert.Equal((line, column), issue.Position);
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused()
    {
        byte[] bytes = [.. "{\"resourceType\":\"Patient\",\"id\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.Contains("UTF-8", Assert.Single(FhirJson.Read(bytes).Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_refused_without_a_stack_overflow()
    {
        var json = new StringBuilder("""{"resourceType":"Patient","extension":""");
        for (int i = 0; i < 100_000; i++)
        {
            json.Append("""[{"url":"u","extension":""");
        }

        Assert.Contains("limit of 64", Assert.Single(Read(json.ToString()).Issues).Message, StringComparison.Ordinal);
        Assert.Contains("limit of 64", Assert.Single(Read("{\"resourceType\":\"Patient\",\"unknown\":" + new string('[', 100_000)).Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_stops_after_a_bounded_number_of_faults()
    {
        string json = "{\"resourceType\":\"Patient\",\"name\":[" + string.Join(',', Enumerable.Repeat("1", 10_000)) + "]}";

        Assert.Equal(101, Read(json).Issues.Count);
    }

    [Fact]
    public void Limits_on_size_and_strings_hold()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"resourceType":"Patient","id":"abcdefgh"}""");

        Assert.Equal(IssueType.TooLong, Assert.Single(FhirJson.Read(json, new ReadLimits { MaxBytes = 10 }).Issues).Type);
        Assert.True(FhirJson.Read(json, new ReadLimits { MaxStringBytes = 12 }).IsOk);
        Assert.Contains("longer than the limit", Assert.Single(FhirJson.Read(json, new ReadLimits { MaxStringBytes = 11 }).Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_string_has_at_most_a_million_characters()
    {
        string longest = new('é', 1024 * 1024);

        Assert.True(Read($$"""{"resourceType":"Patient","name":[{"text":"{{longest}}"}]}""").IsOk);
        Issue issue = Assert.Single(Read($$"""{"resourceType":"Patient","name":[{"text":"{{longest}}x"}]}""").Issues);
        Assert.Equal((IssueType.TooLong, "Patient.name[0].text"), (issue.Type, issue.Expression));
    }

    [Fact]
    public void A_data_type_value_can_be_read_on_its_own()
    {
        var schema = HealthChain.Fhir.Schema.FhirSchema.R4;
        Element concept = FhirJson.ReadValue(schema.Type("CodeableConcept")!, "{\"coding\":[{\"code\":\"a\"}]}"u8.ToArray()).Root;
        Element text = FhirJson.ReadValue(schema.Type("string")!, "\"x\""u8.ToArray()).Root;

        Assert.Equal("a", concept.Child("coding").Child("code").Text);
        Assert.Equal("x", text.Text);
        Assert.Equal("\"x\"", Encoding.UTF8.GetString(FhirJson.ToBytes(text)));
    }
}
