using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>
/// https://hl7.org/fhir/R4/codesystem-operation-lookup.html, https://hl7.org/fhir/R4/codesystem-operation-subsumes.html,
/// https://hl7.org/fhir/R4/valueset-operation-validate-code.html, https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
/// </summary>
public sealed class CodeTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Gender = "http://hl7.org/fhir/administrative-gender";
    private const string GenderSet = "http://hl7.org/fhir/ValueSet/administrative-gender";

    private async Task<string> StoreAnimalsAsync()
    {
        string id = Unique("animals");
        await StoreAsync($$"""
            {"resourceType":"CodeSystem","id":"{{id}}","url":"http://example.org/cs/{{id}}","version":"2","name":"Animals","title":"Animals of the farm","status":"active","content":"complete","hierarchyMeaning":"is-a",
             "property":[{"code":"legs","type":"integer"},{"code":"wild","type":"boolean"}],
             "concept":[{"code":"bird","display":"Bird","definition":"Flies","property":[{"code":"legs","valueInteger":2},{"code":"wild","valueBoolean":false}],
               "concept":[{"code":"hen","display":"Hen","designation":[{"language":"de","value":"Huhn"}]}]},{"code":"cow","display":"Cow"}]}
            """);
        await StoreAsync($$"""{"resourceType":"ValueSet","id":"{{id}}","url":"http://example.org/vs/{{id}}","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}","concept":[{"code":"hen"}]}]} }""");
        return id;
    }

    private static (bool Result, string? Message, string? Display) Verdict(JsonNode answer) => (
        (bool)Assert.Single(All(answer, "result"))["valueBoolean"]!,
        (string?)All(answer, "message").SingleOrDefault()?["valueString"],
        (string?)All(answer, "display").SingleOrDefault()?["valueString"]);

    [Fact]
    public async Task Lookup_tells_of_a_code_of_the_specification()
    {
        JsonNode answer = await OkAsync(GetAsync($"CodeSystem/$lookup?system={Gender}&code=male"));

        Assert.Equal("Male", (string?)Assert.Single(All(answer, "display"))["valueString"]);
        Assert.Equal("AdministrativeGender", (string?)Assert.Single(All(answer, "name"))["valueString"]);
        Assert.NotEmpty(All(answer, "version"));
    }

    [Fact]
    public async Task Lookup_takes_a_coding()
    {
        JsonNode answer = await OkAsync(PostAsync("CodeSystem/$lookup", Parameters(Parameter("coding", "valueCoding", $$"""{"system":"{{Gender}}","code":"female"}"""))));

        Assert.Equal("Female", (string?)Assert.Single(All(answer, "display"))["valueString"]);
    }

    [Fact]
    public async Task Lookup_tells_all_of_a_code_of_a_stored_code_system()
    {
        string id = await StoreAnimalsAsync();

        JsonNode answer = await OkAsync(GetAsync($"CodeSystem/$lookup?system=http://example.org/cs/{id}&code=bird"));

        Assert.Equal("2", (string?)Assert.Single(All(answer, "version"))["valueString"]);
        Dictionary<string, JsonNode> properties = All(answer, "property").ToDictionary(property => (string)Parts(property, "code").Single()["valueCode"]!, property => Parts(property, "value").Single());
        Assert.Equal("Flies", (string?)properties["definition"]["valueString"]);
        Assert.Equal(2, (int?)properties["legs"]["valueInteger"]);
        Assert.False((bool)properties["wild"]["valueBoolean"]!);
        Assert.Equal("hen", (string?)properties["child"]["valueCode"]);
    }

    [Theory]
    [InlineData("property=legs", "legs")]
    [InlineData("property=definition&property=wild", "definition wild")]
    [InlineData("property=display", "")]
    public async Task Lookup_gives_the_properties_asked_for(string query, string names)
    {
        string id = await StoreAnimalsAsync();

        JsonNode answer = await OkAsync(GetAsync($"CodeSystem/$lookup?system=http://example.org/cs/{id}&code=bird&{query}"));

        Assert.Equal(names, string.Join(' ', All(answer, "property").Select(property => (string)Parts(property, "code").Single()["valueCode"]!)));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("&property=designation", 1)]
    [InlineData("&property=lang.de", 1)]
    [InlineData("&property=lang.fr", 0)]
    [InlineData("&property=parent", 0)]
    public async Task Lookup_gives_the_designations_asked_for(string query, int count)
    {
        string id = await StoreAnimalsAsync();

        Assert.Equal(count, All(await OkAsync(GetAsync($"CodeSystem/$lookup?system=http://example.org/cs/{id}&code=hen{query}")), "designation").Length);
    }

    [Fact]
    public async Task Lookup_gives_the_display_in_the_language_asked_for()
    {
        string id = await StoreAnimalsAsync();

        Assert.Equal("Huhn", (string?)All(await OkAsync(GetAsync($"CodeSystem/$lookup?system=http://example.org/cs/{id}&code=hen&displayLanguage=de")), "display").Single()["valueString"]);
    }

    [Theory]
    [InlineData("system=" + Gender + "&code=none", HttpStatusCode.NotFound)]
    [InlineData("system=http://example.org/none&code=a", HttpStatusCode.NotFound)]
    [InlineData("code=male", HttpStatusCode.BadRequest)]
    [InlineData("system=" + Gender, HttpStatusCode.BadRequest)]
    [InlineData("system=" + Gender + "&code=male&date=2001", HttpStatusCode.BadRequest)]
    [InlineData("system=" + Gender + "&code=male&sort=up", HttpStatusCode.BadRequest)]
    [InlineData("coding=a|b", HttpStatusCode.BadRequest)]
    public async Task Lookup_refuses(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"CodeSystem/$lookup?{query}"), status);

    [Theory]
    [InlineData("bird", "bird", "equivalent")]
    [InlineData("bird", "hen", "subsumes")]
    [InlineData("hen", "bird", "subsumed-by")]
    [InlineData("hen", "cow", "not-subsumed")]
    public async Task Subsumes_tells_how_codes_stand(string a, string b, string outcome)
    {
        string id = await StoreAnimalsAsync();
        string system = $"http://example.org/cs/{id}";
        string codings = Parameters(Parameter("codingA", "valueCoding", $$"""{"system":"{{system}}","code":"{{a}}"}"""), Parameter("codingB", "valueCoding", $$"""{"system":"{{system}}","code":"{{b}}"}"""));

        JsonNode[] answers =
        [
            await OkAsync(GetAsync($"CodeSystem/$subsumes?system={system}&codeA={a}&codeB={b}")),
            await OkAsync(GetAsync($"CodeSystem/{id}/$subsumes?codeA={a}&codeB={b}")),
            await OkAsync(PostAsync("CodeSystem/$subsumes", codings)),
        ];

        Assert.All(answers, answer => Assert.Equal(outcome, (string?)Assert.Single(All(answer, "outcome"))["valueCode"]));
    }

    [Theory]
    [InlineData("codeA=male&codeB=female", HttpStatusCode.BadRequest)]
    [InlineData("system=" + Gender + "&codeA=male", HttpStatusCode.BadRequest)]
    [InlineData("system=" + Gender + "&codeA=male&codeB=none", HttpStatusCode.NotFound)]
    [InlineData("system=http://example.org/none&codeA=a&codeB=b", HttpStatusCode.BadRequest)]
    public async Task Subsumes_refuses(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"CodeSystem/$subsumes?{query}"), status);

    [Theory]
    [InlineData("code=male&system=" + Gender, true)]
    [InlineData("code=none&system=" + Gender, false)]
    [InlineData("code=male&system=http://example.org/other", false)]
    [InlineData("code=male&system=" + Gender + "&display=Male", true)]
    [InlineData("code=male&system=" + Gender + "&display=Horse", false)]
    public async Task A_code_is_checked_against_a_value_set(string query, bool result)
    {
        (bool found, string? message, _) = Verdict(await OkAsync(GetAsync($"ValueSet/$validate-code?url={GenderSet}&{query}")));

        Assert.Equal(result, found);
        Assert.True(result || message is not null);
    }

    [Fact]
    public async Task A_valid_code_comes_with_its_display() => Assert.Equal("Male", Verdict(await OkAsync(GetAsync($"ValueSet/$validate-code?url={GenderSet}&code=male&system={Gender}"))).Display);

    [Theory]
    [InlineData("coding", "valueCoding", """{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}""", true)]
    [InlineData("coding", "valueCoding", """{"system":"http://hl7.org/fhir/administrative-gender","code":"none"}""", false)]
    [InlineData("codeableConcept", "valueCodeableConcept", """{"coding":[{"system":"http://x","code":"y"},{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}]}""", true)]
    [InlineData("codeableConcept", "valueCodeableConcept", """{"coding":[{"system":"http://x","code":"y"}]}""", false)]
    public async Task Codings_and_concepts_are_checked(string name, string member, string value, bool result) =>
        Assert.Equal(result, Verdict(await OkAsync(PostAsync("ValueSet/$validate-code", Parameters(Parameter("url", "valueUri", $"\"{GenderSet}\""), Parameter(name, member, value))))).Result);

    [Theory]
    [InlineData("hen", true)]
    [InlineData("cow", false)]
    public async Task A_code_is_checked_against_a_stored_value_set(string code, bool result)
    {
        string id = await StoreAnimalsAsync();

        Assert.Equal(result, Verdict(await OkAsync(GetAsync($"ValueSet/{id}/$validate-code?code={code}&system=http://example.org/cs/{id}"))).Result);
        Assert.Equal(result, Verdict(await OkAsync(GetAsync($"ValueSet/$validate-code?url=http://example.org/vs/{id}&code={code}&system=http://example.org/cs/{id}"))).Result);
    }

    [Fact]
    public async Task A_value_set_may_be_sent_along()
    {
        string id = await StoreAnimalsAsync();
        string sent = $$"""{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}"}]} }""";

        Assert.True(Verdict(await OkAsync(PostAsync("ValueSet/$validate-code", Parameters(
            Parameter("valueSet", "resource", sent), Parameter("code", "valueCode", "\"cow\""), Parameter("system", "valueUri", $"\"http://example.org/cs/{id}\""))))).Result);
    }

    [Fact]
    public async Task The_context_of_an_element_names_the_value_set() =>
        Assert.True(Verdict(await OkAsync(GetAsync("ValueSet/$validate-code?context=http://hl7.org/fhir/StructureDefinition/Patient%23Patient.gender&code=male"))).Result);

    [Theory]
    [InlineData("url=http://example.org/none&code=male&system=" + Gender, HttpStatusCode.NotFound)]
    [InlineData("code=male&system=" + Gender, HttpStatusCode.BadRequest)]
    [InlineData("url=" + GenderSet, HttpStatusCode.BadRequest)]
    [InlineData("url=" + GenderSet + "&code=male&date=2001", HttpStatusCode.BadRequest)]
    public async Task Validate_code_refuses(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"ValueSet/$validate-code?{query}"), status);

    [Fact]
    public async Task One_form_of_code_is_enough() =>
        await RefusedAsync(PostAsync("ValueSet/$validate-code", Parameters(
            Parameter("url", "valueUri", $"\"{GenderSet}\""), Parameter("code", "valueCode", "\"male\""), Parameter("coding", "valueCoding", """{"code":"male"}"""))), HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("cow", true)]
    [InlineData("dog", false)]
    public async Task A_code_is_checked_against_a_code_system(string code, bool result)
    {
        string id = await StoreAnimalsAsync();

        Assert.Equal(result, Verdict(await OkAsync(GetAsync($"CodeSystem/$validate-code?url=http://example.org/cs/{id}&code={code}"))).Result);
        Assert.Equal(result, Verdict(await OkAsync(GetAsync($"CodeSystem/{id}/$validate-code?code={code}"))).Result);
    }

    [Theory]
    [InlineData(Gender, true)]
    [InlineData("http://example.org/other", false)]
    public async Task A_coding_must_be_of_the_code_system_asked_about(string system, bool result) =>
        Assert.Equal(result, Verdict(await OkAsync(PostAsync("CodeSystem/$validate-code", Parameters(
            Parameter("url", "valueUri", $"\"{Gender}\""), Parameter("coding", "valueCoding", $$"""{"system":"{{system}}","code":"male"}"""))))).Result);

    [Theory]
    [InlineData("url=http://example.org/none&code=a", HttpStatusCode.NotFound)]
    [InlineData("code=male", HttpStatusCode.BadRequest)]
    public async Task Validate_code_of_a_code_system_refuses(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"CodeSystem/$validate-code?{query}"), status);

    [Fact]
    public async Task A_code_system_may_be_sent_along() =>
        Assert.True(Verdict(await OkAsync(PostAsync("CodeSystem/$validate-code", Parameters(
            Parameter("codeSystem", "resource", """{"resourceType":"CodeSystem","url":"http://example.org/sent","status":"active","content":"complete","concept":[{"code":"a"}]}"""),
            Parameter("code", "valueCode", "\"a\""))))).Result);
}
