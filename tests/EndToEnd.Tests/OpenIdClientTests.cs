using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>npm's openid-client against a whole server: its pages, its tokens, and the FHIR server behind them.</summary>
public sealed class OpenIdClientTests
{
    // Public, see docs/operations.md.
    private const string DemoPassword = "try-healthchain-out";
    private const string RegistrationToken = "a-token-for-registration";

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_certified_client_works_with_the_server_and_no_log_holds_its_secrets(string nonces)
    {
        using NodeProgram? node = NodeProgram.TryStart("conformance/smart", "openid-client.mjs");
        Assert.SkipUnless(node is not null, "Node.js, or npm's registry to install openid-client from, is not to be had.");
        await using var server = await ServerProcess.StartAsync([
            "--demo", "--HealthChain:Smart:Registration=Guarded", $"--HealthChain:Smart:RegistrationToken={RegistrationToken}",
            "--HealthChain:Smart:FetchFromLoopback=true", $"--HealthChain:Smart:DpopNonces={nonces}", .. LogTests.Talkative]);
        string origin = server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

        JsonElement answer = node.Ask(new JsonObject
        {
            ["origin"] = origin,
            ["fhirBase"] = origin + "/fhir",
            ["registrationToken"] = RegistrationToken,
            ["user"] = new JsonObject { ["name"] = "patient", ["password"] = DemoPassword, ["patient"] = "demo-patient" },
        });

        string[] problems = [.. answer.GetProperty("checks").EnumerateArray()
            .Where(check => check.GetProperty("problem").ValueKind != JsonValueKind.Null)
            .Select(check => $"{check.GetProperty("name")}: {check.GetProperty("problem")}")];
        Assert.True(problems.Length == 0, string.Join('\n', problems));
        Finished finished = await server.StopAsync();
        Assert.Equal(0, finished.ExitCode);
        Assert.All(answer.GetProperty("secrets").EnumerateArray(), secret => Assert.DoesNotContain(secret.GetString()!, finished.Output + finished.Errors, StringComparison.Ordinal));
        Assert.True(answer.GetProperty("secrets").GetArrayLength() > 40);
        Assert.Equal(30, answer.GetProperty("checks").GetArrayLength());
    }
}
