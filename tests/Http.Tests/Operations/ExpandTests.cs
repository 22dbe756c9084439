using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/valueset-operation-expand.html</summary>
public sealed class ExpandTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
    private const string GenderSystem = "http://hl7.org/fhir/administrative-gender";

    /// <summary>A code system with a hierarchy and a value set of all its codes; both stored.</summary>
    private async Task<string> StoreColoursAsync()
    {
        string id = Unique("colours");
        await StoreAsync($$"""
            {"resourceType":"CodeSystem","id":"{{id}}","url":"http://example.org/cs/{{id}}","version":"1","status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[
              {"code":"warm","display":"Warm colour","concept":[{"code":"red","display":"Red","designation":[{"language":"de","value":"Rot"},{"language":"fr","value":"Rouge"}]},{"code":"orange","display":"Orange"}]},
              {"code":"cold","display":"Cold colour","concept":[{"code":"blue","display":"Blue"}]}]}
            """);
        await StoreAsync($$"""
            {"resourceType":"ValueSet","id":"{{id}}","url":"http://example.org/vs/{{id}}","version":"1","name":"Colours","status":"draft","compose":{"include":[{"system":"http://example.org/cs/{{id}}"}]} }
            """);
        return id;
    }

    private static string[] Codes(JsonNode valueSet)
    {
        Assert.Equal("ValueSet", (string?)valueSet["resourceType"]);
        return [.. Flatten((JsonArray?)valueSet["expansion"]!["contains"]).Select(entry => (string)entry["code"]!)];
    }

    private static IEnumerable<JsonNode> Flatten(JsonArray? contains) =>
        (contains ?? []).SelectMany(entry => new[] { entry! }.Concat(Flatten((JsonArray?)entry!["contains"])));

    private async Task<string[]> ExpandAsync(string path) => Codes(await OkAsync(GetAsync(path)));

    [Fact]
    public async Task A_value_set_of_the_specification_is_expanded_by_its_url()
    {
        JsonNode valueSet = await OkAsync(GetAsync($"ValueSet/$expand?url={Gender}"));

        Assert.Equal(["male", "female", "other", "unknown"], Codes(valueSet));
        Assert.Equal(Gender, (string?)valueSet["url"]);
        Assert.Equal(4, (int)valueSet["expansion"]!["total"]!);
        Assert.NotNull(valueSet["expansion"]!["timestamp"]);
        Assert.Equal((GenderSystem, "Male"), ((string?)valueSet["expansion"]!["contains"]![0]!["system"], (string?)valueSet["expansion"]!["contains"]![0]!["display"]));
    }

    [Fact]
    public async Task Parameters_may_come_by_POST() =>
        Assert.Equal(4, Codes(await OkAsync(PostAsync("ValueSet/$expand", Parameters(Parameter("url", "valueUri", $"\"{Gender}\""))))).Length);

    [Fact]
    public async Task A_stored_value_set_is_expanded_by_its_id_and_by_its_url()
    {
        string id = await StoreColoursAsync();

        Assert.Equal(["warm", "red", "orange", "cold", "blue"], await ExpandAsync($"ValueSet/{id}/$expand"));
        Assert.Equal(["warm", "red", "orange", "cold", "blue"], await ExpandAsync($"ValueSet/$expand?url=http://example.org/vs/{id}"));
    }

    [Fact]
    public async Task A_value_set_may_be_sent_along()
    {
        string id = await StoreColoursAsync();
        string sent = $$"""{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}","filter":[{"property":"concept","op":"is-a","value":"warm"}]}]} }""";

        Assert.Equal(["warm", "red", "orange"], Codes(await OkAsync(PostAsync("ValueSet/$expand", Parameters(Parameter("valueSet", "resource", sent))))));
        Assert.Equal(["warm", "red", "orange"], Codes(await OkAsync(PostAsync("ValueSet/$expand", sent))));
    }

    [Fact]
    public async Task Value_sets_that_import_stored_ones_are_expanded()
    {
        string id = await StoreColoursAsync();
        await StoreAsync($$"""
            {"resourceType":"ValueSet","id":"{{id}}-more","url":"http://example.org/vs/{{id}}-more","status":"active","compose":{"include":[{"valueSet":["http://example.org/vs/{{id}}"]}],
              "exclude":[{"system":"http://example.org/cs/{{id}}","concept":[{"code":"red"}]}]} }
            """);

        Assert.Equal(["warm", "orange", "cold", "blue"], await ExpandAsync($"ValueSet/{id}-more/$expand"));
    }

    [Fact]
    public async Task A_changed_code_system_changes_the_expansion()
    {
        string id = await StoreColoursAsync();
        await ExpandAsync($"ValueSet/{id}/$expand");
        await StoreAsync($$"""{"resourceType":"CodeSystem","id":"{{id}}","url":"http://example.org/cs/{{id}}","status":"active","content":"complete","concept":[{"code":"green"}]}""");

        Assert.Equal(["green"], await ExpandAsync($"ValueSet/{id}/$expand"));
    }

    [Fact]
    public async Task The_hierarchy_is_kept_unless_a_flat_list_is_asked_for()
    {
        string id = await StoreColoursAsync();

        JsonNode nested = await OkAsync(GetAsync($"ValueSet/{id}/$expand"));
        JsonNode flat = await OkAsync(GetAsync($"ValueSet/{id}/$expand?excludeNested=true"));

        Assert.Equal(2, ((JsonArray)nested["expansion"]!["contains"]!).Count);
        Assert.Equal(5, ((JsonArray)flat["expansion"]!["contains"]!).Count);
    }

    [Theory]
    [InlineData("filter=ora", "orange")]
    [InlineData("filter=colour", "warm cold")]
    [InlineData("filter=nothing", "")]
    [InlineData("offset=1&count=2", "red orange")]
    [InlineData("count=2", "warm red")]
    [InlineData("offset=4&count=10", "blue")]
    [InlineData("count=0", "")]
    public async Task Filters_and_pages_give_a_part(string query, string codes)
    {
        string id = await StoreColoursAsync();

        Assert.Equal(codes, string.Join(' ', await ExpandAsync($"ValueSet/{id}/$expand?{query}")));
    }

    [Fact]
    public async Task Pages_say_how_many_codes_there_are_in_all()
    {
        string id = await StoreColoursAsync();

        JsonNode expansion = (await OkAsync(GetAsync($"ValueSet/{id}/$expand?count=2&offset=2")))["expansion"]!;

        Assert.Equal((5, 2), ((int)expansion["total"]!, (int)expansion["offset"]!));
    }

    [Fact]
    public async Task What_was_asked_for_is_recorded()
    {
        string id = await StoreColoursAsync();

        JsonArray parameters = (JsonArray)(await OkAsync(GetAsync($"ValueSet/{id}/$expand?filter=red&count=5")))["expansion"]!["parameter"]!;

        Assert.Contains(parameters, parameter => (string?)parameter!["name"] == "filter" && (string?)parameter["valueString"] == "red");
        Assert.Contains(parameters, parameter => (string?)parameter!["name"] == "count" && (int?)parameter["valueInteger"] == 5);
        Assert.Contains(parameters, parameter => (string?)parameter!["name"] == "version" && (string?)parameter["valueUri"] == $"http://example.org/cs/{id}|1");
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("&includeDesignations=true", 2)]
    [InlineData("&includeDesignations=true&designation=urn:ietf:bcp:47|de", 1)]
    public async Task Designations_come_when_asked_for(string query, int count)
    {
        string id = await StoreColoursAsync();

        JsonNode red = (await OkAsync(GetAsync($"ValueSet/{id}/$expand?filter=red{query}")))["expansion"]!["contains"]![0]!;

        Assert.Equal(count, ((JsonArray?)red["designation"])?.Count ?? 0);
    }

    [Fact]
    public async Task Displays_come_in_the_language_asked_for()
    {
        string id = await StoreColoursAsync();

        JsonNode red = (await OkAsync(GetAsync($"ValueSet/{id}/$expand?filter=red&displayLanguage=de")))["expansion"]!["contains"]![0]!;

        Assert.Equal("Rot", (string?)red["display"]);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task The_definition_comes_when_asked_for(string value, bool comes)
    {
        string id = await StoreColoursAsync();

        JsonNode valueSet = await OkAsync(GetAsync($"ValueSet/{id}/$expand?includeDefinition={value}"));

        Assert.Equal(comes ? $"http://example.org/cs/{id}" : null, (string?)valueSet["compose"]?["include"]?[0]?["system"]);
    }

    [Fact]
    public async Task A_code_system_can_be_left_out()
    {
        string id = await StoreColoursAsync();
        string sent = $$"""{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://example.org/cs/{{id}}"},{"system":"{{GenderSystem}}"}]} }""";

        JsonNode valueSet = await OkAsync(PostAsync("ValueSet/$expand", Parameters(
            Parameter("valueSet", "resource", sent), Parameter("exclude-system", "valueCanonical", $"\"http://example.org/cs/{id}\""))));

        Assert.Equal(4, Codes(valueSet).Length);
    }

    [Fact]
    public async Task The_binding_of_an_element_can_name_the_value_set() =>
        Assert.Contains("male", await ExpandAsync("ValueSet/$expand?context=http://hl7.org/fhir/StructureDefinition/Patient%23Patient.gender"));

    [Theory]
    [InlineData("url=http://example.org/none", HttpStatusCode.NotFound)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&context=http://x%23y", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&count=-1", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&count=many", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&activeOnly=perhaps", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&date=2001-01-01", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&force-system-version=a|1", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&colour=red", HttpStatusCode.BadRequest)]
    [InlineData("url=" + Gender + "&url=" + Gender, HttpStatusCode.BadRequest)]
    [InlineData("context=http://hl7.org/fhir/StructureDefinition/Patient%23Patient.active", HttpStatusCode.NotFound)]
    public async Task What_cannot_be_done_is_refused(string query, HttpStatusCode status) => await RefusedAsync(GetAsync($"ValueSet/$expand?{query}"), status);

    [Fact]
    public async Task An_expansion_that_cannot_be_listed_is_refused_as_too_costly() =>
        await RefusedAsync(GetAsync("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/mimetypes"), HttpStatusCode.UnprocessableEntity, "too-costly");

    [Fact]
    public async Task A_code_system_out_of_reach_is_an_error_and_no_empty_list()
    {
        string sent = """{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"73211009"}]}]} }""";

        await RefusedAsync(PostAsync("ValueSet/$expand", sent), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_instance_takes_no_other_value_set()
    {
        string id = await StoreColoursAsync();

        await RefusedAsync(GetAsync($"ValueSet/{id}/$expand?url={Gender}"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_absent_instance_is_not_found() => await RefusedAsync(GetAsync($"ValueSet/{Unique()}/$expand"), HttpStatusCode.NotFound);
}
