using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/graphql.html; the resource and many questions are those of the page.</summary>
public sealed class GraphQlTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Names = """
        "name":[{"use":"official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]},{"use":"maiden","family":"Windsor","given":["Peter","James"]}]
        """;

    private async Task<string> StorePeterAsync()
    {
        string id = Unique("g");
        await StoreAsync($$"""{"resourceType":"Organization","id":"{{id}}-clinic","name":"Clinic"}""");
        await StoreAsync($$"""
            {"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345"}],"active":true,{{Names}},
             "birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://time","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
             "contained":[{"resourceType":"Practitioner","id":"p","active":false}],"generalPractitioner":[{"reference":"#p"}],
             "managingOrganization":{"reference":"Organization/{{id}}-clinic"},"multipleBirthInteger":2,
             "extension":[{"url":"http://a","valueString":"one"},{"url":"http://b","valueDecimal":1.50}]}
            """);
        await StoreAsync($$"""{"resourceType":"Condition","id":"{{id}}-c1","subject":{"reference":"Patient/{{id}}"},"code":{"text":"cough"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]} }""");
        await StoreAsync($$"""{"resourceType":"Condition","id":"{{id}}-c2","subject":{"reference":"Patient/{{id}}"},"code":{"text":"fever"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]} }""");
        await StoreAsync($$"""
            {"resourceType":"Observation","id":"{{id}}-o","status":"final","code":{"text":"weight"},"subject":{"reference":"Patient/{{id}}"},"performer":[{"reference":"Practitioner/absent"}],"valueQuantity":{"value":185,"unit":"lbs"} }
            """);
        return id;
    }

    private Task<Answer> AskAsync(string path, string query) => GetAsync($"{path}/$graphql?query={Uri.EscapeDataString(query)}");

    private async Task<JsonNode> DataAsync(string path, string query)
    {
        Answer answer = await AskAsync(path, query);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{query}: {(int)answer.Status} {answer.Body}");
        Assert.Null(answer.Json["errors"]);
        return answer.Json["data"]!;
    }

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString());

    private async Task<Answer> FailsAsync(Task<Answer> request, HttpStatusCode status)
    {
        Answer answer = await request;
        Assert.True(answer.Status == status, $"{(int)answer.Status} {answer.Body}");
        Assert.StartsWith("application/json", answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Null(answer.Json["data"]);
        JsonNode error = answer.Json["errors"]![0]!;
        Assert.False(string.IsNullOrEmpty((string?)error["message"]));
        Assert.Equal("OperationOutcome", (string?)error["extensions"]!["resource"]!["resourceType"]);
        return answer;
    }

    [Theory]
    [InlineData("{ identifier { system value } active name { text given family } }",
        """{"identifier":[{"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345"}],"active":true,"name":[{"given":["Peter","James"],"family":"Chalmers"},{"given":["Jim"]},{"given":["Peter","James"],"family":"Windsor"}]}""")]
    [InlineData("{ name(fhirpath: \"family.exists()\") { family } }", """{"name":[{"family":"Chalmers"},{"family":"Windsor"}]}""")]
    [InlineData("{ name(use: official) { given } }", """{"name":[{"given":["Peter","James"]}]}""")]
    [InlineData("{ name(use: \"old\") { given } active }", """{"active":true}""")]
    [InlineData("{ name(_count: 1, _offset: 1) { given } }", """{"name":[{"given":["Jim"]}]}""")]
    [InlineData("{ name(fhirpath: \"family.exists()\", _offset: 1) { family } }", """{"name":[{"family":"Windsor"}]}""")]
    [InlineData("{ a: extension(url: \"http://a\") { v: valueString } }", """{"a":[{"v":"one"}]}""")]
    [InlineData("{ extension(url: \"http://b\") { valueDecimal valueString } }", """{"extension":[{"valueDecimal":1.50}]}""")]
    [InlineData("{ birthDate _birthDate { extension { valueDateTime } } }", """{"birthDate":"1974-12-25","_birthDate":{"extension":[{"valueDateTime":"1974-12-25T14:35:45-05:00"}]}}""")]
    [InlineData("{ multipleBirthInteger multipleBirthBoolean }", """{"multipleBirthInteger":2}""")]
    [InlineData("{ resourceType __typename name(use: usual) { __typename } }", """{"resourceType":"Patient","__typename":"Patient","name":[{"__typename":"HumanName"}]}""")]
    [InlineData("{ born: birthDate }", """{"born":"1974-12-25"}""")]
    [InlineData("{ active active name { family } name { given } }", """{"active":true,"name":[{"family":"Chalmers","given":["Peter","James"]},{"given":["Jim"]},{"family":"Windsor","given":["Peter","James"]}]}""")]
    [InlineData("# comment\n{ active, # more\n }", """{"active":true}""")]
    [InlineData("query Named { active }", """{"active":true}""")]
    [InlineData("{ generalPractitioner { resource { resourceType active } } }", """{"generalPractitioner":[{"resource":{"resourceType":"Practitioner","active":false}}]}""")]
    [InlineData("{ managingOrganization { resource { ... on Organization { name } } } }", """{"managingOrganization":{"resource":{"name":"Clinic"}}}""")]
    [InlineData("{ managingOrganization { resource(type: Organization) { name } } }", """{"managingOrganization":{"resource":{"name":"Clinic"}}}""")]
    [InlineData("{ managingOrganization { resource(type: Patient) { active } } }", """{"managingOrganization":{}}""")]
    [InlineData("{ contained { ... on Practitioner { id } ... on Patient { birthDate } } }", """{"contained":[{"id":"p"}]}""")]
    [InlineData("{ ...basics } fragment basics on Patient { active ...more } fragment more on Patient { birthDate }", """{"active":true,"birthDate":"1974-12-25"}""")]
    [InlineData("{ ... on Observation { status } ... on Patient { active } ... on DomainResource { birthDate } }", """{"active":true,"birthDate":"1974-12-25"}""")]
    public async Task A_resource_is_asked_for_its_fields(string query, string expected) => AssertJson(expected, await DataAsync("Patient/" + await StorePeterAsync(), query));

    [Theory]
    [InlineData("{ identifier @skip(if: true) { value } active @include(if: true) }", """{"active":true}""")]
    [InlineData("{ identifier @include(if: false) { value } active @skip(if: false) }", """{"active":true}""")]
    [InlineData("{ ... @include(if: false) { birthDate } active }", """{"active":true}""")]
    [InlineData("{ identifier @flatten { system value } active name @flatten { text given family } }",
        """{"system":["urn:oid:1.2.36.146.595.217.0.1"],"value":["12345"],"active":true,"given":["Peter","James","Jim","Peter","James"],"family":["Chalmers","Windsor"]}""")]
    [InlineData("{ identifier @flatten { system value } active name @flatten { text given @first family } }",
        """{"system":["urn:oid:1.2.36.146.595.217.0.1"],"value":["12345"],"active":true,"given":["Peter","Jim","Peter"],"family":["Chalmers","Windsor"]}""")]
    [InlineData("{ identifier @flatten { system @singleton value @singleton } active name @flatten @first { text given family @singleton } }",
        """{"system":"urn:oid:1.2.36.146.595.217.0.1","value":"12345","active":true,"given":["Peter","James"],"family":"Chalmers"}""")]
    [InlineData("{ name @flatten @slice(path: \"use\") { given family @singleton } }",
        """{"given.official":["Peter","James"],"family.official":"Chalmers","given.usual":["Jim"],"given.maiden":["Peter","James"],"family.maiden":"Windsor"}""")]
    [InlineData("{ name @flatten @slice(path: \"$index\") { given family @singleton } }",
        """{"given.0":["Peter","James"],"family.0":"Chalmers","given.1":["Jim"],"given.2":["Peter","James"],"family.2":"Windsor"}""")]
    [InlineData("{ managingOrganization @flatten { reference resource @flatten { name } } }", """{"reference":"{org}","name":"Clinic"}""")]
    [InlineData("{ name @first { given } }", """{"name":[{"given":["Peter","James"]}]}""")]
    public async Task Directives_shape_the_answer(string query, string expected)
    {
        string id = await StorePeterAsync();

        AssertJson(expected.Replace("{org}", $"Organization/{id}-clinic", StringComparison.Ordinal), await DataAsync("Patient/" + id, query));
    }

    [Fact]
    public async Task Choices_go_by_their_names_in_JSON()
    {
        string id = await StorePeterAsync();

        AssertJson($$"""{"subject":{"reference":"Patient/{{id}}"},"valueQuantity":{"value":185,"unit":"lbs"} }""", await DataAsync($"Observation/{id}-o", "{ subject{reference} valueQuantity{value unit} valueString }"));
    }

    [Fact]
    public async Task References_are_followed_over_several_steps()
    {
        string id = await StorePeterAsync();

        AssertJson(
            """{"subject":{"resource":{"active":true,"managingOrganization":{"resource":{"name":"Clinic"}}}}}""",
            await DataAsync($"Observation/{id}-o", "{ subject { resource { ... on Patient { active managingOrganization { resource { ... on Organization { name } } } } } } }"));
    }

    [Fact]
    public async Task A_reference_to_nothing_is_an_error_unless_it_is_optional()
    {
        string id = await StorePeterAsync();

        await FailsAsync(AskAsync($"Observation/{id}-o", "{ performer { resource { id } } }"), HttpStatusCode.NotFound);
        AssertJson("""{"performer":[{"reference":"Practitioner/absent"}]}""", await DataAsync($"Observation/{id}-o", "{ performer { reference resource(optional: true) { id } } }"));
    }

    [Fact]
    public async Task Resources_that_refer_to_this_one_are_listed()
    {
        string id = await StorePeterAsync();

        AssertJson(
            $$"""{"id":"{{id}}","ConditionList":[{"id":"{{id}}-c1"},{"id":"{{id}}-c2"}],"active":[{"code":{"text":"cough"} }],"EncounterList":[]}""",
            await DataAsync("Patient/" + id, "{ id ConditionList(_reference: patient) { id } active: ConditionList(_reference: patient, clinical_status: active) { code { text } } EncounterList(_reference: patient) { id } }"));
    }

    [Theory]
    [InlineData("{ Patient(id: \"{id}\") { id active } }", """{"Patient":{"id":"{id}","active":true}}""")]
    [InlineData("{ Patient(_id: \"{id}\") { active } }", """{"Patient":{"active":true}}""")]
    [InlineData("{ ConditionList(patient: \"Patient/{id}\") { id } }", """{"ConditionList":[{"id":"{id}-c1"},{"id":"{id}-c2"}]}""")]
    [InlineData("{ ConditionList(patient: \"{id}\", clinical_status: resolved) { id } }", """{"ConditionList":[{"id":"{id}-c2"}]}""")]
    [InlineData("{ ConditionList(patient: \"{id}\", clinical_status: [resolved, active]) { id } }", """{"ConditionList":[{"id":"{id}-c1"},{"id":"{id}-c2"}]}""")]
    [InlineData("{ ConditionList(patient: \"{id}\", fhirpath: \"code.text = 'fever'\") { id } }", """{"ConditionList":[{"id":"{id}-c2"}]}""")]
    [InlineData("{ ConditionList(patient: \"{id}\", _sort: \"-_id\", _count: 1) { id } }", """{"ConditionList":[{"id":"{id}-c2"}]}""")]
    [InlineData("{ ConditionList(patient: \"{id}\", _filter: \"clinical-status eq resolved\") { id } }", """{"ConditionList":[{"id":"{id}-c2"}]}""")]
    [InlineData("{ a: ConditionList(_id: [\"{id}-c1\"]) { id } b: ConditionList(_id: \"none\") { id } }", """{"a":[{"id":"{id}-c1"}],"b":[]}""")]
    [InlineData("{ ConditionList(_id: \"{id}-c1\") { subject { resource { ... on Patient { birthDate } } } } }", """{"ConditionList":[{"subject":{"resource":{"birthDate":"1974-12-25"}}}]}""")]
    [InlineData("{ PatientList(_id: \"{id}\") { ConditionList(_reference: patient, _count: 1) { code { text } } } }", """{"PatientList":[{"ConditionList":[{"code":{"text":"cough"}}]}]}""")]
    [InlineData("{ __typename }", """{"__typename":"Query"}""")]
    public async Task The_system_is_asked_for_resources(string query, string expected)
    {
        string id = await StorePeterAsync();

        AssertJson(expected.Replace("{id}", id, StringComparison.Ordinal), await DataAsync(".", query.Replace("{id}", id, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_connection_goes_page_by_page()
    {
        string word = Unique("page");
        for (int i = 0; i < 5; i++)
        {
            await StoreAsync($$"""{"resourceType":"Basic","id":"{{word}}-{{i}}","meta":{"tag":[{"code":"{{word}}"}]},"code":{"text":"x"} }""");
        }

        const string Fields = "{ count offset pagesize edges { mode score resource { id } } first previous next last }";
        JsonNode first = (await DataAsync(".", $"{{ BasicConnection(_tag: \"{word}\", _count: 2) {Fields} }}"))["BasicConnection"]!;
        JsonNode second = (await DataAsync(".", $"{{ BasicConnection(_cursor: \"{(string?)first["next"]}\") {Fields} }}"))["BasicConnection"]!;
        JsonNode third = (await DataAsync(".", $"{{ BasicConnection(_cursor: \"{(string?)second["next"]}\") {Fields} }}"))["BasicConnection"]!;
        JsonNode back = (await DataAsync(".", $"{{ BasicConnection(_cursor: \"{(string?)third["previous"]}\") {Fields} }}"))["BasicConnection"]!;
        JsonNode start = (await DataAsync(".", $"{{ BasicConnection(_cursor: \"{(string?)third["first"]}\") {Fields} }}"))["BasicConnection"]!;

        static string[] Ids(JsonNode connection) => [.. ((JsonArray)connection["edges"]!).Select(edge => ((string)edge!["resource"]!["id"]!)[^1..])];

        Assert.Equal((5, 0, 2), ((int)first["count"]!, (int)first["offset"]!, (int)first["pagesize"]!));
        Assert.Equal("match", (string?)first["edges"]![0]!["mode"]);
        Assert.Equal(["0", "1"], Ids(first));
        Assert.Equal(["2", "3"], Ids(second));
        Assert.Equal(2, (int)second["offset"]!);
        Assert.Equal(["4"], Ids(third));
        Assert.Null(third["next"]);
        Assert.Null(first["previous"]);
        Assert.Equal(["2", "3"], Ids(back));
        Assert.Equal(["0", "1"], Ids(start));
    }

    [Fact]
    public async Task A_query_may_come_by_POST_as_it_is_or_within_JSON()
    {
        string id = await StorePeterAsync();
        string path = $"Patient/{id}/$graphql";

        Answer text = await PostAsync(path, "{ active }", ("Content-Type", "application/graphql"));
        Answer json = await PostAsync(path, """{"query":"query a { active } query b($with: Boolean!) { birthDate active @include(if: $with) }","operationName":"b","variables":{"with":false}}""", ("Content-Type", "application/json"));
        Answer parameters = await PostAsync(path, Parameters(Parameter("query", "valueString", "\"{ active }\"")));

        Assert.StartsWith("application/json", text.Header("Content-Type"), StringComparison.Ordinal);
        AssertJson("""{"data":{"active":true}}""", text.Json);
        AssertJson("""{"data":{"birthDate":"1974-12-25"}}""", json.Json);
        AssertJson("""{"data":{"active":true}}""", parameters.Json);
    }

    [Fact]
    public async Task Variables_fill_arguments()
    {
        string id = await StorePeterAsync();
        string query = "query ($who: ID!, $use: code = \"usual\", $none: String) { Patient(id: $who) { name(use: $use) { given } ConditionList(_reference: patient, code: $none) { id } } }";

        Answer answer = await PostAsync("$graphql", new JsonObject { ["query"] = query, ["variables"] = new JsonObject { ["who"] = id } }.ToJsonString(), ("Content-Type", "application/json"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        AssertJson($$"""{"name":[{"given":["Jim"]}],"ConditionList":[{"id":"{{id}}-c1"},{"id":"{{id}}-c2"}]}""", answer.Json["data"]!["Patient"]!);
    }

    [Theory]
    [InlineData("{ identifier { system value something } }", HttpStatusCode.BadRequest)]
    [InlineData("{ photo { something } }", HttpStatusCode.BadRequest)]
    [InlineData("{ name }", HttpStatusCode.BadRequest)]
    [InlineData("{ active { value } }", HttpStatusCode.BadRequest)]
    [InlineData("{ active(_count: 1) }", HttpStatusCode.BadRequest)]
    [InlineData("{ name(colour: red) { given } }", HttpStatusCode.BadRequest)]
    [InlineData("{ name(_count: some) { given } }", HttpStatusCode.BadRequest)]
    [InlineData("{ name(fhirpath: \"((\") { given } }", HttpStatusCode.BadRequest)]
    [InlineData("{ multipleBirth }", HttpStatusCode.BadRequest)]
    [InlineData("{ active @loud }", HttpStatusCode.BadRequest)]
    [InlineData("{ active @skip }", HttpStatusCode.BadRequest)]
    [InlineData("{ ...none }", HttpStatusCode.BadRequest)]
    [InlineData("{ ... on Horse { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ ConditionList { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ ConditionList(_reference: colour) { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ ConditionList(_reference: patient, _include: \"x\") { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ a: active a: birthDate }", HttpStatusCode.BadRequest)]
    [InlineData("{ name @flatten { text given family @singleton } }", HttpStatusCode.UnprocessableEntity)]
    [InlineData("{ name @slice { given } }", HttpStatusCode.BadRequest)]
    [InlineData("{ active", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("{ }", HttpStatusCode.BadRequest)]
    [InlineData("mutation { PatientDelete(id: \"x\") { id } }", HttpStatusCode.BadRequest)]
    [InlineData("query a { active } query b { active }", HttpStatusCode.BadRequest)]
    [InlineData("query ($v: Boolean!) { active @include(if: $v) }", HttpStatusCode.BadRequest)]
    [InlineData("{ active @include(if: $v) }", HttpStatusCode.BadRequest)]
    [InlineData("{ ...a } fragment a on Patient { ...a }", HttpStatusCode.UnprocessableEntity)]
    public async Task What_makes_no_sense_is_an_error(string query, HttpStatusCode status) => await FailsAsync(AskAsync("Patient/" + await StorePeterAsync(), query), status);

    [Theory]
    [InlineData("{ active }", HttpStatusCode.BadRequest)]
    [InlineData("{ Patient { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ Patient(id: \"absent\") { id } }", HttpStatusCode.NotFound)]
    [InlineData("{ PatientList(colour: red) { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ PatientList(_reference: x) { id } }", HttpStatusCode.BadRequest)]
    [InlineData("{ PatientConnection(_cursor: \"AAAA.BBBB\") { count } }", HttpStatusCode.BadRequest)]
    [InlineData("{ PatientConnection { colour } }", HttpStatusCode.BadRequest)]
    [InlineData("{ PatientList(birthdate: \"soon\") { id } }", HttpStatusCode.BadRequest)]
    public async Task What_the_system_cannot_answer_is_an_error(string query, HttpStatusCode status) => await FailsAsync(AskAsync(".", query), status);

    [Fact]
    public async Task An_absent_resource_is_an_error() => await FailsAsync(AskAsync("Patient/" + Unique(), "{ id }"), HttpStatusCode.NotFound);

    [Fact]
    public async Task Requests_that_are_too_deep_are_refused()
    {
        string id = await StorePeterAsync();
        string query = string.Concat(Enumerable.Repeat("{ managingOrganization { resource ", 20)) + "{ id }" + string.Concat(Enumerable.Repeat("} }", 20));

        await FailsAsync(AskAsync("Patient/" + id, query), HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("""{"question":"{ active }"}""")]
    [InlineData("""{"query":5}""")]
    [InlineData("nothing")]
    public async Task Content_without_a_query_is_an_error(string body)
    {
        string id = await StorePeterAsync();

        await FailsAsync(PostAsync($"Patient/{id}/$graphql", body, ("Content-Type", "application/json")), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task It_is_offered_on_the_system_and_on_resources() =>
        await RefusedAsync(GetAsync("Patient/$graphql?query={id}"), HttpStatusCode.NotFound);

    [Fact]
    public async Task Any_text_gets_an_answer_and_never_a_failure()
    {
        string id = await StorePeterAsync();
        string[] pieces = ["{", "}", "(", ")", "[", "]", ":", "...", "@", "$", "!", "\"", "\"\"\"", "name", "given", "resource", "on", "Patient", "ConditionList", "_reference", "patient", "fragment", "query", "1", "-", "0.5e3", "#", "\n", "skip", "if", "true", "null", "flatten", "slice", "path", "\\", "é", " "];
        var random = new Random(20);
        for (int i = 0; i < 300; i++)
        {
            var text = new StringBuilder(random.Next(2) == 0 ? "{ " : "");
            for (int length = random.Next(1, 30); length > 0; length--)
            {
                text.Append(pieces[random.Next(pieces.Length)]).Append(random.Next(3) == 0 ? "" : " ");
            }

            Answer answer = await PostAsync($"Patient/{id}/$graphql", text.ToString(), ("Content-Type", "application/graphql"));

            Assert.True((int)answer.Status < 500, $"{text}: {(int)answer.Status} {answer.Body}");
        }
    }
}
