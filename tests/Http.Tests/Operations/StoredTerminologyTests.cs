using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>Value sets and code systems that are stored here, in searches: https://hl7.org/fhir/R4/search.html#token</summary>
public sealed class StoredTerminologyTests(FhirServerFixture server) : OperationTest(server)
{
    private async Task<string> StoreAsync()
    {
        string id = Unique("st");
        await StoreAsync($$"""
            {"resourceType":"CodeSystem","id":"{{id}}","url":"http://example.org/cs/{{id}}","status":"active","content":"complete","hierarchyMeaning":"is-a",
             "concept":[{"code":"animal","concept":[{"code":"dog"},{"code":"cat"}]},{"code":"plant"}]}
            """);
        await StoreAsync($$"""{"resourceType":"ValueSet","id":"{{id}}","url":"http://example.org/vs/{{id}}","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}","concept":[{"code":"dog"},{"code":"plant"}]}]} }""");
        await StoreAsync($$"""{"resourceType":"ValueSet","id":"{{id}}-nameless","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}","concept":[{"code":"cat"}]}]} }""");
        foreach (string code in new[] { "animal", "dog", "cat", "plant" })
        {
            await StoreAsync($$"""{"resourceType":"Observation","id":"{{id}}-{{code}}","meta":{"tag":[{"code":"{{id}}"}]},"status":"final","code":{"coding":[{"system":"http://example.org/cs/{{id}}","code":"{{code}}"}]} }""");
        }

        return id;
    }

    [Theory]
    [InlineData("code:in=http://example.org/vs/{0}", "dog plant")]
    [InlineData("code:not-in=http://example.org/vs/{0}", "animal cat")]
    [InlineData("code:in=ValueSet/{0}", "dog plant")]
    [InlineData("code:in=ValueSet/{0}-nameless", "cat")]
    [InlineData("code:in=ValueSet/{0}-nameless,http://example.org/vs/{0}", "cat dog plant")]
    [InlineData("code:below=http://example.org/cs/{0}|animal", "animal cat dog")]
    [InlineData("code:above=http://example.org/cs/{0}|dog", "animal dog")]
    [InlineData("_filter=code in http://example.org/vs/{0}", "dog plant")]
    [InlineData("_filter=not(code ni ValueSet/{0}-nameless) or code sb http://example.org/cs/{0}|animal", "animal cat")]
    [InlineData("_filter=code ss http://example.org/cs/{0}|animal and status eq final", "animal cat dog")]
    public async Task Searches_use_stored_definitions(string query, string codes)
    {
        string id = await StoreAsync();

        string[] found = await FindAsync($"Observation?_tag={id}&{string.Format(query, id)}");

        Assert.Equal(codes, string.Join(' ', found.Select(observation => observation[(id.Length + 1)..]).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Conditional_writes_use_stored_definitions()
    {
        string id = await StoreAsync();

        Answer answer = await DeleteAsync($"Observation?_tag={id}&code:in=ValueSet/{id}");

        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal([$"{id}-animal", $"{id}-cat"], (await FindAsync($"Observation?_tag={id}")).Order());
    }

    [Fact]
    public async Task The_last_observations_are_sought_with_stored_definitions()
    {
        string id = await StoreAsync();
        await StoreAsync($$"""{"resourceType":"Observation","id":"{{id}}-of","status":"final","subject":{"reference":"Patient/{{id}}"},"code":{"coding":[{"system":"http://example.org/cs/{{id}}","code":"cat"}]} }""");

        Assert.Equal([$"Observation/{id}-of"], Keys(await OkAsync(GetAsync($"Observation/$lastn?patient=Patient/{id}&code:below=http://example.org/cs/{id}|animal")), "match"));
        Assert.Empty(Keys(await OkAsync(GetAsync($"Observation/$lastn?patient=Patient/{id}&code:in=ValueSet/{id}")), "match"));
    }

    [Fact]
    public async Task Queries_in_GraphQL_use_stored_definitions()
    {
        string id = await StoreAsync();
        string query = $$"""{ ObservationList(_tag: "{{id}}", _filter: "code in ValueSet/{{id}}", _sort: "_id") { id } }""";

        JsonNode data = (await OkAsync(GetAsync("$graphql?query=" + Uri.EscapeDataString(query))))["data"]!;

        Assert.Equal([$"{id}-dog", $"{id}-plant"], ((JsonArray)data["ObservationList"]!).Select(observation => (string)observation!["id"]!));
    }

    [Theory]
    [InlineData("code:in=http://example.org/vs/absent")]
    [InlineData("code:in=ValueSet/absent")]
    [InlineData("code:below=http://example.org/cs/absent|x")]
    public async Task What_is_neither_loaded_nor_stored_is_an_error(string query) =>
        Assert.InRange((int)(await GetAsync($"Observation?{query}")).Status, 400, 499);

    [Fact]
    public async Task Operations_answer_within_a_batch()
    {
        string id = await StoreAsync();
        Answer answer = await PostAsync("", """
            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"GET","url":"ValueSet/{id}/$expand"}},
              {"request":{"method":"GET","url":"CodeSystem/$lookup?system=http://example.org/cs/{id}&code=dog"}},
              {"request":{"method":"GET","url":"Patient/absent/$everything"}},
              {"request":{"method":"POST","url":"Patient/$validate"},"resource":{"resourceType":"Patient","active":true}},
              {"request":{"method":"GET","url":"Observation/{id}-dog/$graphql?query={status}"}}]}
            """.Replace("{id}", id, StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonNode[] entries = [.. ((JsonArray)answer.Json["entry"]!).Select(entry => entry!)];
        Assert.True(entries.Select(entry => ((string)entry["response"]!["status"]!)[..3]).SequenceEqual(["200", "200", "404", "200", "200"]), answer.Body);
        Assert.Equal(
            ["ValueSet", "Parameters", null, "OperationOutcome", "Binary"],
            entries.Select(entry => (string?)entry["resource"]?["resourceType"]));
    }
}
