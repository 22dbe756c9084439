using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/conceptmap-operation-translate.html</summary>
public sealed class TranslateTests(FhirServerFixture server) : OperationTest(server)
{
    private async Task<string> StoreMapAsync()
    {
        string id = Unique("map");
        await StoreAsync(MapOf(id));
        return id;
    }

    private static string MapOf(string id) => $$"""
        {"resourceType":"ConceptMap","id":"{{id}}","url":"http://example.org/cm/{{id}}","version":"1","status":"active","sourceUri":"http://example.org/vs/from-{{id}}","targetUri":"http://example.org/vs/to-{{id}}",
         "group":[{"source":"http://example.org/from-{{id}}","target":"http://example.org/to-{{id}}","element":[
           {"code":"a","target":[{"code":"x","display":"Ex","equivalence":"equivalent"},{"code":"y","equivalence":"wider","product":[{"property":"http://p","system":"http://ps","value":"pv"}]}]},
           {"code":"b","target":[{"equivalence":"unmatched"}]}]}]}
        """;

    private static bool Result(JsonNode answer) => (bool)Assert.Single(All(answer, "result"))["valueBoolean"]!;

    private static string[] Matches(JsonNode answer) =>
        [.. All(answer, "match").Select(match => $"{(string?)Parts(match, "equivalence").Single()["valueCode"]} {(string?)Parts(match, "concept").SingleOrDefault()?["valueCoding"]!["code"]}".Trim())];

    [Theory]
    [InlineData("ConceptMap/{0}/$translate?system=http://example.org/from-{0}&code=a")]
    [InlineData("ConceptMap/$translate?url=http://example.org/cm/{0}&system=http://example.org/from-{0}&code=a")]
    [InlineData("ConceptMap/$translate?url=http://example.org/cm/{0}&conceptMapVersion=1&system=http://example.org/from-{0}&code=a")]
    [InlineData("ConceptMap/$translate?system=http://example.org/from-{0}&code=a")]
    [InlineData("ConceptMap/$translate?system=http://example.org/from-{0}&code=a&targetsystem=http://example.org/to-{0}")]
    [InlineData("ConceptMap/$translate?system=http://example.org/from-{0}&code=a&source=http://example.org/vs/from-{0}&target=http://example.org/vs/to-{0}")]
    public async Task A_code_is_translated(string path)
    {
        string id = await StoreMapAsync();

        JsonNode answer = await OkAsync(GetAsync(string.Format(path, id)));

        Assert.True(Result(answer));
        Assert.Equal(["equivalent x", "wider y"], Matches(answer));
    }

    [Fact]
    public async Task Matches_say_where_they_come_from_and_what_else_they_yield()
    {
        string id = await StoreMapAsync();

        JsonNode[] matches = All(await OkAsync(GetAsync($"ConceptMap/{id}/$translate?system=http://example.org/from-{id}&code=a")), "match");

        Assert.Equal($"http://example.org/to-{id}", (string?)Parts(matches[0], "concept").Single()["valueCoding"]!["system"]);
        Assert.Equal("Ex", (string?)Parts(matches[0], "concept").Single()["valueCoding"]!["display"]);
        Assert.StartsWith($"http://example.org/cm/{id}", (string?)Parts(matches[0], "source").Single()["valueUri"], StringComparison.Ordinal);
        JsonNode product = Parts(matches[1], "product").Single();
        Assert.Equal("http://p", (string?)Parts(product, "element").Single()["valueUri"]);
        Assert.Equal("pv", (string?)Parts(product, "concept").Single()["valueCoding"]!["code"]);
    }

    [Fact]
    public async Task A_code_without_a_match_has_the_result_false_and_a_message()
    {
        string id = await StoreMapAsync();

        JsonNode answer = await OkAsync(GetAsync($"ConceptMap/{id}/$translate?system=http://example.org/from-{id}&code=b"));

        Assert.False(Result(answer));
        Assert.NotEmpty(All(answer, "message"));
        Assert.Equal(["unmatched"], Matches(answer));
    }

    [Fact]
    public async Task An_unknown_code_has_no_matches()
    {
        string id = await StoreMapAsync();

        JsonNode answer = await OkAsync(GetAsync($"ConceptMap/{id}/$translate?system=http://example.org/from-{id}&code=zzz"));

        Assert.False(Result(answer));
        Assert.Empty(All(answer, "match"));
    }

    [Fact]
    public async Task Reverse_goes_the_other_way()
    {
        string id = await StoreMapAsync();

        JsonNode answer = await OkAsync(GetAsync($"ConceptMap/{id}/$translate?system=http://example.org/to-{id}&code=x&reverse=true"));

        Assert.Equal(["equivalent a"], Matches(answer));
    }

    [Theory]
    [InlineData("coding", "valueCoding", """{"system":"http://example.org/from-{0}","code":"a"}""")]
    [InlineData("codeableConcept", "valueCodeableConcept", """{"coding":[{"system":"http://other","code":"q"},{"system":"http://example.org/from-{0}","code":"a"}]}""")]
    public async Task Codings_and_concepts_are_translated(string name, string member, string value)
    {
        string id = await StoreMapAsync();

        JsonNode answer = await OkAsync(PostAsync($"ConceptMap/{id}/$translate", Parameters(Parameter(name, member, value.Replace("{0}", id, StringComparison.Ordinal)))));

        Assert.True(Result(answer));
    }

    [Fact]
    public async Task A_map_may_be_sent_along()
    {
        string id = Unique("sent");

        JsonNode answer = await OkAsync(PostAsync("ConceptMap/$translate", Parameters(
            Parameter("conceptMap", "resource", MapOf(id)), Parameter("code", "valueCode", "\"a\""), Parameter("system", "valueUri", $"\"http://example.org/from-{id}\""))));

        Assert.True(Result(answer));
    }

    [Fact]
    public async Task Maps_of_the_specification_are_used() =>
        Assert.True(Result(await OkAsync(GetAsync("ConceptMap/$translate?url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3&system=http://hl7.org/fhir/administrative-gender&code=male"))));

    [Theory]
    [InlineData("url=http://example.org/none&system=http://x&code=a", HttpStatusCode.NotFound)]
    [InlineData("code=a", HttpStatusCode.BadRequest)]
    [InlineData("system=http://x", HttpStatusCode.BadRequest)]
    [InlineData("system=http://x&code=a&reverse=yes", HttpStatusCode.BadRequest)]
    [InlineData("system=http://x&code=a&colour=red", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_done_is_refused(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"ConceptMap/$translate?{query}"), status);

    [Fact]
    public async Task Codings_without_parameters_cannot_stand_in_a_query() => await RefusedAsync(GetAsync("ConceptMap/$translate?coding=http://x|a"), HttpStatusCode.BadRequest);
}
