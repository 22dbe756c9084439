using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>An access record is read like any resource, and nobody can change it.</summary>
public sealed class AuditEventReadTests(QuietServerFixture server) : AuditEventTest(server)
{
    [Fact]
    public async Task A_record_is_read_as_an_AuditEvent()
    {
        (string patient, _) = await PatientAsync();
        (string observation, long sequence) = await ObservationAsync(patient);
        string id = await Server.RecordAsync(Reading($"Observation/{observation}"), [patient], sequence);

        Answer answer = await GetAsync($"AuditEvent/{id}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.NotNull(answer.Header("Last-Modified"));
        Assert.Equal(id, (string)answer.Json["id"]!);
        Assert.EndsWith("IHE.BasicAudit.PatientRead", (string)answer.Json["meta"]!["profile"]![0]!, StringComparison.Ordinal);
        string[] entities = [.. ((JsonArray)answer.Json["entity"]!).Select(entity => (string?)entity!["what"]!["reference"]).OfType<string>()];
        Assert.Equal([$"Patient/{patient}", $"Observation/{observation}/_history/1"], entities);
    }

    [Fact]
    public async Task It_has_one_version()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);

        string current = (await GetAsync($"AuditEvent/{id}")).Body;
        Assert.Equal(current, (await GetAsync($"AuditEvent/{id}/_history/1")).Body);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"AuditEvent/{id}/_history/2")).Status);
        Assert.Equal(HttpStatusCode.NotModified, (await GetAsync($"AuditEvent/{id}", ("If-None-Match", "W/\"1\""))).Status);

        Answer history = await GetAsync($"AuditEvent/{id}/_history");
        Assert.Equal(1, (int)history.Json["total"]!);
        JsonNode entry = Assert.Single((JsonArray)history.Json["entry"]!)!;
        Assert.Equal(id, (string)entry["resource"]!["id"]!);
        Assert.Equal("POST", (string)entry["request"]!["method"]!);
    }

    [Theory]
    [InlineData("log-999999999")]
    [InlineData("log-0")]
    [InlineData("log-01")]
    [InlineData("log--1")]
    [InlineData("log-")]
    [InlineData("log-99999999999999999999")]
    public async Task There_are_no_others(string id)
    {
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"AuditEvent/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"AuditEvent/{id}/_history")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"AuditEvent/{id}/_history/1/$receipt")).Status);
    }

    [Fact]
    public async Task A_version_of_a_resource_is_no_record()
    {
        (_, long sequence) = await PatientAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"AuditEvent/log-{sequence}")).Status);
    }

    [Fact]
    public async Task Nobody_can_change_it()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);
        string before = (await GetAsync($"AuditEvent/{id}")).Body;

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PutAsync($"AuditEvent/{id}", before)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await DeleteAsync($"AuditEvent/{id}")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PatchAsync($"AuditEvent/{id}", """[{"op":"remove","path":"/action"}]""", "application/json-patch+json")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await DeleteAsync($"AuditEvent?_id={id}")).Status);
        Answer transaction = await PostAsync("", $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"AuditEvent/{{{id}}}"}}]}""");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, transaction.Status);

        Assert.Equal(before, (await GetAsync($"AuditEvent/{id}")).Body);
    }

    [Fact]
    public async Task A_client_cannot_take_the_id_of_a_record_to_come()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);
        string next = "log-" + (long.Parse(id["log-".Length..]) + 1000);

        Answer answer = await PutAsync(
            $"AuditEvent/{next}",
            $$$"""{"source":{"observer":{"display":"x"}},"resourceType":"AuditEvent","id":"{{{next}}}","type":{"code":"x"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}]}""");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
    }

    [Fact]
    public async Task A_selection_of_elements_is_given()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);

        JsonNode answer = (await GetAsync($"AuditEvent/{id}?_elements=recorded")).Json;

        Assert.NotNull(answer["recorded"]);
        Assert.Null(answer["entity"]);
        Assert.NotNull((await GetAsync($"AuditEvent/{id}?_summary=true")).Json["recorded"]);
    }

    [Fact]
    public async Task It_is_written_as_XML_too()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);

        Answer answer = await GetAsync($"AuditEvent/{id}?_format=xml");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.StartsWith("<AuditEvent xmlns=\"http://hl7.org/fhir\">", answer.Body[answer.Body.IndexOf("<AuditEvent", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_read_through_GraphQL()
    {
        string id = await Server.RecordAsync(Reading("Practitioner/1"), []);

        Answer one = await GetAsync($"$graphql?query={{AuditEvent(id:\"{id}\"){{action outcome}}}}");
        Answer list = await GetAsync($"$graphql?query={{AuditEventList(_id:\"{id}\"){{action}}}}");
        Answer connection = await GetAsync($"$graphql?query={{AuditEventConnection(_id:\"{id}\"){{count edges{{resource{{action}}}}}}}}");

        Assert.Equal("""{"data":{"AuditEvent":{"action":"R","outcome":"0"}}}""", one.Body);
        Assert.Equal("""{"data":{"AuditEventList":[{"action":"R"}]}}""", list.Body);
        Assert.Equal("""{"data":{"AuditEventConnection":{"count":1,"edges":[{"resource":{"action":"R"}}]}}}""", connection.Body);
    }
}
