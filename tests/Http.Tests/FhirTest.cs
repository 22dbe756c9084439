using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>What black-box tests share: short words for requests over real HTTP, and nothing that looks into the server.</summary>
public abstract class FhirTest(FhirServerFixture server)
{
    private static readonly string Run = Environment.TickCount64.ToString("x", CultureInfo.InvariantCulture);
    private static int _counter;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected HttpClient Client => server.Client;

    /// <summary>The FHIR base with its last slash.</summary>
    protected Uri Base => server.Base;

    /// <summary>A word that no other test uses, legal as an id and as a search value.</summary>
    protected static string Unique(string prefix = "t") => $"{prefix}-{Run}-{Interlocked.Increment(ref _counter)}";

    protected static StringContent Json(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    protected async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(Base, path));
        if (json is not null)
        {
            request.Content = Json(json);
        }

        foreach ((string name, string value) in headers)
        {
            if (name == "Content-Type" && request.Content is not null)
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using HttpResponseMessage response = await Client.SendAsync(request, Cancel);
        return new Answer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    protected Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    protected Task<Answer> PostAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, json, headers);

    protected Task<Answer> PutAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, json, headers);

    protected Task<Answer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    protected Task<Answer> PatchAsync(string path, string patch, string contentType, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Patch, path, patch, [("Content-Type", contentType), .. headers]);

    /// <summary>Creates a resource and gives its id.</summary>
    protected async Task<string> CreateAsync(string json)
    {
        Answer answer = await PostAsync((string)JsonNode.Parse(json)!["resourceType"]!, json);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return (string)answer.Json["id"]!;
    }

    /// <summary>Stores a resource that has an id, without a request.</summary>
    protected async Task StoreAsync(string json)
    {
        JsonNode resource = JsonNode.Parse(json)!;
        await server.StoreAsync((string)resource["resourceType"]!, (string)resource["id"]!, json);
    }

    /// <summary>Deletes a stored resource, without a request.</summary>
    protected Task RemoveAsync(string type, string id) => server.StoreAsync(type, id, null);

    /// <summary>Ids of the matches of a search, in order.</summary>
    protected async Task<string[]> FindAsync(string path)
    {
        Answer answer = await GetAsync(path);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {(int)answer.Status} {answer.Body}");
        return [.. answer.Entries("match").Select(resource => (string)resource["id"]!)];
    }
}

/// <summary>What came back.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Resources of the bundle's entries with that search mode.</summary>
    public IEnumerable<JsonNode> Entries(string mode) =>
        ((JsonArray?)Json["entry"] ?? []).Where(entry => (string?)entry!["search"]?["mode"] == mode).Select(entry => entry!["resource"]!);

    /// <summary>The issue codes of an OperationOutcome.</summary>
    public string[] IssueCodes => [.. ((JsonArray)Json["issue"]!).Select(issue => (string)issue!["code"]!)];
}
