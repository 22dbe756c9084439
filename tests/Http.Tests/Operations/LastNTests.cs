using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/observation-operation-lastn.html</summary>
public sealed class LastNTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Vital = """[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]""";

    private async Task<string> StoreMeasurementsAsync()
    {
        string run = Unique("l");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{run}}"}""");
        foreach ((string id, string code, string date) in new[]
        {
            ("w1", Coded("weight"), "2020-01-01"), ("w2", Coded("weight"), "2020-01-02"), ("w3", Coded("weight"), "2020-01-03"),
            ("t1", Coded("temperature"), "2020-02-01"), ("t2", Coded("temperature"), "2019-02-01"),
            ("pain1", """{"text":"pain"}""", "2020-01-01"), ("pain2", """{"text":"pain"}""", "2020-01-02"), ("itch", """{"text":"itch"}""", "2018-01-01"),
        })
        {
            await StoreAsync($$"""
                {"resourceType":"Observation","id":"{{run}}-{{id}}","status":"final","category":{{Vital}},"code":{{code}},"subject":{"reference":"Patient/{{run}}"},"effectiveDateTime":"{{date}}"}
                """);
        }

        return run;
    }

    private static string Coded(params string[] codes) =>
        $$"""{"coding":[{{string.Join(',', codes.Select(code => $$"""{"system":"http://codes","code":"{{code}}"}"""))}}]}""";

    private static string Names(JsonNode bundle, string run) =>
        string.Join(' ', Keys(bundle, "match").Select(key => key.Split('/')[1].Replace(run + "-", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData("", "t1 w3 pain2 itch")]
    [InlineData("&max=1", "t1 w3 pain2 itch")]
    [InlineData("&max=2", "t1 w3 w2 pain2 pain1 t2 itch")]
    [InlineData("&max=9", "t1 w3 w2 pain2 w1 pain1 t2 itch")]
    public async Task The_last_of_each_code_come_newest_first(string query, string names)
    {
        string run = await StoreMeasurementsAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Observation/$lastn?patient=Patient/{run}&category=vital-signs{query}"));

        Assert.Equal("searchset", (string?)bundle["type"]);
        Assert.Equal(names, Names(bundle, run));
        Assert.Equal(names.Split(' ').Length, (int)bundle["total"]!);
    }

    [Theory]
    [InlineData("subject=Patient/{0}&code=http://codes|weight", "w3")]
    [InlineData("patient={0}&code=weight,temperature", "t1 w3")]
    [InlineData("patient={0}&code=weight&date=lt2020-01-03", "w2")]
    [InlineData("patient={0}&category=vital-signs&code=temperature", "t1")]
    [InlineData("patient={0}&code:text=pain", "pain2")]
    [InlineData("patient={0}&code=nothing", "")]
    public async Task Search_parameters_choose_the_observations(string query, string names)
    {
        string run = await StoreMeasurementsAsync();

        Assert.Equal(names, Names(await OkAsync(GetAsync($"Observation/$lastn?{string.Format(query, run)}")), run));
    }

    [Fact]
    public async Task Codes_that_share_a_coding_are_one_group()
    {
        string run = Unique("g");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{run}}"}""");
        foreach ((string id, string code, int day) in new[] { ("a", Coded("lab-a"), 1), ("both", Coded("lab-a", "common"), 2), ("b", Coded("common"), 3), ("c", Coded("another"), 4) })
        {
            await StoreAsync($$"""
                {"resourceType":"Observation","id":"{{run}}-{{id}}","status":"final","category":{{Vital}},"code":{{code}},"subject":{"reference":"Patient/{{run}}"},"effectiveDateTime":"2020-01-0{{day}}"}
                """);
        }

        Assert.Equal("c b", Names(await OkAsync(GetAsync($"Observation/$lastn?patient={run}&category=vital-signs")), run));
    }

    [Fact]
    public async Task The_same_code_of_another_system_is_another_group()
    {
        string run = Unique("s");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{run}}"}""");
        foreach (string system in new[] { "http://one", "http://two" })
        {
            await StoreAsync($$"""
                {"resourceType":"Observation","id":"{{run}}-{{system[^3..]}}","status":"final","category":{{Vital}},"code":{"coding":[{"system":"{{system}}","code":"x"}]},"subject":{"reference":"Patient/{{run}}"} }
                """);
        }

        Assert.Equal(2, Keys(await OkAsync(GetAsync($"Observation/$lastn?patient={run}&category=vital-signs")), "match").Length);
    }

    [Fact]
    public async Task Other_patients_do_not_count()
    {
        string run = await StoreMeasurementsAsync();
        string other = await StoreMeasurementsAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Observation/$lastn?patient={run}&category=vital-signs&max=9"));

        Assert.DoesNotContain(Keys(bundle, "match"), key => key.Contains(other, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Entered_in_error_is_included_unless_status_says_otherwise()
    {
        string run = await StoreMeasurementsAsync();
        await StoreAsync($$"""
            {"resourceType":"Observation","id":"{{run}}-wrong","status":"entered-in-error","category":{{Vital}},"code":{{Coded("weight")}},"subject":{"reference":"Patient/{{run}}"},"effectiveDateTime":"2022-01-01"}
            """);

        Assert.Equal("wrong", Names(await OkAsync(GetAsync($"Observation/$lastn?patient={run}&code=weight")), run));
        Assert.Equal("w3", Names(await OkAsync(GetAsync($"Observation/$lastn?patient={run}&code=weight&status=final")), run));
    }

    [Fact]
    public async Task Parameters_may_come_by_POST()
    {
        string run = await StoreMeasurementsAsync();

        JsonNode bundle = await OkAsync(PostAsync("Observation/$lastn", Parameters(
            Parameter("patient", "valueString", $"\"Patient/{run}\""), Parameter("category", "valueString", "\"vital-signs\""), Parameter("max", "valuePositiveInt", "2"))));

        Assert.Equal("t1 w3 w2 pain2 pain1 t2 itch", Names(bundle, run));
    }

    [Theory]
    [InlineData("category=vital-signs", "required")]
    [InlineData("patient=x", "required")]
    [InlineData("patient=x&date=2020", "required")]
    [InlineData("patient=x&code=y&max=0", "value")]
    [InlineData("patient=x&code=y&max=few", "value")]
    [InlineData("patient=x&code=y&_sort=date", "not-supported")]
    [InlineData("patient=x&code=y&_count=3", "not-supported")]
    [InlineData("patient=x&code=y&date=sometime", "invalid")]
    public async Task What_makes_no_sense_is_refused(string query, string code) => await RefusedAsync(GetAsync($"Observation/$lastn?{query}"), HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task Unknown_search_parameters_are_reported_or_refused()
    {
        string run = await StoreMeasurementsAsync();

        JsonNode lenient = await OkAsync(GetAsync($"Observation/$lastn?patient={run}&code=weight&colour=red"));
        await RefusedAsync(GetAsync($"Observation/$lastn?patient={run}&code=weight&colour=red", ("Prefer", "handling=strict")), HttpStatusCode.BadRequest);

        Assert.Equal("w3", Names(lenient, run));
        Assert.Single(Keys(lenient, "outcome"));
    }

    [Theory]
    [InlineData("Patient/$lastn?patient=x&code=y")]
    [InlineData("$lastn?patient=x&code=y")]
    public async Task It_is_offered_on_observations_only(string path) => await RefusedAsync(GetAsync(path), HttpStatusCode.NotFound);
}
