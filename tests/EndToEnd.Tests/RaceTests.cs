using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>What must hold when many clients want the same at once, over real connections and a store on the disk.</summary>
public sealed class RaceTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("healthchain-races-");

    public void Dispose() => _data.Delete(recursive: true);

    /// <summary>https://hl7.org/fhir/R4/http.html#concurrency</summary>
    [Fact]
    public async Task Of_a_thousand_parallel_updates_with_If_Match_one_wins_and_its_content_stays()
    {
        const int Clients = 1000;
        await using ServerProcess server = await StartAsync();
        using HttpResponseMessage created = await PutAsync(server, writer: -1, ifMatch: null);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);

        for (int version = 1; version <= 2; version++)
        {
            string tag = $"W/\"{version}\"";
            HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async writer =>
            {
                using HttpResponseMessage answer = await PutAsync(server, writer, tag);
                return answer.StatusCode;
            }));

            Assert.Equal(Clients - 1, answers.Count(status => status == HttpStatusCode.PreconditionFailed));
            int winner = Assert.Single(Enumerable.Range(0, Clients), writer => answers[writer] == HttpStatusCode.OK);
            using JsonDocument current = await GetAsync(server, "/fhir/Basic/race");
            Assert.Equal($"{version + 1}", current.RootElement.GetProperty("meta").GetProperty("versionId").GetString());
            Assert.Equal($"writer {winner}", current.RootElement.GetProperty("code").GetProperty("text").GetString());
        }
    }

    /// <summary>https://hl7.org/fhir/R4/http.html#ccreate</summary>
    [Fact]
    public async Task Fifty_parallel_conditional_creates_of_an_identifier_make_one_resource()
    {
        const int Clients = 50;
        const int Identifiers = 20;
        await using ServerProcess server = await StartAsync();
        for (int number = 0; number < Identifiers; number++)
        {
            string identifier = $"urn:test:races|{number}";
            string[] answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => CreateAsync(server, number, identifier)));

            Assert.Equal(1, answers.Count(answer => answer.StartsWith("Created ", StringComparison.Ordinal)));
            Assert.Equal(Clients - 1, answers.Count(answer => answer.StartsWith("OK ", StringComparison.Ordinal)));
            // Who found it found the one that was made.
            Assert.Single(answers.Select(answer => answer.Split(' ')[1]).Distinct());
            using JsonDocument found = await GetAsync(server, $"/fhir/Basic?identifier={Uri.EscapeDataString(identifier)}");
            Assert.Equal(1, found.RootElement.GetProperty("total").GetInt32());
        }
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync("--development", "--data", _data.FullName);

    private static async Task<HttpResponseMessage> PutAsync(ServerProcess server, int writer, string? ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/fhir/Basic/race")
        {
            Content = Json($$"""{"resourceType":"Basic","id":"race","code":{"text":"writer {{writer}}"} }"""),
        };
        if (ifMatch is not null)
        {
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(ifMatch));
        }

        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <returns>The status and the id of the resource that was made or found.</returns>
    private static async Task<string> CreateAsync(ServerProcess server, int number, string identifier)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Basic")
        {
            Content = Json($$"""{"resourceType":"Basic","identifier":[{"system":"urn:test:races","value":"{{number}}"}],"code":{"text":"race"} }"""),
        };
        request.Headers.Add("If-None-Exist", $"identifier={identifier}");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        using JsonDocument resource = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return $"{answer.StatusCode} {(resource.RootElement.TryGetProperty("id", out JsonElement id) ? id.GetString() : "none")}";
    }

    private static async Task<JsonDocument> GetAsync(ServerProcess server, string path) =>
        JsonDocument.Parse(await server.Client.GetStringAsync(path, TestContext.Current.CancellationToken));

    private static StringContent Json(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
}
