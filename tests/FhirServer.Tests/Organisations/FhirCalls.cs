using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>What tests of the registry ask of a server and its store, with resources as text.</summary>
internal static class FhirCalls
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <returns>Such as <c>Consent/7</c>.</returns>
    public static async Task<string> CreateAsync(this HttpClient client, string json)
    {
        string type = (string)JsonNode.Parse(json)!["resourceType"]!;
        using HttpResponseMessage answer = await client.PostAsync($"/fhir/{type}", Body(json), Cancel);
        answer.EnsureSuccessStatusCode();
        return $"{type}/{(string)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["id"]!}";
    }

    public static async Task ReplaceAsync(this HttpClient client, string resource, string json)
    {
        JsonNode body = JsonNode.Parse(json)!;
        body["id"] = resource.Split('/')[1];
        (await client.PutAsync("/fhir/" + resource, Body(body.ToJsonString()), Cancel)).EnsureSuccessStatusCode();
    }

    public static async Task<Hash256> CommitmentAsync(this IResourceStore store, string resource, long version)
    {
        string[] parts = resource.Split('/');
        return (await store.OpenLeafAsync(AccessScope.System("tests"), new ResourceKey(parts[0], parts[1]), version, Cancel))!.Commitment;
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/fhir+json");
}
