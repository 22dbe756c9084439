using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests.Access;

/// <summary>Scopes with different queries on one type: each entry of a bundle is judged by its own, before and after what it changes.</summary>
public sealed class GranularScopeTests : IAsyncLifetime
{
    private const string Token = "a-fixed-token-with-queries";

    private readonly FhirServerFixture _server = new(new ServerOptions
    {
        Validation = ValidationLevel.Structure,
        Tokens =
        [
            new TokenOptions
            {
                Token = Token,
                Name = "app",
                Role = Role.Patient,
                FhirUser = "Patient/ada",
                Scopes = "patient/Observation.rs?category=laboratory patient/Observation.cu?category=survey patient/Observation.rds?status=preliminary",
            },
        ],
    });

    private HttpClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _client = new HttpClient { BaseAddress = _server.Base };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await _server.StoreAsync("Patient", "ada", """{"resourceType":"Patient","id":"ada"}""");
        await _server.StoreAsync("Patient", "other", """{"resourceType":"Patient","id":"other"}""");
        foreach ((string id, string categories) in new[] { ("lab", "laboratory"), ("vital", "vital-signs"), ("survey", "survey"), ("both", "laboratory survey") })
        {
            await _server.StoreAsync("Observation", id, Observation(id, categories));
        }

        await _server.StoreAsync("Observation", "draft", Observation("draft", "vital-signs", status: "preliminary"));
        await _server.StoreAsync("Observation", "draft-2", Observation("draft-2", "vital-signs", status: "preliminary"));
        await _server.StoreAsync("Observation", "others-lab", Observation("others-lab", "laboratory", "other"));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Each_entry_of_a_batch_is_judged_by_its_own_scopes()
    {
        JsonNode answer = await SendAsync("batch", [
            ("GET", "Observation/lab", null, "200"),
            ("GET", "Observation/both", null, "200"),
            ("GET", "Observation/draft-2", null, "200"),
            ("GET", "Observation/vital", null, "404"),
            ("GET", "Observation/survey", null, "404"),
            ("GET", "Observation/others-lab", null, "404"),
            ("POST", "Observation", Observation(null, "survey"), "201"),
            ("POST", "Observation", Observation(null, "laboratory"), "403"),
            ("POST", "Observation", Observation(null, "survey", "other"), "403"),
            ("DELETE", "Observation/lab", null, "403"),
            ("DELETE", "Observation/draft", null, "204"),
            ("GET", "Observation?_total=accurate", null, "200"),
            ("GET", "Patient/ada", null, "403"),
        ]);

        JsonNode found = answer["entry"]![11]!["resource"]!;
        Assert.Equal(["both", "draft-2", "lab"], found["entry"]!.AsArray().Select(entry => (string)entry!["resource"]!["id"]!).Order());
        Assert.Equal(3, (int)found["total"]!);
    }

    [Fact]
    public async Task Nothing_is_moved_into_or_out_of_what_may_be_changed()
    {
        // Of what is seen by another query than that of updates, and of what the update would leave the query with.
        foreach ((string id, string categories) in new[] { ("lab", "laboratory survey"), ("lab", "survey"), ("both", "laboratory"), ("both", "vital-signs"), ("vital", "survey"), ("survey", "vital-signs"), ("others-lab", "laboratory survey") })
        {
            string status = await StatusAsync(HttpMethod.Put, "Observation/" + id, Observation(id, categories));
            Assert.True(status is "403" or "405", $"{id} to {categories}: {status}");
            Assert.Equal(1, await VersionAsync(id));
        }

        Assert.Equal("403", await StatusAsync(HttpMethod.Put, "Observation/both", Observation("both", "laboratory survey", "other")));
        Assert.Equal("200", await StatusAsync(HttpMethod.Put, "Observation/both", Observation("both", "survey laboratory")));
        Assert.Equal(2, await VersionAsync("both"));
    }

    [Fact]
    public async Task An_id_that_is_withheld_is_answered_as_one_that_never_was()
    {
        foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Delete, HttpMethod.Get })
        {
            string? Body(string id) => method == HttpMethod.Put ? Observation(id, "survey") : null;
            Assert.Equal(await StatusAsync(method, "Observation/never-was", Body("never-was")), await StatusAsync(method, "Observation/vital", Body("vital")));
        }
    }

    [Fact]
    public async Task A_transaction_with_an_entry_that_is_not_given_changes_nothing()
    {
        foreach ((string method, string url, string? resource) in new[]
        {
            ("POST", "Observation", Observation(null, "laboratory")),
            ("PUT", "Observation/both", Observation("both", "laboratory")),
            ("PUT", "Observation/lab", Observation("lab", "survey")),
            ("DELETE", "Observation/lab", (string?)null),
            ("GET", "Patient/ada", null),
        })
        {
            string before = await CountAsync();
            JsonNode refused = await SendAsync("transaction", [("POST", "Observation", Observation(null, "survey"), "any"), (method, url, resource, "any")]);
            Assert.Equal("OperationOutcome", (string)refused["resourceType"]!);
            Assert.Equal(before, await CountAsync());
        }

        JsonNode done = await SendAsync("transaction", [
            ("POST", "Observation", Observation(null, "survey"), "201"),
            ("PUT", "Observation/both", Observation("both", "survey laboratory"), "200"),
            ("DELETE", "Observation/draft", null, "204"),
            ("GET", "Observation/lab", null, "200"),
        ]);
        Assert.True((string)done["resourceType"]! == "Bundle", done.ToJsonString());
        Assert.Equal(2, await VersionAsync("both"));
    }

    private async Task<JsonNode> SendAsync(string type, (string Method, string Url, string? Resource, string Status)[] entries)
    {
        var bundle = new JsonObject
        {
            ["resourceType"] = "Bundle",
            ["type"] = type,
            ["entry"] = new JsonArray([.. entries.Select(entry =>
            {
                var made = new JsonObject { ["request"] = new JsonObject { ["method"] = entry.Method, ["url"] = entry.Url } };
                if (entry.Resource is not null)
                {
                    made["resource"] = JsonNode.Parse(entry.Resource);
                }

                return (JsonNode)made;
            })]),
        };
        using HttpResponseMessage answer = await _client.PostAsync("", Body(bundle.ToJsonString()), Cancel);
        JsonNode json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
        if (answer.IsSuccessStatusCode)
        {
            string[] statuses = [.. json["entry"]!.AsArray().Select(entry => ((string)entry!["response"]!["status"]!)[..3])];
            Assert.Equal(entries.Select(entry => $"{entry.Method} {entry.Url} {entry.Status}"), entries.Zip(statuses, (entry, status) => $"{entry.Method} {entry.Url} {status}"));
        }

        return json;
    }

    private async Task<string> StatusAsync(HttpMethod method, string url, string? body)
    {
        using var request = new HttpRequestMessage(method, url) { Content = body is null ? null : Body(body) };
        using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
        return ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<long> VersionAsync(string id) =>
        (await _server.Engine.ReadAsync(Storage.AccessScope.System("tests"), new Storage.ResourceKey("Observation", id), Cancel))!.Version;

    /// <summary>Number of the newest version of all.</summary>
    private async Task<string> CountAsync()
    {
        Storage.HistoryPage history = await _server.Engine.HistoryAsync(Storage.AccessScope.System("tests"), new Storage.HistoryRequest { Count = 100 }, Cancel);
        return string.Join(' ', history.Versions.Select(version => $"{version.Key}/{version.Version}"));
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private static string Observation(string? id, string categories, string patient = "ada", string status = "final") => new JsonObject
    {
        ["resourceType"] = "Observation",
        ["id"] = id,
        ["status"] = status,
        ["category"] = new JsonArray([.. categories.Split(' ').Select(code => (JsonNode)new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["code"] = code }) })]),
        ["code"] = new JsonObject { ["text"] = "x" },
        ["subject"] = new JsonObject { ["reference"] = "Patient/" + patient },
    }.ToJsonString().Replace("\"id\":null,", "", StringComparison.Ordinal);
}
