using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#summary, #elements and #total</summary>
public sealed class SummaryTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{p}","meta":{"tag":[{"code":"mine"}]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Hi</div>"},"extension":[{"url":"http://x.org/e","valueString":"x"}],"identifier":[{"value":"1"}],"active":true,"name":[{"family":"Doe","_family":{"extension":[{"url":"http://x.org/e","valueString":"y"}]}}],"gender":"male","_gender":{"id":"g"},"birthDate":"1980","maritalStatus":{"text":"m"},"contact":[{"name":{"family":"C"}}],"photo":[{"contentType":"image/png","data":"aGk="}]}""",
        """{"resourceType":"Observation","id":"{o}","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Hi</div>"},"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{p}"},"valueSampledData":{"origin":{"value":0},"period":10,"dimensions":1,"data":"1 2"},"note":[{"text":"n"}],"component":[{"code":{"text":"c"},"valueString":"v"}]}""",
    ];

    private async Task<JsonNode> OneAsync(string search) => Assert.Single((await SearchAsync(search)).Entries("match"));

    private static string[] Members(JsonNode resource) => [.. ((JsonObject)resource).Select(member => member.Key).Order(StringComparer.Ordinal)];

    private static bool IsMarked(JsonNode resource) =>
        ((JsonArray?)resource["meta"]!["tag"])?.Any(tag =>
            (string?)tag!["code"] == "SUBSETTED" && (string?)tag["system"] == "http://terminology.hl7.org/CodeSystem/v3-ObservationValue") == true;

    [Fact]
    public async Task A_summary_has_the_summary_elements_alone()
    {
        JsonNode patient = await OneAsync("Patient?_summary=true");

        Assert.Equal(["_gender", "active", "birthDate", "gender", "id", "identifier", "meta", "name", "resourceType"], Members(patient));
        Assert.True(IsMarked(patient));
        Assert.Contains("mine", patient["meta"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Elements_within_are_chosen_too_in_a_summary()
    {
        JsonNode observation = await OneAsync("Observation?_summary=true");

        Assert.Equal(["code", "component", "id", "meta", "resourceType", "status", "subject", "valueSampledData"], Members(observation));
        Assert.Equal(["dimensions", "origin", "period"], Members(observation["valueSampledData"]!));
    }

    [Fact]
    public async Task The_text_summary_has_narrative_id_meta_and_what_is_mandatory()
    {
        JsonNode patient = await OneAsync("Patient?_summary=text");
        JsonNode observation = await OneAsync("Observation?_summary=text");

        Assert.Equal(["id", "meta", "resourceType", "text"], Members(patient));
        Assert.Equal(["code", "id", "meta", "resourceType", "status", "text"], Members(observation));
        Assert.True(IsMarked(patient));
    }

    [Fact]
    public async Task The_data_summary_is_everything_but_the_narrative()
    {
        JsonNode patient = await OneAsync("Patient?_summary=data");

        Assert.DoesNotContain("text", Members(patient));
        Assert.Contains("contact", Members(patient));
        Assert.Contains("photo", Members(patient));
        Assert.True(IsMarked(patient));
    }

    [Fact]
    public async Task No_summary_is_the_whole_resource_without_a_mark()
    {
        JsonNode patient = await OneAsync("Patient?_summary=false");

        Assert.Contains("contact", Members(patient));
        Assert.False(IsMarked(patient));
    }

    [Theory]
    [InlineData("Patient?_summary=count")]
    [InlineData("Patient?_count=0")]
    [InlineData("Patient?_summary=count&_include=Patient:organization&_sort=family")]
    [InlineData("Patient?_count=0&_total=none")]
    public async Task A_count_has_a_total_and_no_entries(string search)
    {
        Answer answer = await SearchAsync(search);

        Assert.Equal(1, (int)answer.Json["total"]!);
        Assert.Null(answer.Json["entry"]);
        Assert.Null(PagingTests.Link(answer, "next"));
    }

    [Theory]
    [InlineData("Patient?_summary=maybe")]
    [InlineData("Patient?_summary=true&_summary=text")]
    [InlineData("Patient/x?_summary=count")]
    [InlineData("Patient/x?_summary=1")]
    [InlineData("Patient?_total=sometimes")]
    public Task A_faulty_word_is_refused(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("name", "id meta name resourceType")]
    [InlineData("id,birthDate", "birthDate id meta resourceType")]
    [InlineData("gender", "_gender gender id meta resourceType")]
    [InlineData("name,contact", "contact id meta name resourceType")]
    [InlineData("photo", "id meta photo resourceType")]
    public async Task Elements_are_those_asked_for_with_id_and_meta(string elements, string members)
    {
        JsonNode patient = await OneAsync($"Patient?_elements={elements}");

        Assert.Equal(Words(members).Order(StringComparer.Ordinal), Members(patient));
        Assert.True(IsMarked(patient));
    }

    [Theory]
    [InlineData("subject", "code id meta resourceType status subject")]
    [InlineData("value", "code id meta resourceType status valueSampledData")]
    public async Task Mandatory_elements_are_never_left_out(string elements, string members)
    {
        JsonNode observation = await OneAsync($"Observation?_elements={elements}");

        Assert.Equal(Words(members), Members(observation));
    }

    [Fact]
    public async Task An_unknown_element_is_reported()
    {
        Answer answer = await SearchAsync("Patient?_elements=name,nothing");

        Assert.Contains("nothing", Assert.Single(answer.Entries("outcome")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync("Patient?_elements=nothing", ("Prefer", "handling=strict"))).Status);
    }

    [Fact]
    public async Task Included_resources_keep_their_elements_and_follow_the_summary()
    {
        Answer elements = await SearchAsync("Observation?_elements=subject&_include=Observation:subject");
        Answer summary = await SearchAsync("Observation?_summary=true&_include=Observation:subject");

        Assert.Contains("contact", Members(Assert.Single(elements.Entries("include"))));
        Assert.DoesNotContain("contact", Members(Assert.Single(summary.Entries("include"))));
    }

    [Theory]
    [InlineData("?_summary=true", "_gender active birthDate gender id identifier meta name resourceType")]
    [InlineData("?_elements=birthDate", "birthDate id meta resourceType")]
    [InlineData("/_history/1?_summary=text", "id meta resourceType text")]
    public async Task A_read_can_be_a_part_too(string query, string members)
    {
        Answer answer = await GetAsync(Fill("Patient/{p}") + query);

        Assert.Equal(Words(members).Order(StringComparer.Ordinal), Members(answer.Json));
        Assert.True(IsMarked(answer.Json));
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
    }

    [Fact]
    public async Task A_history_can_be_of_parts_too()
    {
        Answer answer = await GetAsync(Fill("Patient/{p}/_history?_elements=birthDate"));

        Assert.Equal(["birthDate", "id", "meta", "resourceType"], Members(answer.Json["entry"]![0]!["resource"]!));
    }

    [Fact]
    public async Task An_unknown_element_of_a_read_is_refused() => await RefusedAsync("Patient/{p}?_elements=nothing");

    [Theory]
    [InlineData("_total=accurate", 1)]
    [InlineData("_total=estimate", 1)]
    [InlineData("_total=none", null)]
    [InlineData("", 1)]
    public async Task The_total_is_as_asked_for(string query, int? total)
    {
        Answer answer = await SearchAsync($"Patient?{query}");

        Assert.Equal(total, (int?)answer.Json["total"]);
        Assert.Single(answer.Entries("match"));
    }

    [Fact]
    public async Task Parts_can_be_had_as_XML()
    {
        Answer answer = await GetAsync(Fill("Patient/{p}?_summary=true&_format=xml"));

        Assert.Contains("SUBSETTED", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("contact", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("_summary=true&_summary=text", HttpStatusCode.BadRequest)]
    [InlineData("_summary=true&_summary=true", HttpStatusCode.OK)]
    public async Task A_summary_is_asked_for_in_one_way(string query, HttpStatusCode status)
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(status, (await GetAsync($"Patient/{id}?{query}")).Status);
    }
}
