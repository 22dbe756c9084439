using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>fhirclient, as SMART apps use it, in a real browser against the real process: <c>conformance/smart/browser</c>.</summary>
public sealed class SmartBrowserTests
{
    private const string Password = "try-healthchain-out";
    private const string Secret = "the-secret-of-the-health-record-0123456789";

    [Fact]
    public async Task Apps_start_alone_and_out_of_a_health_record_and_get_what_users_give()
    {
        string? chromium = FindChromium();
        Assert.SkipUnless(chromium is not null, "There is no Chromium (Debian's package chromium).");
        using NodeProgram? node = NodeProgram.TryStart("conformance/smart/browser", "launches.mjs");
        Assert.SkipUnless(node is not null, "Node.js, or npm's registry to install fhirclient from, is not to be had.");
        int port = Ports.Take();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("healthchain");
        try
        {
            string file = Path.Combine(folder.FullName, "clients.json");
            await File.WriteAllTextAsync(file, Clients(port), TestContext.Current.CancellationToken);
            await using var server = await ServerProcess.StartAsync(["--demo", "--smart-pre-registration", file, .. LogTests.Talkative]);

            JsonElement answer = node.Ask(new JsonObject
            {
                ["server"] = server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority),
                ["port"] = port,
                ["secret"] = Secret,
                ["patient"] = "demo-patient",
                ["password"] = Password,
                ["chromium"] = chromium,
            });

            CheckStandalone(answer.GetProperty("standalone"));
            CheckNarrowed(answer.GetProperty("narrowed"));
            CheckPicker(answer.GetProperty("picker"));
            CheckRecord(answer.GetProperty("record"));
            CheckLog(answer.GetProperty("secrets"), await server.StopAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void CheckStandalone(JsonElement result)
    {
        AssertRead(result);
        Assert.True(result.GetProperty("refreshed").GetBoolean());
        Assert.True(result.GetProperty("need_patient_banner").GetBoolean());
        Assert.Equal("launch/patient openid fhirUser offline_access patient/*.rs", result.GetProperty("scope").GetString());
        Assert.Equal("Patient/demo-patient", result.GetProperty("user").GetString());
    }

    private static void CheckNarrowed(JsonElement result)
    {
        AssertRead(result);
        Assert.Equal(
            ["launch/patient", "patient/Observation.rs", "patient/Patient.rs"],
            result.GetProperty("scope").GetString()!.Split(' ').Order(StringComparer.Ordinal));
        Assert.Equal(403, result.GetProperty("conditions").GetInt32());

        // The access was taken back.
        Assert.Contains("401", result.GetProperty("after").ToString(), StringComparison.Ordinal);
    }

    private static void CheckPicker(JsonElement result)
    {
        AssertRead(result);
        Assert.True(result.GetProperty("refreshed").GetBoolean());
        Assert.Equal("Practitioner/demo-practitioner", result.GetProperty("user").GetString());
    }

    private static void CheckRecord(JsonElement result)
    {
        AssertRead(result);
        Assert.False(result.GetProperty("refreshed").GetBoolean());
        Assert.False(result.GetProperty("need_patient_banner").GetBoolean());
        Assert.Equal("order-review", result.GetProperty("intent").GetString());
    }

    /// <summary>The server said all that it can say; nothing of it is what only the user, the app and the server may know, nor whom it was about.</summary>
    private static void CheckLog(JsonElement secrets, Finished finished)
    {
        Assert.Equal(0, finished.ExitCode);
        string log = finished.Output + finished.Errors;
        Assert.Contains("Application started", log, StringComparison.Ordinal);
        string[] known = [.. secrets.EnumerateArray().Select(secret => secret.GetString()!)];
        Assert.True(known.Length > 30, $"Only {known.Length} secrets were seen.");
        Assert.All(known.Append("demo-patient").Append("typed into the wrong field").Append("/auth/authorize"), secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));
    }

    private static void AssertRead(JsonElement result)
    {
        Assert.False(result.TryGetProperty("error", out _), result.GetRawText());
        Assert.Equal(("demo-patient", "demo-patient", "Demo"), (result.GetProperty("patient").GetString(), result.GetProperty("again").GetString(), result.GetProperty("family").GetString()));
        Assert.Equal(1, result.GetProperty("observations").GetInt32());
    }

    private static string Clients(int port)
    {
        string home = $"http://127.0.0.1:{port}";
        return new JsonObject
        {
            ["clients"] = new JsonArray(
                new JsonObject
                {
                    ["client_id"] = "browser-app",
                    ["client_name"] = "An app in a browser",
                    ["token_endpoint_auth_method"] = "none",
                    ["grant_types"] = new JsonArray("authorization_code", "refresh_token"),
                    ["redirect_uris"] = new JsonArray($"{home}/app.html"),
                    ["scope"] = "openid fhirUser launch launch/patient offline_access online_access patient/*.rs",
                },
                new JsonObject
                {
                    ["client_id"] = "browser-record",
                    ["client_name"] = "A health record",
                    ["token_endpoint_auth_method"] = "client_secret_basic",
                    ["secret_sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret))),
                    ["grant_types"] = new JsonArray("authorization_code"),
                    ["redirect_uris"] = new JsonArray($"{home}/record/back"),
                    ["scope"] = "openid user/*.rs",
                    ["trusted"] = true,
                }),
        }.ToJsonString();
    }

    private static string? FindChromium() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
