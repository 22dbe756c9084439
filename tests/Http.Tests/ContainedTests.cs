using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#contained</summary>
public sealed class ContainedTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        Request("r1", "A", "B"),
        Request("r2", "B"),
        """{"resourceType":"MedicationRequest","id":"{r3}","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"display":"x"}}""",
        """{"resourceType":"Medication","id":"{m1}","code":{"coding":[{"code":"{run}A"}]}}""",
        """{"resourceType":"Medication","id":"{m2}","code":{"coding":[{"code":"{run}C"}]}}""",
    ];

    private static string Request(string key, params string[] codes) =>
        $$"""{"resourceType":"MedicationRequest","id":"{{{key}}}","contained":[{{string.Join(',', codes.Select(code => $$"""{"resourceType":"Medication","id":"c{{code}}","code":{"coding":[{"code":"{run}{{code}}"}]} }"""))}}],"status":"active","intent":"order","medicationReference":{"reference":"#c{{codes[0]}}"},"subject":{"display":"x"} }""";

    private string[] Found(Answer answer) =>
        [.. ((JsonArray?)answer.Json["entry"] ?? [])
            .Where(entry => (string?)entry!["search"]!["mode"] == "match")
            .Select(entry => KeyOf(((string)entry!["fullUrl"]!)[((string)entry["fullUrl"]!).LastIndexOf('/')..].TrimStart('/')))];

    [Theory]
    [InlineData("Medication?code={run}A", "m1")]
    [InlineData("Medication?code={run}A&_contained=false", "m1")]
    [InlineData("Medication?code={run}A&_contained=true", "r1")]
    [InlineData("Medication?code={run}B&_contained=true", "r1 r2")]
    [InlineData("Medication?code={run}A,{run}B&_contained=true", "r1 r2")]
    [InlineData("Medication?code={run}C&_contained=true", "")]
    [InlineData("Medication?code={run}A&_contained=true&_containedType=container", "r1")]
    [InlineData("Medication?code={run}A&_contained=true&_containedType=contained", "r1#cA")]
    [InlineData("Medication?code={run}A,{run}B&_contained=true&_containedType=contained", "r1#cA r1#cB r2#cB")]
    [InlineData("Medication?code={run}A&_contained=both", "m1 r1")]
    [InlineData("Medication?code={run}A&_contained=both&_containedType=contained", "m1 r1#cA")]
    [InlineData("Medication?code={run}C&_contained=both", "m2")]
    [InlineData("Medication?code:not={run}A&_id=cB&_contained=true", "r1 r2")]
    [InlineData("MedicationRequest?_contained=true&status=active&_id=nothing", "")]
    public async Task Contained_resources_are_found_when_asked_for(string search, string found)
    {
        Answer answer = await GetAsync(Fill(search));

        Assert.Equal(Words(found), Found(answer));
        Assert.Equal(Words(found).Length, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task A_contained_match_is_the_contained_resource()
    {
        Answer answer = await GetAsync(Fill("Medication?code={run}B&_contained=true&_containedType=contained"));

        JsonNode resource = answer.Json["entry"]![0]!["resource"]!;
        Assert.Equal("Medication", (string?)resource["resourceType"]);
        Assert.Equal("cB", (string?)resource["id"]);
    }

    [Theory]
    [InlineData("_contained=true&_containedType=contained", "r1#cA r1#cB r2#cB")]
    [InlineData("_contained=both&_containedType=contained", "m1 r1#cA r1#cB r2#cB")]
    public async Task Pages_hold_each_match_once(string query, string expected)
    {
        var found = new List<string>();
        string? next = Fill($"Medication?code={{run}}A,{{run}}B&{query}&_count=1");
        for (int pages = 0; next is not null; pages++)
        {
            Assert.InRange(pages, 0, 10);
            Answer page = await GetAsync(next);
            Assert.Equal(Words(expected).Length, (int)page.Json["total"]!);
            found.AddRange(Found(page));
            next = PagingTests.Link(page, "next");
        }

        Assert.Equal(Words(expected), found);
    }

    [Theory]
    [InlineData("Medication?_contained=maybe")]
    [InlineData("Medication?_containedType=maybe")]
    [InlineData("Medication?_contained=true&_sort=code")]
    [InlineData("Medication?_contained=true&_include=Medication:manufacturer")]
    [InlineData("Medication?_contained=true&manufacturer.name=x")]
    [InlineData("Medication?:contained-type=Medication")]
    public Task What_cannot_be_asked_of_contained_resources_is_refused(string search) => RefusedAsync(search);
}
