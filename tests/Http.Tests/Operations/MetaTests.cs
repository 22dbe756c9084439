using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add, -meta-delete</summary>
public sealed class MetaTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Profile = "http://example.org/StructureDefinition/some";

    private async Task<string> StorePatientAsync(string? meta = null)
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}"{{(meta is null ? "" : ",\"meta\":" + meta)}},"active":true,"multipleBirthInteger":2}""");
        return id;
    }

    private static string Labels(string word, string more = "") =>
        $$"""{"profile":["http://example.org/{{word}}"],"security":[{"system":"http://s","code":"sec-{{word}}"}],"tag":[{"system":"http://t","code":"tag-{{word}}"{{more}}}]}""";

    private Task<Answer> AddAsync(string id, string meta, params (string, string)[] headers) =>
        PostAsync($"Patient/{id}/$meta-add", Parameters(Parameter("meta", "valueMeta", meta)), headers);

    private Task<Answer> TakeOffAsync(string id, string meta) =>
        PostAsync($"Patient/{id}/$meta-delete", Parameters(Parameter("meta", "valueMeta", meta)));

    private static JsonNode MetaOf(JsonNode answer) => Assert.Single(All(answer, "return"))["valueMeta"]!;

    private static string[] Codes(JsonNode meta, string member) => [.. ((JsonArray?)meta[member] ?? []).Select(coding => (string)coding!["code"]!)];

    [Fact]
    public async Task Meta_of_a_resource_is_the_meta_that_a_read_gives()
    {
        string id = await StorePatientAsync(Labels("a"));

        JsonNode meta = MetaOf(await OkAsync(GetAsync($"Patient/{id}/$meta")));
        JsonNode read = await OkAsync(GetAsync($"Patient/{id}"));

        Assert.Equal(read["meta"]!.ToJsonString(), meta.ToJsonString());
    }

    [Fact]
    public async Task Meta_of_a_version_is_that_of_the_version()
    {
        string id = await StorePatientAsync(Labels("a"));
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","meta":{{Labels("b")}}}""");

        JsonNode first = MetaOf(await OkAsync(GetAsync($"Patient/{id}/_history/1/$meta")));
        JsonNode second = MetaOf(await OkAsync(GetAsync($"Patient/{id}/_history/2/$meta")));

        Assert.Equal(("1", "tag-a"), ((string?)first["versionId"], Codes(first, "tag").Single()));
        Assert.Equal(("2", "tag-b"), ((string?)second["versionId"], Codes(second, "tag").Single()));
    }

    [Fact]
    public async Task Meta_can_be_asked_for_by_POST_with_empty_parameters()
    {
        string id = await StorePatientAsync();

        Assert.Equal("1", (string?)MetaOf(await OkAsync(PostAsync($"Patient/{id}/$meta", Parameters())))["versionId"]);
    }

    [Theory]
    [InlineData("Basic/$meta")]
    [InlineData("$meta")]
    public async Task Meta_of_a_type_or_the_system_sums_up_the_labels_in_use(string path)
    {
        string word = Unique("m");
        await StoreAsync($$"""{"resourceType":"Basic","id":"{{word}}-1","meta":{{Labels(word)}},"code":{"text":"x"} }""");
        await StoreAsync($$"""{"resourceType":"Basic","id":"{{word}}-2","meta":{{Labels(word)}},"code":{"text":"x"} }""");

        JsonNode meta = MetaOf(await OkAsync(GetAsync(path)));

        Assert.Single(Codes(meta, "tag"), "tag-" + word);
        Assert.Single(Codes(meta, "security"), "sec-" + word);
        Assert.Single((JsonArray)meta["profile"]!, profile => (string?)profile == "http://example.org/" + word);
        Assert.Null(meta["versionId"]);
        Assert.Null(meta["lastUpdated"]);
    }

    [Fact]
    public async Task Meta_of_a_type_has_no_labels_of_other_types()
    {
        string word = Unique("m");
        await StoreAsync($$"""{"resourceType":"Basic","id":"{{word}}","meta":{{Labels(word)}},"code":{"text":"x"} }""");

        Assert.DoesNotContain("tag-" + word, Codes(MetaOf(await OkAsync(GetAsync("Library/$meta"))), "tag"));
    }

    [Fact]
    public async Task Added_labels_join_those_that_are_there()
    {
        string id = await StorePatientAsync(Labels("a"));

        JsonNode meta = MetaOf(await OkAsync(AddAsync(id, Labels("b"))));

        Assert.Equal(["tag-a", "tag-b"], Codes(meta, "tag"));
        Assert.Equal(["sec-a", "sec-b"], Codes(meta, "security"));
        Assert.Equal(["http://example.org/a", "http://example.org/b"], ((JsonArray)meta["profile"]!).Select(profile => (string)profile!));
    }

    [Fact]
    public async Task Adding_labels_keeps_the_rest_of_the_resource()
    {
        string id = await StorePatientAsync();

        await OkAsync(AddAsync(id, Labels("a")));
        JsonNode read = await OkAsync(GetAsync($"Patient/{id}"));

        Assert.True((bool)read["active"]!);
        Assert.Equal(2, (int)read["multipleBirthInteger"]!);
        Assert.Equal("tag-a", Codes(read["meta"]!, "tag").Single());
    }

    [Fact]
    public async Task A_change_of_labels_makes_a_version()
    {
        string id = await StorePatientAsync();

        Answer answer = await AddAsync(id, Labels("a"));

        Assert.Equal("W/\"2\"", answer.Header("ETag"));
        Assert.Equal("2", (string?)MetaOf(answer.Json)["versionId"]);
    }

    [Fact]
    public async Task Labels_that_are_there_already_are_not_added_again_and_make_no_version()
    {
        string id = await StorePatientAsync(Labels("a"));

        JsonNode meta = MetaOf(await OkAsync(AddAsync(id, Labels("a", ",\"display\":\"other words\",\"version\":\"7\""))));

        Assert.Equal("1", (string?)meta["versionId"]);
        Assert.Single(Codes(meta, "tag"));
    }

    [Fact]
    public async Task A_label_of_another_system_is_another_label()
    {
        string id = await StorePatientAsync("""{"tag":[{"system":"http://one","code":"x"}]}""");

        JsonNode meta = MetaOf(await OkAsync(AddAsync(id, """{"tag":[{"system":"http://two","code":"x"},{"code":"x"}]}""")));

        Assert.Equal(["x", "x", "x"], Codes(meta, "tag"));
    }

    [Fact]
    public async Task Labels_are_found_by_search_once_added()
    {
        string id = await StorePatientAsync();
        await OkAsync(AddAsync(id, $$"""{"tag":[{"system":"http://found","code":"{{id}}"}]}"""));

        Assert.Equal([id], await FindAsync($"Patient?_tag=http://found|{id}"));
    }

    [Fact]
    public async Task Deleted_labels_are_gone_whatever_their_display()
    {
        string id = await StorePatientAsync(Labels("a", ",\"display\":\"words\""));

        JsonNode meta = MetaOf(await OkAsync(TakeOffAsync(id, """{"tag":[{"system":"http://t","code":"tag-a"}]}""")));

        Assert.Null(meta["tag"]);
        Assert.Equal(["sec-a"], Codes(meta, "security"));
    }

    [Fact]
    public async Task Deleting_labels_that_are_not_there_is_no_error_and_makes_no_version()
    {
        string id = await StorePatientAsync(Labels("a"));

        JsonNode meta = MetaOf(await OkAsync(TakeOffAsync(id, Labels("b"))));

        Assert.Equal("1", (string?)meta["versionId"]);
        Assert.Equal(["tag-a"], Codes(meta, "tag"));
    }

    [Fact]
    public async Task Deleting_a_profile_goes_by_its_whole_url()
    {
        string id = await StorePatientAsync($$"""{"profile":["{{Profile}}","{{Profile}}|4.0.1"]}""");

        JsonNode meta = MetaOf(await OkAsync(TakeOffAsync(id, $$"""{"profile":["{{Profile}}"]}""")));

        Assert.Equal([Profile + "|4.0.1"], ((JsonArray)meta["profile"]!).Select(profile => (string)profile!));
    }

    [Fact]
    public async Task Ids_and_dates_in_the_given_meta_are_not_taken_over()
    {
        string id = await StorePatientAsync();

        JsonNode meta = MetaOf(await OkAsync(AddAsync(id, """{"versionId":"77","lastUpdated":"2001-01-01T00:00:00Z","source":"urn:other","tag":[{"code":"y"}]}""")));

        Assert.Equal("2", (string?)meta["versionId"]);
        Assert.DoesNotContain("2001", (string)meta["lastUpdated"]!, StringComparison.Ordinal);
        Assert.Null(meta["source"]);
    }

    [Fact]
    public async Task A_profile_that_the_resource_does_not_meet_cannot_be_claimed()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"} }""");

        await RefusedAsync(
            PostAsync($"Observation/{id}/$meta-add", Parameters(Parameter("meta", "valueMeta", """{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]}"""))),
            HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData("W/\"1\"", HttpStatusCode.OK)]
    [InlineData("W/\"2\"", HttpStatusCode.PreconditionFailed)]
    public async Task If_Match_is_heeded(string tag, HttpStatusCode status)
    {
        string id = await StorePatientAsync();

        Assert.Equal(status, (await AddAsync(id, Labels("a"), ("If-Match", tag))).Status);
    }

    [Theory]
    [InlineData("$meta-add")]
    [InlineData("$meta-delete")]
    public async Task Labels_change_by_POST_on_a_resource_only(string operation)
    {
        string id = await StorePatientAsync(Labels("a"));
        string body = Parameters(Parameter("meta", "valueMeta", Labels("b")));

        Assert.NotEqual(HttpStatusCode.OK, (await GetAsync($"Patient/{id}/{operation}")).Status);
        await RefusedAsync(PostAsync($"Patient/{operation}", body), HttpStatusCode.NotFound);
        await RefusedAsync(PostAsync(operation, body), HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"resourceType":"Parameters"}""", "required")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"meta","valueString":"x"}]}""", "value")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"mete","valueMeta":{"tag":[{"code":"x"}]}}]}""", "not-supported")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"other","valueString":"x"}]}""", "not-supported")]
    [InlineData("""{"resourceType":"Patient"}""", "invalid")]
    public async Task Wrong_parameters_are_refused(string body, string code)
    {
        string id = await StorePatientAsync();

        await RefusedAsync(PostAsync($"Patient/{id}/$meta-add", body), HttpStatusCode.BadRequest, code);
    }

    [Theory]
    [InlineData("$meta")]
    [InlineData("$meta-add")]
    public async Task An_absent_resource_is_not_found(string operation) =>
        await RefusedAsync(
            PostAsync($"Patient/{Unique()}/{operation}", Parameters(operation == "$meta" ? [] : [Parameter("meta", "valueMeta", Labels("a"))])),
            HttpStatusCode.NotFound,
            "not-found");

    [Fact]
    public async Task A_deleted_resource_is_gone()
    {
        string id = await StorePatientAsync();
        await RemoveAsync("Patient", id);

        await RefusedAsync(GetAsync($"Patient/{id}/$meta"), HttpStatusCode.Gone, "deleted");
    }

    [Fact]
    public async Task Parallel_additions_are_all_kept()
    {
        string id = await StorePatientAsync();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(number => OkAsync(AddAsync(id, $$"""{"tag":[{"code":"n{{number}}"}]}"""))));

        Assert.Equal(["n0", "n1", "n2", "n3", "n4"], Codes(MetaOf(await OkAsync(GetAsync($"Patient/{id}/$meta"))), "tag").Order());
    }

    [Fact]
    public async Task Unknown_parameters_are_refused()
    {
        string id = await StorePatientAsync();

        await RefusedAsync(GetAsync($"Patient/{id}/$meta?whatever=1"), HttpStatusCode.BadRequest, "not-supported");
    }

    [Fact]
    public async Task That_there_are_no_labels_is_said_in_valid_FHIR()
    {
        Answer answer = await GetAsync("SubstanceNucleicAcid/$meta");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(HealthChain.Fhir.Model.FhirJson.Read(System.Text.Encoding.UTF8.GetBytes(answer.Body)).IsOk, answer.Body);
        Assert.Single(All(answer.Json, "return"));
    }
}
