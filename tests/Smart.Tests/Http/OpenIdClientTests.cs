using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>npm's openid-client against the authorisation server alone; tests/EndToEnd.Tests has it against the whole server.</summary>
public sealed class OpenIdClientTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certified_client_works_with_the_server(bool nonces)
    {
        using NodeProgram? node = NodeProgram.TryStart("conformance/smart", "openid-client.mjs");
        Assert.SkipUnless(node is not null, "Node.js, or npm's registry to install openid-client from, is not to be had.");
        await using SmartSite server = await SmartSite.StartAsync(SmartTestServer.Options with { DpopNonces = nonces }, time: TimeProvider.System);

        JsonElement answer = node.Ask(new JsonObject
        {
            ["origin"] = server.Address.GetLeftPart(UriPartial.Authority),
            ["fhirBase"] = server.FhirBase,
            ["registrationToken"] = SmartTestServer.RegistrationToken,
            ["user"] = new JsonObject { ["name"] = "ada", ["password"] = SmartSite.Password, ["patient"] = "ada" },
        });

        string[] problems = [.. answer.GetProperty("checks").EnumerateArray()
            .Where(check => check.GetProperty("problem").ValueKind != JsonValueKind.Null)
            .Select(check => $"{check.GetProperty("name")}: {check.GetProperty("problem")}")];
        Assert.True(problems.Length == 0, string.Join('\n', problems));
        Assert.Equal(30, answer.GetProperty("checks").GetArrayLength());
    }
}
