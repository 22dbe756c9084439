using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#brules</summary>
public sealed class BatchTests(FhirServerFixture server) : FhirTest(server)
{
    private Task<Answer> BatchAsync(params string[] entries) => PostAsync("", Samples.Batch(entries));

    [Fact]
    public async Task Every_entry_is_answered_in_its_place()
    {
        string id = await CreateAsync(Samples.Patient());
        string updated = await CreateAsync(Samples.Patient());
        string deleted = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(
            Samples.Entry("GET", "Patient/" + id),
            Samples.Entry("POST", "Patient", Samples.Patient()),
            Samples.Entry("DELETE", "Patient/" + deleted),
            Samples.Entry("GET", "Patient/" + Unique()),
            Samples.Entry("PUT", "Patient/" + updated, Samples.Patient(updated)));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("Bundle", (string?)answer.Json["resourceType"]);
        Assert.Equal("batch-response", (string?)answer.Json["type"]);
        Assert.Equal(["200", "201", "204", "404", "200"], answer.EntryStatuses());
        Assert.Equal(id, (string?)answer.Json["entry"]![0]!["resource"]!["id"]);
    }

    [Fact]
    public async Task A_failed_entry_says_why_and_harms_no_other()
    {
        Answer answer = await BatchAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(more: "\"gender\":\"x\"")),
            Samples.Entry("POST", "Patient", Samples.Patient()));

        Assert.Equal(["400", "201"], answer.EntryStatuses());
        JsonNode outcome = answer.Responses()[0]["outcome"]!;
        Assert.Equal("OperationOutcome", (string?)outcome["resourceType"]);
        Assert.Equal("Bundle.entry[0].resource.gender", (string?)outcome["issue"]![0]!["expression"]![0]);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(answer.KeyOfEntry(1))).Status);
    }

    [Fact]
    public async Task An_entry_whose_resource_is_no_FHIR_harms_no_other()
    {
        Answer answer = await BatchAsync(
            Samples.Entry("POST", "Patient", "{\"resourceType\":\"Patient\",\"nonsense\":1}"),
            Samples.Entry("POST", "Patient", Samples.Patient()),
            Samples.Entry("POST", "Nonsense", Samples.Patient()),
            Samples.Entry("POST", "Patient", Samples.Observation("Patient/1")));

        Assert.Equal(["400", "201", "404", "400"], answer.EntryStatuses());
    }

    [Fact]
    public async Task What_was_written_is_described()
    {
        Answer answer = await BatchAsync(Samples.Entry("POST", "Patient", Samples.Patient()));

        JsonNode response = answer.Responses()[0];
        Assert.Equal("201 Created", (string?)response["status"]);
        Assert.Equal("W/\"1\"", (string?)response["etag"]);
        Assert.Matches("Patient/[^/]+/_history/1$", (string)response["location"]!);
        Assert.Equal(
            (string?)(await GetAsync(answer.KeyOfEntry(0))).Json["meta"]!["lastUpdated"],
            (string?)response["lastModified"]);
    }

    [Theory]
    [InlineData("return=minimal", false, false)]
    [InlineData("return=representation", true, false)]
    [InlineData("return=OperationOutcome", false, true)]
    public async Task Prefer_holds_for_the_entries(string preference, bool hasResource, bool hasOutcome)
    {
        Answer answer = await PostAsync("", Samples.Batch(Samples.Entry("POST", "Patient", Samples.Patient())), ("Prefer", preference));

        Assert.Equal(hasResource, answer.Json["entry"]![0]!["resource"] is not null);
        Assert.Equal(hasOutcome, answer.Responses()[0]["outcome"] is not null);
    }

    [Fact]
    public async Task Searches_are_answered_with_bundles()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await BatchAsync(Samples.Entry("GET", $"Patient?identifier={identifier}"));

        JsonNode bundle = answer.Json["entry"]![0]!["resource"]!;
        Assert.Equal("searchset", (string?)bundle["type"]);
        Assert.Equal(id, (string?)bundle["entry"]![0]!["resource"]!["id"]);
    }

    [Fact]
    public async Task Histories_versions_and_metadata_can_be_read()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(
            Samples.Entry("GET", $"Patient/{id}/_history"), Samples.Entry("GET", $"Patient/{id}/_history/1"), Samples.Entry("GET", "metadata"));

        Assert.Equal(["200", "200", "200"], answer.EntryStatuses());
        Assert.Equal("history", (string?)answer.Json["entry"]![0]!["resource"]!["type"]);
        Assert.Equal("CapabilityStatement", (string?)answer.Json["entry"]![2]!["resource"]!["resourceType"]);
    }

    [Fact]
    public async Task Operations_can_be_called()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(
            Samples.Entry("POST", "Patient/$validate", Samples.Patient()),
            Samples.Entry("POST", "Patient/$validate", Samples.Patient(more: "\"gender\":\"x\"")),
            Samples.Entry("GET", $"Patient/{id}/$everything"),
            Samples.Entry("POST", "Patient/$nonsense", Samples.Patient()));

        Assert.Equal(["200", "200", "200", "404"], answer.EntryStatuses());
        JsonNode outcome = answer.Json["entry"]![1]!["resource"]!;
        Assert.Equal("OperationOutcome", (string?)outcome["resourceType"]);
        Assert.Equal("Patient.gender", (string?)outcome["issue"]![0]!["expression"]![0]);
        Assert.Equal("Bundle", (string?)answer.Json["entry"]![2]!["resource"]!["resourceType"]);
    }

    [Fact]
    public async Task HEAD_gives_what_GET_gives_but_the_resource()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(Samples.Entry("HEAD", "Patient/" + id));

        Assert.Equal(["200"], answer.EntryStatuses());
        Assert.Equal("W/\"1\"", (string?)answer.Responses()[0]["etag"]);
        Assert.Null(answer.Json["entry"]![0]!["resource"]);
    }

    [Fact]
    public async Task Conditional_reads_tell_what_has_not_changed()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(
            Samples.Entry("GET", "Patient/" + id, conditions: "\"ifNoneMatch\":\"W/\\\"1\\\"\""),
            Samples.Entry("GET", "Patient/" + id, conditions: "\"ifNoneMatch\":\"W/\\\"7\\\"\""),
            Samples.Entry("GET", "Patient/" + id, conditions: "\"ifModifiedSince\":\"2999-01-01T00:00:00Z\""));

        Assert.Equal(["304", "200", "304"], answer.EntryStatuses());
    }

    [Fact]
    public async Task Conditions_of_writes_hold_for_their_entry()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await BatchAsync(
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id, identifier), conditions: "\"ifMatch\":\"W/\\\"9\\\"\""),
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), conditions: $"\"ifNoneExist\":\"identifier={identifier}\""));

        Assert.Equal(["412", "200"], answer.EntryStatuses());
        Assert.Equal("Patient/" + id, answer.KeyOfEntry(1));
    }

    [Fact]
    public async Task Patches_come_as_Parameters_or_in_a_Binary()
    {
        string id = await CreateAsync(Samples.Patient());
        string other = await CreateAsync(Samples.Patient());
        string patch = Convert.ToBase64String("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]"u8);

        Answer answer = await BatchAsync(
            Samples.Entry("PATCH", "Patient/" + id, $"{{\"resourceType\":\"Binary\",\"contentType\":\"application/json-patch+json\",\"data\":\"{patch}\"}}"),
            Samples.Entry("PATCH", "Patient/" + other, "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\",\"valueCode\":\"add\"},{\"name\":\"path\",\"valueString\":\"Patient\"},{\"name\":\"name\",\"valueString\":\"active\"},{\"name\":\"value\",\"valueBoolean\":true}]}]}"));

        Assert.Equal(["200", "200"], answer.EntryStatuses());
        Assert.True((bool)(await GetAsync("Patient/" + id)).Json["active"]!);
        Assert.True((bool)(await GetAsync("Patient/" + other)).Json["active"]!);
    }

    [Fact]
    public async Task Conditional_updates_patches_and_deletes_work_as_by_themselves()
    {
        string updated = Unique();
        string deleted = Unique();
        await CreateAsync(Samples.Patient(identifier: updated));
        await CreateAsync(Samples.Patient(identifier: deleted));

        Answer answer = await BatchAsync(
            Samples.Entry("PUT", "Patient?identifier=" + updated, Samples.Patient(identifier: updated)),
            Samples.Entry("DELETE", "Patient?identifier=" + deleted),
            Samples.Entry("PUT", "Patient?identifier=" + Unique(), Samples.Patient()));

        Assert.Equal(["200", "204", "201"], answer.EntryStatuses());
        Assert.Empty(await FindAsync("Patient?identifier=" + deleted));
    }

    [Fact]
    public async Task Reads_see_what_the_same_batch_writes()
    {
        string id = Unique();

        Answer answer = await BatchAsync(Samples.Entry("GET", "Patient/" + id), Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)));

        Assert.Equal(["200", "201"], answer.EntryStatuses());
    }

    [Fact]
    public async Task References_between_entries_of_a_batch_are_not_resolved()
    {
        const string Urn = "urn:uuid:0b1a2c3d-4e5f-4061-8293-a4b5c6d7e8f9";

        Answer answer = await BatchAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), Urn),
            Samples.Entry("POST", "Observation", Samples.Observation(Urn)));

        Assert.Equal(Urn, (string?)(await GetAsync(answer.KeyOfEntry(1))).Json["subject"]!["reference"]);
    }

    [Theory]
    [InlineData("/Patient")]
    [InlineData("Patient")]
    public async Task Urls_are_relative_to_the_base(string url)
    {
        Assert.Equal(["201"], (await BatchAsync(Samples.Entry("POST", url, Samples.Patient()))).EntryStatuses());
    }

    [Fact]
    public async Task An_absolute_url_must_be_of_this_server()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await BatchAsync(
            Samples.Entry("GET", $"{Base}Patient/{id}"), Samples.Entry("GET", $"http://elsewhere.example.com/fhir/Patient/{id}"));

        Assert.Equal(["200", "400"], answer.EntryStatuses());
    }

    [Fact]
    public async Task Entries_without_a_proper_request_are_400()
    {
        Answer answer = await BatchAsync(
            $"{{\"resource\":{Samples.Patient()}}}",
            Samples.Entry("POST", "Patient"),
            Samples.Entry("POST", "", Samples.Batch()).Replace("\"url\":\"\"", "\"url\":\"/\"", StringComparison.Ordinal));

        Assert.All(answer.EntryStatuses(), status => Assert.Equal("400", status));
    }

    [Fact]
    public async Task Methods_that_a_path_lacks_are_405()
    {
        Assert.Equal(["405", "405"], (await BatchAsync(Samples.Entry("DELETE", "metadata"), Samples.Entry("POST", "Patient/1", Samples.Patient()))).EntryStatuses());
    }

    [Theory]
    [InlineData("batch")]
    [InlineData("transaction")]
    public async Task An_empty_bundle_is_no_fault(string type)
    {
        Answer answer = await PostAsync("", Samples.Bundle(type));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(type + "-response", (string?)answer.Json["type"]);
        Assert.Empty(answer.Responses());
    }

    [Theory]
    [InlineData("collection")]
    [InlineData("searchset")]
    [InlineData("document")]
    [InlineData("nonsense")]
    public async Task Other_bundles_are_refused_at_the_base(string type)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("", Samples.Bundle(type))).Status);
    }

    [Fact]
    public async Task Other_resources_are_refused_at_the_base()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("", Samples.Patient())).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("", "{")).Status);
    }

    [Fact]
    public async Task A_batch_may_be_XML()
    {
        Answer answer = await PostAsync(
            "",
            "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"batch\"/><entry><resource><Patient><active value=\"true\"/></Patient></resource><request><method value=\"POST\"/><url value=\"Patient\"/></request></entry></Bundle>",
            ("Content-Type", "application/fhir+xml"));

        Assert.Equal(["201"], answer.EntryStatuses());
        Assert.True((bool)(await GetAsync(answer.KeyOfEntry(0))).Json["active"]!);
    }

    [Fact]
    public async Task Many_entries_are_all_answered()
    {
        string tag = Unique();

        Answer answer = await BatchAsync([.. Enumerable.Range(0, 200).Select(i => Samples.Entry("POST", "Patient", Samples.Patient(family: tag + "x" + i)))]);

        Assert.All(answer.EntryStatuses(), status => Assert.Equal("201", status));
        Answer last = await GetAsync(answer.KeyOfEntry(199));
        Assert.Equal(tag + "x199", (string?)last.Json["name"]![0]!["family"]);
    }

    [Theory]
    [InlineData("Patient/{id}")]
    [InlineData("Patient?_id={id}")]
    [InlineData("Patient/{id}/_history")]
    public async Task A_HEAD_has_the_status_of_a_GET_but_no_resource(string url)
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PostAsync("", Samples.Batch(Samples.Entry("HEAD", url.Replace("{id}", id, StringComparison.Ordinal))));

        Assert.Equal("200 OK", (string?)answer.Json["entry"]![0]!["response"]!["status"]);
        Assert.Null(answer.Json["entry"]![0]!["resource"]);
    }
}
