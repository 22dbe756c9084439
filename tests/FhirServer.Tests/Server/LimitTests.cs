using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

public sealed class LimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string?> IssueCodeAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["issue"]![0]!["code"];

    [Fact]
    public async Task More_requests_of_a_client_than_allowed_give_429_and_say_when_to_come_back()
    {
        await using var server = new ServerFactory { Settings = { ["HealthChain:Limits:ClientRequestsPerSecond"] = "1", ["HealthChain:Limits:ClientBurst"] = "2" } };
        using var client = server.CreateClient();

        // More than a slow machine can make up for by taking its time: each second allows one more.
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.GetAsync("/fhir/Patient/1", Cancel)));

        Assert.True(responses.Count(static response => response.StatusCode != HttpStatusCode.TooManyRequests) >= 2);
        HttpResponseMessage refused = responses.First(static response => response.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal("throttled", await IssueCodeAsync(refused));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task A_token_has_a_rate_of_its_own()
    {
        await using var server = new ServerFactory
        {
            Settings =
            {
                ["HealthChain:Limits:ClientRequestsPerSecond"] = "1",
                ["HealthChain:Limits:ClientBurst"] = "1",
                ["HealthChain:Tokens:0:Token"] = "a-token-of-the-test",
                ["HealthChain:Tokens:0:Name"] = "test",
                ["HealthChain:Tokens:0:Role"] = "practitioner",
            },
        };
        using var client = server.CreateClient();
        using var spent = await client.GetAsync("/fhir/Patient/1", Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/Patient/1") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "a-token-of-the-test") } };

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task More_requests_at_once_than_allowed_give_503_and_say_when_to_come_back()
    {
        await using var server = new ServerFactory();
        var limits = new RequestLimits(new ServerOptions { Limits = new LimitOptions { RequestsInFlight = 1 } });
        var running = new TaskCompletionSource();
        var first = limits.AdmitAsync(Context(server), _ => running.Task);
        Assert.Equal(1, limits.InFlight);

        var refused = Context(server);
        await limits.AdmitAsync(refused, _ => throw new InvalidOperationException("It should not have been let in."));

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, refused.Response.StatusCode);
        Assert.Equal("1", refused.Response.Headers.RetryAfter);
        running.SetResult();
        await first;
        Assert.Equal(0, limits.InFlight);
        await limits.AdmitAsync(Context(server), _ => Task.CompletedTask);
    }

    [Fact]
    public async Task A_request_that_fails_leaves_its_place()
    {
        await using var server = new ServerFactory();
        var limits = new RequestLimits(new ServerOptions());

        await Assert.ThrowsAsync<InvalidOperationException>(() => limits.AdmitAsync(Context(server), _ => throw new InvalidOperationException()));

        Assert.Equal(0, limits.InFlight);
    }

    [Fact]
    public async Task Without_a_token_a_closed_server_tells_only_what_it_can_do()
    {
        await using var server = new ServerFactory { Settings = { ["HealthChain:Development"] = "false" } };
        using var client = server.CreateClient();

        using var metadata = await client.GetAsync("/fhir/metadata", Cancel);
        Assert.Equal(HttpStatusCode.OK, metadata.StatusCode);
        foreach (var path in new[] { "/fhir/Patient/1", "/fhir/Patient?name=x", "/fhir", "/fhir/_history", "/fhir/$meta" })
        {
            using var refused = await client.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal("login", await IssueCodeAsync(refused));
            Assert.Equal("Bearer", Assert.Single(refused.Headers.WwwAuthenticate).Scheme);
        }
    }

    private static DefaultHttpContext Context(ServerFactory server) => new() { RequestServices = server.Services.CreateScope().ServiceProvider };
}
