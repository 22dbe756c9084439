using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#history</summary>
public sealed class HistoryTests(FhirServerFixture server) : FhirTest(server)
{
    private static string Patient(string id, string family) => $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{family}}"}]}""";

    /// <summary>Created, updated, deleted.</summary>
    private async Task<string> StoreLifeAsync()
    {
        string id = Unique("hist");
        await StoreAsync(Patient(id, "One"));
        await StoreAsync(Patient(id, "Two"));
        await RemoveAsync("Patient", id);
        return id;
    }

    private static JsonNode[] Entries(Answer answer) => [.. ((JsonArray?)answer.Json["entry"] ?? []).Select(entry => entry!)];

    private static string Instant(DateTimeOffset instant) => Uri.EscapeDataString(instant.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));

    private static DateTimeOffset LastUpdated(JsonNode entry) =>
        DateTimeOffset.Parse((string)entry["response"]!["lastModified"]!, CultureInfo.InvariantCulture);

    /// <summary>When the first version was made: other tests write all the time, and what is looked for must be on the first page.</summary>
    private async Task<string> MadeAsync(string id) => Instant(LastUpdated(Entries(await GetAsync($"Patient/{id}/_history"))[^1]));

    [Fact]
    public async Task A_history_has_all_versions_newest_first()
    {
        string id = await StoreLifeAsync();

        Answer answer = await GetAsync($"Patient/{id}/_history");

        Assert.Equal("Bundle", (string?)answer.Json["resourceType"]);
        Assert.Equal("history", (string?)answer.Json["type"]);
        Assert.Equal(3, (int)answer.Json["total"]!);
        JsonNode[] entries = Entries(answer);
        Assert.Equal(["DELETE", "PUT", "PUT"], entries.Select(entry => (string?)entry["request"]!["method"]));
        Assert.Equal([$"Patient/{id}", $"Patient/{id}", $"Patient/{id}"], entries.Select(entry => (string?)entry["request"]!["url"]));
        Assert.Equal(["204 No Content", "200 OK", "201 Created"], entries.Select(entry => (string?)entry["response"]!["status"]));
        Assert.Equal(["W/\"3\"", "W/\"2\"", "W/\"1\""], entries.Select(entry => (string?)entry["response"]!["etag"]));
        Assert.All(entries, entry => Assert.Equal($"{Base}Patient/{id}", (string?)entry["fullUrl"]));
    }

    [Fact]
    public async Task A_create_stands_in_the_history_as_what_it_was()
    {
        string posted = await CreateAsync("""{"resourceType":"Patient"}""");
        string put = Unique();
        await PutAsync("Patient/" + put, $$"""{"resourceType":"Patient","id":"{{put}}"}""");

        JsonNode ofPost = Entries(await GetAsync($"Patient/{posted}/_history")).Single()["request"]!;
        JsonNode ofPut = Entries(await GetAsync($"Patient/{put}/_history")).Single()["request"]!;

        Assert.Equal(("POST", "Patient"), ((string?)ofPost["method"], (string?)ofPost["url"]));
        Assert.Equal(("PUT", "Patient/" + put), ((string?)ofPut["method"], (string?)ofPut["url"]));
    }

    [Fact]
    public async Task A_deletion_has_no_resource_and_the_others_have_that_of_their_version()
    {
        string id = await StoreLifeAsync();

        JsonNode[] entries = Entries(await GetAsync($"Patient/{id}/_history"));

        Assert.Null(entries[0]["resource"]);
        Assert.Equal("Two", (string?)entries[1]["resource"]!["name"]![0]!["family"]);
        Assert.Equal("2", (string?)entries[1]["resource"]!["meta"]!["versionId"]);
        Assert.Equal("One", (string?)entries[2]["resource"]!["name"]![0]!["family"]);
        Assert.Null(entries[1]["search"]);
    }

    [Fact]
    public async Task A_resource_that_came_back_was_put()
    {
        string id = await StoreLifeAsync();
        await StoreAsync(Patient(id, "Back"));

        JsonNode newest = Entries(await GetAsync($"Patient/{id}/_history"))[0];

        Assert.Equal("PUT", (string?)newest["request"]!["method"]);
        Assert.Equal("201 Created", (string?)newest["response"]!["status"]);
    }

    [Fact]
    public async Task The_history_of_what_never_existed_gives_404()
    {
        Answer answer = await GetAsync($"Patient/{Unique()}/_history");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal(["not-found"], answer.IssueCodes);
    }

    [Fact]
    public async Task The_history_of_a_type_has_that_type_alone()
    {
        string id = await StoreLifeAsync();

        Answer answer = await GetAsync($"Patient/_history?_count=1000&_since={await MadeAsync(id)}");

        Assert.All(Entries(answer), entry => Assert.Contains("/Patient/", (string)entry["fullUrl"]!, StringComparison.Ordinal));
        Assert.Equal(3, Entries(answer).Count(entry => ((string)entry["fullUrl"]!).EndsWith("/" + id, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_history_of_the_system_has_all_types()
    {
        string id = Unique("hist");
        await StoreAsync(Patient(id, "A"));
        await StoreAsync($$"""{"resourceType":"Organization","id":"{{id}}","name":"o"}""");

        string[] urls = [.. Entries(await GetAsync($"_history?_count=1000&_since={await MadeAsync(id)}")).Select(entry => (string)entry["fullUrl"]!)];

        Assert.Contains($"{Base}Patient/{id}", urls);
        Assert.Contains($"{Base}Organization/{id}", urls);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Pages_hold_each_version_once(int count)
    {
        string id = await StoreLifeAsync();
        var versions = new List<string>();
        string? next = $"Patient/{id}/_history?_count={count}";
        while (next is not null)
        {
            Answer page = await GetAsync(next);
            Assert.Equal(3, (int)page.Json["total"]!);
            versions.AddRange(Entries(page).Select(entry => (string)entry["response"]!["etag"]!));
            Assert.InRange(Entries(page).Length, 1, count);
            next = PagingTests.Link(page, "next");
        }

        Assert.Equal(["W/\"3\"", "W/\"2\"", "W/\"1\""], versions);
    }

    [Fact]
    public async Task What_is_written_meanwhile_moves_no_page()
    {
        string id = await StoreLifeAsync();
        Answer first = await GetAsync($"Patient/{id}/_history?_count=2");
        await StoreAsync(Patient(id, "New"));

        Answer second = await GetAsync(PagingTests.Link(first, "next")!);

        Assert.Equal(["W/\"1\""], Entries(second).Select(entry => (string?)entry["response"]!["etag"]));
    }

    [Fact]
    public async Task Since_leaves_out_what_is_older()
    {
        string id = await StoreLifeAsync();
        DateTimeOffset newest = LastUpdated(Entries(await GetAsync($"Patient/{id}/_history"))[0]);

        Assert.Contains("W/\"3\"", Entries(await GetAsync($"Patient/{id}/_history?_since={Instant(newest)}")).Select(entry => (string?)entry["response"]!["etag"]));
        Answer after = await GetAsync($"Patient/{id}/_history?_since={Instant(newest.AddMilliseconds(1))}");
        Assert.Equal(HttpStatusCode.OK, after.Status);
        Assert.Empty(Entries(after));
        Assert.Equal(0, (int)after.Json["total"]!);
        Assert.Equal(3, Entries(await GetAsync($"Patient/{id}/_history?_since=2001-01-01T00:00:00Z")).Length);
    }

    [Fact]
    public async Task At_gives_what_was_current_then()
    {
        string id = await StoreLifeAsync();
        JsonNode[] all = Entries(await GetAsync($"Patient/{id}/_history"));

        Assert.Empty(Entries(await GetAsync($"Patient/{id}/_history?_at=2001")));
        Assert.Equal(3, Entries(await GetAsync($"Patient/{id}/_history?_at={LastUpdated(all[0]):yyyy}")).Length);
        Assert.Equal("W/\"3\"", (string?)Assert.Single(Entries(await GetAsync($"Patient/{id}/_history?_at={Instant(LastUpdated(all[0]).AddHours(1))}")))["response"]!["etag"]);
    }

    [Fact]
    public async Task A_count_of_zero_gives_the_total()
    {
        string id = await StoreLifeAsync();

        Answer answer = await GetAsync($"Patient/{id}/_history?_count=0");

        Assert.Equal(3, (int)answer.Json["total"]!);
        Assert.Null(answer.Json["entry"]);
    }

    [Theory]
    [InlineData("_since=yesterday")]
    [InlineData("_at=1.1.2020")]
    [InlineData("_count=x")]
    [InlineData("_count=1&_count=2")]
    [InlineData("_sort=_lastUpdated")]
    [InlineData("name=x")]
    [InlineData("_cursor=x")]
    public async Task What_a_history_does_not_know_is_refused(string query)
    {
        Answer answer = await GetAsync($"Patient/_history?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(query[..query.IndexOf('=', StringComparison.Ordinal)], answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_self_link_says_what_was_asked()
    {
        string id = await StoreLifeAsync();

        Answer answer = await GetAsync($"Patient/{id}/_history?_count=5&_since=2001-01-01T00:00:00Z");

        Assert.Equal($"{Base}Patient/{id}/_history?_count=5&_since=2001-01-01T00:00:00Z", PagingTests.Link(answer, "self"));
    }

    [Fact]
    public async Task A_history_can_be_had_as_XML()
    {
        string id = await StoreLifeAsync();

        Answer answer = await GetAsync($"Patient/{id}/_history", ("Accept", "application/fhir+xml"));

        Assert.StartsWith("application/fhir+xml", answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains("<type value=\"history\"/>", answer.Body, StringComparison.Ordinal);
    }
}
