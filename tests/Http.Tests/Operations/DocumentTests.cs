using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/composition-operation-document.html</summary>
public sealed class DocumentTests(FhirServerFixture server) : OperationTest(server)
{
    private async Task<string> StoreReportAsync(string entry = "Observation/{r}-obs")
    {
        string run = Unique("d");
        foreach (string resource in new[]
        {
            """{"resourceType":"Patient","id":"{r}-p","managingOrganization":{"reference":"Organization/{r}-org"}}""",
            """{"resourceType":"Patient","id":"{r}-q"}""",
            """{"resourceType":"Organization","id":"{r}-org","name":"Clinic"}""",
            """{"resourceType":"Practitioner","id":"{r}-author"}""",
            """{"resourceType":"Practitioner","id":"{r}-performer"}""",
            """{"resourceType":"Observation","id":"{r}-obs","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{r}-p"},"focus":[{"reference":"Patient/{r}-q"}],"performer":[{"reference":"Practitioner/{r}-performer"}]}""",
            """{"resourceType":"Composition","id":"{r}-old","status":"final","type":{"text":"report"},"date":"2020","title":"Old","author":[{"reference":"Practitioner/{r}-author"}]}""",
            """
            {"resourceType":"Composition","id":"{r}","status":"final","type":{"text":"report"},"date":"2021","title":"Report","subject":{"reference":"Patient/{r}-p"},"author":[{"reference":"Practitioner/{r}-author"}],
             "custodian":{"reference":"Organization/{r}-org"},"relatesTo":[{"code":"replaces","targetReference":{"reference":"Composition/{r}-old"}}],
             "section":[{"title":"a","section":[{"title":"b","entry":[{"reference":"{entry}"}]}]}]}
            """,
        })
        {
            await StoreAsync(resource.Replace("{entry}", entry, StringComparison.Ordinal).Replace("{r}", run, StringComparison.Ordinal));
        }

        return run;
    }

    private static string[] Content(JsonNode bundle, string run)
    {
        Assert.Equal(("Bundle", "document"), ((string?)bundle["resourceType"], (string?)bundle["type"]));
        return [.. ((JsonArray)bundle["entry"]!).Select(entry => ((string)entry!["resource"]!["id"]!).Replace(run + "-", "", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task A_document_starts_with_its_composition_and_holds_what_that_refers_to()
    {
        string run = await StoreReportAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Composition/{run}/$document"));

        string[] content = Content(bundle, run);
        Assert.Equal(run, content[0]);
        Assert.Equal(new[] { "author", "obs", "org", "p", "performer" }, content.Skip(1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_document_is_a_valid_bundle()
    {
        string run = await StoreReportAsync();
        Answer document = await GetAsync($"Composition/{run}/$document");

        JsonNode outcome = await OkAsync(PostAsync("Bundle/$validate", document.Body));

        Assert.True(!((JsonArray)outcome["issue"]!).Any(issue => (string?)issue!["severity"] is "error" or "fatal"), outcome.ToJsonString());
        Assert.NotNull(document.Json["timestamp"]);
        Assert.Equal("urn:ietf:rfc:3986", (string?)document.Json["identifier"]!["system"]);
        Assert.StartsWith("urn:uuid:", (string?)document.Json["identifier"]!["value"], StringComparison.Ordinal);
        Assert.All((JsonArray)document.Json["entry"]!, entry => Assert.StartsWith(Base.ToString(), (string?)entry!["fullUrl"], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Composition/$document?id={0}")]
    [InlineData("Composition/$document?id=Composition/{0}")]
    [InlineData("Composition/$document?id={1}Composition/{0}")]
    public async Task On_the_type_the_id_says_which_composition(string path)
    {
        string run = await StoreReportAsync();

        Assert.Equal(run, Content(await OkAsync(GetAsync(string.Format(path, run, Base))), run)[0]);
    }

    [Fact]
    public async Task The_same_content_is_the_same_document_and_other_content_another()
    {
        string run = await StoreReportAsync();
        string first = (string)(await OkAsync(GetAsync($"Composition/{run}/$document")))["identifier"]!["value"]!;
        string again = (string)(await OkAsync(GetAsync($"Composition/{run}/$document")))["identifier"]!["value"]!;
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{run}}-p","active":true}""");
        string changed = (string)(await OkAsync(GetAsync($"Composition/{run}/$document")))["identifier"]!["value"]!;

        Assert.Equal(first, again);
        Assert.NotEqual(first, changed);
    }

    [Fact]
    public async Task A_document_is_stored_when_asked_for_and_only_once()
    {
        string run = await StoreReportAsync();

        Answer first = await GetAsync($"Composition/{run}/$document?persist=true");
        Answer again = await GetAsync($"Composition/{run}/$document?persist=true");
        JsonNode stored = await OkAsync(GetAsync(first.Header("Location")!));

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal($"{Base}Bundle/{(string?)first.Json["id"]}", first.Header("Location"));
        Assert.Equal(first.Header("Location"), again.Header("Location"));
        Assert.Equal("1", (string?)again.Json["meta"]!["versionId"]);
        Assert.Equal("document", (string?)stored["type"]);
    }

    [Fact]
    public async Task A_document_is_not_stored_otherwise()
    {
        string run = await StoreReportAsync();

        Answer answer = await GetAsync($"Composition/{run}/$document?persist=false");

        Assert.Null(answer.Json["id"]);
        Assert.Null(answer.Header("Location"));
    }

    [Theory]
    [InlineData("Observation/absent")]
    [InlineData("http://elsewhere.org/fhir/Observation/1")]
    [InlineData("urn:uuid:c757873d-ec9a-4326-a141-556f43239520")]
    public async Task A_reference_that_leads_nowhere_is_an_error(string entry)
    {
        string run = await StoreReportAsync(entry);

        await RefusedAsync(GetAsync($"Composition/{run}/$document"), HttpStatusCode.UnprocessableEntity, "incomplete");
    }

    [Theory]
    [InlineData("Composition/$document", HttpStatusCode.BadRequest)]
    [InlineData("Composition/{0}/$document?id={0}", HttpStatusCode.BadRequest)]
    [InlineData("Composition/absent/$document", HttpStatusCode.NotFound)]
    [InlineData("Composition/$document?id=absent", HttpStatusCode.NotFound)]
    [InlineData("Composition/$document?id=http://elsewhere.org/fhir/Composition/1", HttpStatusCode.BadRequest)]
    [InlineData("Composition/{0}/$document?graph=http://example.org/graph", HttpStatusCode.BadRequest)]
    [InlineData("Composition/{0}/$document?persist=perhaps", HttpStatusCode.BadRequest)]
    [InlineData("Composition/{0}/$document?colour=red", HttpStatusCode.BadRequest)]
    [InlineData("Patient/{0}-p/$document", HttpStatusCode.NotFound)]
    public async Task What_cannot_be_done_is_refused(string path, HttpStatusCode status)
    {
        string run = await StoreReportAsync();

        await RefusedAsync(GetAsync(string.Format(path, run)), status);
    }
}
