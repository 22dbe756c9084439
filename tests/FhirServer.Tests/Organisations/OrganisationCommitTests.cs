using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>Every way in which a verification can come to be, change or go counts when its answer is there.</summary>
public sealed class OrganisationCommitTests : IAsyncDisposable
{
    private readonly ServerFactory _server = new();
    private readonly HttpClient _client;

    public OrganisationCommitTests() => _client = _server.CreateClient();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Create_update_conditional_update_patch_and_delete_count_at_once()
    {
        string organisation = await CreateAsync(Organization(""));
        Assert.False(IsCurrent(organisation));

        string verification = await CreateAsync(Verification(organisation, "validated"));
        Assert.True(IsCurrent(organisation));

        await SendAsync(HttpMethod.Put, verification, Verification(organisation, "reval-fail", verification.Split('/')[1]), HttpStatusCode.OK);
        Assert.False(IsCurrent(organisation));

        await SendAsync(HttpMethod.Put, $"VerificationResult?target={organisation}", Verification(organisation, "validated"), HttpStatusCode.OK);
        Assert.True(IsCurrent(organisation));

        await SendAsync(HttpMethod.Patch, verification, """[{"op":"replace","path":"/status","value":"val-fail"}]""", HttpStatusCode.OK, "application/json-patch+json");
        Assert.False(IsCurrent(organisation));

        await SendAsync(HttpMethod.Patch, $"VerificationResult?target={organisation}", """[{"op":"replace","path":"/status","value":"validated"}]""", HttpStatusCode.OK, "application/json-patch+json");
        Assert.True(IsCurrent(organisation));

        await SendAsync(HttpMethod.Delete, verification, null, null);
        Assert.False(IsCurrent(organisation));

        await SendAsync(HttpMethod.Put, verification, Verification(organisation, "validated", verification.Split('/')[1]), HttpStatusCode.Created);
        Assert.True(IsCurrent(organisation));

        await SendAsync(HttpMethod.Delete, $"VerificationResult?target={organisation}", null, null);
        Assert.False(IsCurrent(organisation));
    }

    [Theory]
    [InlineData("transaction")]
    [InlineData("batch")]
    public async Task Bundles_count_at_once(string type)
    {
        string organisation = await CreateAsync(Organization(""));
        var entry = new JsonObject { ["resource"] = JsonNode.Parse(Verification(organisation, "validated", "of-" + type)), ["request"] = new JsonObject { ["method"] = "PUT", ["url"] = "VerificationResult/of-" + type } };
        await SendAsync(HttpMethod.Post, "", Bundle(type, entry), HttpStatusCode.OK);
        Assert.True(IsCurrent(organisation));

        await SendAsync(HttpMethod.Post, "", Bundle(type, new JsonObject { ["request"] = new JsonObject { ["method"] = "DELETE", ["url"] = "VerificationResult/of-" + type } }), HttpStatusCode.OK);
        Assert.False(IsCurrent(organisation));
    }

    [Fact]
    public async Task A_transaction_that_makes_organisation_and_verification_together_counts()
    {
        var organisation = new JsonObject
        {
            ["fullUrl"] = "urn:uuid:b0c1e4b8-7d6f-4f0f-8f1f-7a3a5c6d7e8f",
            ["resource"] = JsonNode.Parse(Organization("")),
            ["request"] = new JsonObject { ["method"] = "POST", ["url"] = "Organization" },
        };
        var verification = new JsonObject
        {
            ["resource"] = JsonNode.Parse(Verification("urn:uuid:b0c1e4b8-7d6f-4f0f-8f1f-7a3a5c6d7e8f", "validated")),
            ["request"] = new JsonObject { ["method"] = "POST", ["url"] = "VerificationResult" },
        };

        JsonNode answer = await SendAsync(HttpMethod.Post, "", Bundle("transaction", organisation, verification), HttpStatusCode.OK);

        Assert.True(IsCurrent(((string)answer["entry"]![0]!["response"]!["location"]!).Split("/_history")[0].Split("/fhir/")[^1]));
    }

    [Fact]
    public async Task A_closed_organisation_counts_at_once_and_erasing_a_patient_changes_nothing()
    {
        string organisation = await CreateAsync(Organization(""));
        await CreateAsync(Verification(organisation, "validated"));
        string patient = await CreateAsync($$$"""{"resourceType":"Patient","managingOrganization":{"reference":"{{{organisation}}}"}}""");

        await SendAsync(HttpMethod.Post, patient + "/$erase", """{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"asked for it"}]}""", HttpStatusCode.OK);
        Assert.True(IsCurrent(organisation));

        string id = organisation.Split('/')[1];
        await SendAsync(HttpMethod.Put, organisation, Organization($",\"id\":\"{id}\",\"active\":false"), HttpStatusCode.OK);
        Assert.False(IsCurrent(organisation));
        await SendAsync(HttpMethod.Put, organisation, Organization($",\"id\":\"{id}\""), HttpStatusCode.OK);
        Assert.True(IsCurrent(organisation));
        await SendAsync(HttpMethod.Delete, organisation, null, null);
        Assert.False(IsCurrent(organisation));
    }

    [Fact]
    public async Task A_start_reads_who_is_verified()
    {
        string verified = await CreateAsync(Organization(""));
        string suspended = await CreateAsync(Organization(""));
        string department = await CreateAsync(Organization($",\"partOf\":{{\"reference\":\"{verified}\"}}"));
        string dropped = await CreateAsync(Organization(""));
        await CreateAsync(Verification(verified, "validated"));
        await CreateAsync(Verification(suspended, "validated"));
        await CreateAsync(Verification(suspended, "reval-fail"));
        await SendAsync(HttpMethod.Delete, await CreateAsync(Verification(dropped, "validated")), null, null);

        var anew = new OrganisationDirectory(_server.Services.GetRequiredService<IResourceStore>(), new ServerOptions(), TimeProvider.System);
        await anew.StartAsync(Cancel);

        Assert.True(anew.IsCurrent(verified));
        Assert.True(anew.IsCurrent(department));
        Assert.Equal(OrganisationStanding.Suspended, anew.StandingOf(suspended));
        Assert.Equal(OrganisationStanding.Unverified, anew.StandingOf(dropped));
    }

    private OrganisationDirectory Status => _server.Services.GetRequiredService<OrganisationDirectory>();

    private static string Organization(string members) => $$"""{"resourceType":"Organization","name":"St. Elsewhere"{{members}}}""";

    private static string Verification(string target, string status, string? id = null) =>
        $$"""{"resourceType":"VerificationResult"{{(id is null ? "" : $",\"id\":\"{id}\"")}},"status":"{{status}}","target":[{"reference":"{{target}}"}]}""";

    private static string Bundle(string type, params JsonNode[] entries) =>
        new JsonObject { ["resourceType"] = "Bundle", ["type"] = type, ["entry"] = new JsonArray([.. entries]) }.ToJsonString();

    private bool IsCurrent(string organisation) => Status.IsCurrent(organisation);

    private async Task<string> CreateAsync(string json)
    {
        string type = (string)JsonNode.Parse(json)!["resourceType"]!;
        return $"{type}/{(string)(await SendAsync(HttpMethod.Post, type, json, HttpStatusCode.Created))["id"]!}";
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string? json, HttpStatusCode? expected, string contentType = "application/fhir+json")
    {
        using var request = new HttpRequestMessage(method, "/fhir/" + path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, contentType);
        using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
        string body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected is null ? answer.IsSuccessStatusCode : answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {body}");
        return body.Length == 0 ? new JsonObject() : JsonNode.Parse(body)!;
    }
}
