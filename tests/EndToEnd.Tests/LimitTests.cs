using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

public sealed class LimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--limits-body-bytes", "2 KB", HttpStatusCode.RequestEntityTooLarge, "too-long")]
    [InlineData("--limits-bundle-entries", "1", HttpStatusCode.UnprocessableEntity, "too-costly")]
    [InlineData("--limits-depth", "8", HttpStatusCode.BadRequest, "too-costly")]
    public async Task What_is_more_than_a_limit_is_refused_with_an_outcome(string limit, string value, HttpStatusCode expected, string code)
    {
        string deep = string.Concat(Enumerable.Repeat("""{"url":"urn:x","extension":[""", 5)) + """{"url":"urn:y","valueCode":"z"}""" + string.Concat(Enumerable.Repeat("]}", 5));
        string entry = $$$"""{"resource":{"resourceType":"Basic","code":{"text":"{{{new string('x', 1500)}}}"},"extension":[{{{deep}}}]},"request":{"method":"POST","url":"Basic"}}""";
        string bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{entry}},{{entry}}]}""";
        await using var without = await ServerProcess.StartAsync();
        using var accepted = await PostAsync(without, bundle);
        Assert.True(accepted.IsSuccessStatusCode, await accepted.Content.ReadAsStringAsync(Cancel));
        await using var server = await ServerProcess.StartAsync(limit, value);

        using var refused = await PostAsync(server, bundle);

        string body = await refused.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(expected, refused.StatusCode);
        Assert.Equal(code, (string?)JsonNode.Parse(body)!["issue"]![0]!["code"]);
    }

    [Fact]
    public async Task A_client_that_asks_too_often_is_told_when_to_come_back()
    {
        await using var server = await ServerProcess.StartAsync("--limits-client-requests-per-second", "1", "--limits-client-burst", "3");
        var watch = Stopwatch.StartNew();

        // More than a slow machine can make up for by taking its time: each second allows one more.
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.Client.GetAsync("/fhir/Patient/1", Cancel)));

        double seconds = watch.Elapsed.TotalSeconds;
        ILookup<HttpStatusCode, HttpResponseMessage> by = responses.ToLookup(static response => response.StatusCode);
        Assert.InRange(by[HttpStatusCode.NotFound].Count(), 3, 4 + (int)seconds);
        Assert.Equal(40, by[HttpStatusCode.NotFound].Count() + by[HttpStatusCode.TooManyRequests].Count());
        Assert.All(by[HttpStatusCode.TooManyRequests], static refused => Assert.NotNull(refused.Headers.RetryAfter?.Delta));
        Assert.NotEmpty(by[HttpStatusCode.TooManyRequests]);
        using var live = await server.Client.GetAsync("/health/live", Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task A_full_disk_makes_the_server_unready_not_dead()
    {
        // No disk of today has this much room.
        await using var server = await ServerProcess.StartAsync("--ready-disk", "1024 TB");

        using var ready = await server.Client.GetAsync("/health/ready", Cancel);
        using var live = await server.Client.GetAsync("/health/live", Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("the disk with the data has ", await ready.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(ServerProcess server, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        return await server.Client.PostAsync("/fhir", content, Cancel);
    }
}
