using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>A log is read by people and machines that may not read what the server holds.</summary>
public sealed class LogTests
{
    private const string Token = "secret-token-0123456789";

    private static readonly string[] Settings =
    [
        "--HealthChain:Tokens:0:Token", Token, "--HealthChain:Tokens:0:Name", "ward-7", "--HealthChain:Tokens:0:Role", "practitioner",
        "--HealthChain:Tokens:0:FhirUser", "Practitioner/dr-turing",
    ];

    // What an operator may do who looks for a fault: everything that the platform would say, with what surrounds it.
    internal static readonly string[] Talkative =
    [
        "--Logging:LogLevel:Default", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore", "Trace", "--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace",
        "--Logging:Console:LogLevel:Microsoft.AspNetCore.Hosting", "Trace", "--Logging:Console:FormatterOptions:IncludeScopes", "true",
    ];

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task A_whole_run_leaves_no_name_id_query_or_token_in_the_log(string format)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await ServerProcess.StartAsync([.. Settings, .. Talkative, "--log-format", format, "--sample", "1"]);
        await server.SaysAsync("1 of 1 patients");
        string id = await AskForEverythingAsync(server.Client);

        var finished = await server.StopAsync();

        Assert.Equal(0, finished.ExitCode);
        string log = finished.Output + finished.Errors;
        Assert.Contains("Application started", log);
        foreach (string secret in new[] { "Lovelace", "Byron", "MRN-4711", "1815-12-10", "chosen-by-client", "dr-turing", Token, "no-such-token", id, "/fhir/Patient", "name=" })
        {
            Assert.DoesNotContain(secret, log, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_log_in_JSON_has_an_object_on_each_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await ServerProcess.StartAsync("--log-format", "json");

        var finished = await server.StopAsync();

        var lines = finished.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }

    private static async Task<string> AskForEverythingAsync(HttpClient client)
    {
        const string Patient = """{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"MRN-4711"}],"name":[{"family":"Lovelace"}],"birthDate":"1815-12-10"}""";
        string created = await SendAsync(client, HttpMethod.Post, "/fhir/Patient", Patient);
        string id = (string)JsonNode.Parse(created)!["id"]!;
        await SendAsync(client, HttpMethod.Put, "/fhir/Patient/chosen-by-client", Patient.Replace("{\"res", "{\"id\":\"chosen-by-client\",\"res", StringComparison.Ordinal));
        await SendAsync(client, HttpMethod.Get, $"/fhir/Patient/{id}");
        await SendAsync(client, HttpMethod.Get, $"/fhir/Patient/{id}/_history/1");
        await SendAsync(client, HttpMethod.Get, "/fhir/Patient?name=Lovelace&birthdate=1815-12-10");
        await SendAsync(client, HttpMethod.Get, "/fhir/Patient?no-such=Byron");
        await SendAsync(client, HttpMethod.Get, "/fhir/Byron/Lovelace");
        await SendAsync(client, HttpMethod.Get, "/Lovelace?name=Byron");
        await SendAsync(client, HttpMethod.Get, "/health/Lovelace");
        await SendAsync(client, HttpMethod.Post, "/fhir/Patient", """{"resourceType":"Patient","name":"Byron","Lovelace":1}""");
        await SendAsync(client, HttpMethod.Post, "/fhir/Patient", """{"resourceType":"Patient","name":[{"family":"Byron""");
        await SendAsync(client, HttpMethod.Delete, $"/fhir/Patient/{id}");
        await SendAsync(client, HttpMethod.Get, $"/fhir/Patient/{id}");
        foreach (string token in new[] { Token, "no-such-token" })
        {
            await SendAsync(client, HttpMethod.Get, "/fhir/Patient/chosen-by-client", token: token);
        }

        return id;
    }

    private static async Task<string> SendAsync(HttpClient client, HttpMethod method, string path, string? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/fhir+json");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
