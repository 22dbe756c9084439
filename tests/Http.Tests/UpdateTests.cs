using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#update</summary>
public sealed class UpdateTests(FhirServerFixture server) : FhirTest(server)
{
    [Fact]
    public async Task An_update_makes_the_next_version()
    {
        string id = await CreateAsync(Samples.Patient(family: "Before"));

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id, family: "After"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("W/\"2\"", answer.Header("ETag"));
        Assert.NotNull(answer.Header("Last-Modified"));
        Assert.Equal("2", (string?)answer.Json["meta"]!["versionId"]);
        Assert.Equal("After", (string?)(await GetAsync("Patient/" + id)).Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task The_versions_before_stay_readable()
    {
        string id = await CreateAsync(Samples.Patient(family: "One"));
        await PutAsync("Patient/" + id, Samples.Patient(id, family: "Two"));
        await PutAsync("Patient/" + id, Samples.Patient(id, family: "Three"));

        Assert.Equal("One", (string?)(await GetAsync($"Patient/{id}/_history/1")).Json["name"]![0]!["family"]);
        Assert.Equal("Two", (string?)(await GetAsync($"Patient/{id}/_history/2")).Json["name"]![0]!["family"]);
        Assert.Equal("Three", (string?)(await GetAsync($"Patient/{id}/_history/3")).Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task An_update_replaces_the_whole_resource()
    {
        string id = await CreateAsync(Samples.Patient(more: "\"gender\":\"female\""));

        await PutAsync("Patient/" + id, $"{{\"resourceType\":\"Patient\",\"id\":\"{id}\",\"active\":true}}");

        JsonNode read = (await GetAsync("Patient/" + id)).Json;
        Assert.Null(read["name"]);
        Assert.Null(read["gender"]);
        Assert.True((bool)read["active"]!);
    }

    [Fact]
    public async Task An_update_of_an_absent_resource_creates_it_under_the_client_s_id()
    {
        string id = Unique("mine");

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal($"{Base}Patient/{id}/_history/1", answer.Header("Location"));
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.Equal(id, (string?)(await GetAsync("Patient/" + id)).Json["id"]);
    }

    [Fact]
    public async Task A_body_without_an_id_is_400()
    {
        Answer answer = await PutAsync("Patient/" + Unique(), Samples.Patient());

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_body_with_another_id_is_400_and_changes_nothing()
    {
        string id = await CreateAsync(Samples.Patient());
        string other = Unique();

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(other));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + other)).Status);
    }

    [Fact]
    public async Task Ids_are_told_apart_by_case()
    {
        string id = Unique("CASE");

        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("Patient/" + id, Samples.Patient(id.ToLowerInvariant()))).Status);
    }

    [Fact]
    public async Task A_body_of_another_type_is_400()
    {
        string id = Unique();

        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("Observation/" + id, Samples.Patient(id))).Status);
    }

    [Theory]
    [InlineData("has space")]
    [InlineData("under_score")]
    [InlineData("a-very-long-id-a-very-long-id-a-very-long-id-a-very-long-id-a-very-lo")]
    [InlineData("ümlaut")]
    public async Task An_id_that_is_none_is_refused(string id)
    {
        Answer answer = await PutAsync("Patient/" + Uri.EscapeDataString(id), Samples.Patient(id));

        Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, answer.Body);
    }

    [Theory]
    [InlineData("A")]
    [InlineData("0")]
    [InlineData("a.b-C.9")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public async Task Every_legal_id_works(string id)
    {
        // Other tests do not use Linkage, so that these short ids are this test's alone.
        string body = $"{{\"resourceType\":\"Linkage\",\"id\":\"{id}\",\"item\":[{{\"type\":\"source\",\"resource\":{{\"reference\":\"Patient/1\"}}}},{{\"type\":\"alternate\",\"resource\":{{\"reference\":\"Patient/2\"}}}}]}}";

        Answer answer = await PutAsync("Linkage/" + id, body);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(id, (string?)(await GetAsync("Linkage/" + id)).Json["id"]);
    }

    [Fact]
    public async Task Version_and_time_of_the_body_are_ignored()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id, more: "\"meta\":{\"versionId\":\"9\",\"lastUpdated\":\"2001-01-01T00:00:00Z\"}"));

        Assert.Equal("2", (string?)answer.Json["meta"]!["versionId"]);
        Assert.DoesNotContain("2001", (string)answer.Json["meta"]!["lastUpdated"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_read_can_be_written_back()
    {
        string id = await CreateAsync(Samples.Patient());
        string read = (await GetAsync("Patient/" + id)).Body;

        Answer answer = await PutAsync("Patient/" + id, read);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("2", (string?)answer.Json["meta"]!["versionId"]);
    }

    [Fact]
    public async Task Time_does_not_go_backwards_from_version_to_version()
    {
        string id = await CreateAsync(Samples.Patient());
        string first = (string)(await GetAsync("Patient/" + id)).Json["meta"]!["lastUpdated"]!;

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id));

        Assert.True(string.CompareOrdinal((string)answer.Json["meta"]!["lastUpdated"]!, first) >= 0);
    }

    [Fact]
    public async Task A_deleted_resource_comes_back()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id, family: "Again"));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("W/\"3\"", answer.Header("ETag"));
        Assert.Equal("Again", (string?)(await GetAsync("Patient/" + id)).Json["name"]![0]!["family"]);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync($"Patient/{id}/_history/2")).Status);
    }

    [Fact]
    public async Task An_invalid_update_leaves_the_resource_as_it_was()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id, more: "\"gender\":\"x\""));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task XML_updates_too()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync(
            "Patient/" + id, $"<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"{id}\"/><active value=\"false\"/></Patient>", ("Content-Type", "application/fhir+xml"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.False((bool)(await GetAsync("Patient/" + id)).Json["active"]!);
    }

    [Fact]
    public async Task The_same_id_may_be_used_by_different_types()
    {
        string id = Unique();

        Assert.Equal(HttpStatusCode.Created, (await PutAsync("Patient/" + id, Samples.Patient(id))).Status);
        Assert.Equal(HttpStatusCode.Created, (await PutAsync("Observation/" + id, Samples.Observation("Patient/" + id, id))).Status);
    }

    [Fact]
    public async Task PUT_to_a_version_is_405()
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PutAsync($"Patient/{id}/_history/1", Samples.Patient(id))).Status);
    }

    [Fact]
    public async Task PUT_to_a_type_without_criteria_is_400()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("Patient", Samples.Patient(Unique()))).Status);
    }

    [Theory]
    [InlineData("a_b")]
    [InlineData("a%20b")]
    [InlineData("a%C3%A9")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task An_id_that_no_resource_can_have_is_refused(string id)
    {
        Answer answer = await PutAsync("Patient/" + id, Samples.Patient("a"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["value"], answer.IssueCodes);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_resource_that_no_url_could_lead_to_cannot_be_made_in_a_bundle_either(string id)
    {
        Answer answer = await PostAsync("", Samples.Batch(Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id))));

        Assert.StartsWith("404", (string?)answer.Json["entry"]![0]!["response"]!["status"], StringComparison.Ordinal);
    }
}

/// <summary>A server that gives all ids itself: "405 Method Not allowed - the resource did not exist prior to the update, and the server does not allow client defined ids".</summary>
public sealed class WithoutClientIdsTests : IAsyncLifetime
{
    private readonly FhirServerFixture _server = new(new() { Development = true, ClientIds = false });

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_update_of_an_absent_resource_is_405()
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Put, "Patient/mine", Samples.Patient("mine"));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task A_conditional_update_without_match_is_405_when_the_body_has_an_id()
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Put, "Patient?identifier=nobody", Samples.Patient("mine"));

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task Resources_that_are_or_were_there_can_be_updated()
    {
        using HttpResponseMessage created = await SendAsync(HttpMethod.Post, "Patient", Samples.Patient());
        string id = (string)JsonNode.Parse(await created.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["id"]!;

        using HttpResponseMessage updated = await SendAsync(HttpMethod.Put, "Patient/" + id, Samples.Patient(id));
        using HttpResponseMessage deleted = await SendAsync(HttpMethod.Delete, "Patient/" + id, "");
        using HttpResponseMessage restored = await SendAsync(HttpMethod.Put, "Patient/" + id, Samples.Patient(id));

        Assert.Equal(HttpStatusCode.OK, updated.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.Created, restored.StatusCode);
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string json)
    {
        var request = new HttpRequestMessage(method, new Uri(_server.Base, path)) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/fhir+json") };
        return _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
