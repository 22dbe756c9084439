using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>How organisations stand, on a chain beside real processes that are killed.</summary>
public sealed class RegistryTests : IDisposable
{
    private const int Patience = 90;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-registry");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Killed_again_and_again_the_server_says_each_change_once_with_the_ledgers_commitment()
    {
        Assert.SkipUnless(File.Exists(Repository.PathOf("artifacts/development-chain/anvil")), "anvil was not restored: npm is not reachable, or has none for this platform");
        string organisation;
        string verification;
        await using (ServerProcess server = await StartAsync())
        {
            organisation = await CreateAsync(server, """{"resourceType":"Organization","name":"St. Elsewhere"}""");
            verification = await CreateAsync(server, Verification(organisation, "validated", null));
            await UntilSaidAsync(server);
            Statement first = Assert.Single(await StatementsAsync());
            Assert.Equal((2, 1), (first.Role, first.Status));
            Assert.Equal(await LeafAsync(server, verification + "/_history/1"), first.Commitment);
        }

        // Written before the chain is up, and killed at any moment: nothing of it may get lost or be said twice.
        for (int life = 1; life <= 4; life++)
        {
            await using ServerProcess server = await StartAsync();
            await PutAsync(server, verification, Verification(organisation, life % 2 == 1 ? "reval-fail" : "validated", verification.Split('/')[1]));
            await Task.Delay(life * 700, Cancel);
        }

        await using (ServerProcess server = await StartAsync())
        {
            await PutAsync(server, verification, Verification(organisation, "reval-fail", verification.Split('/')[1]));
            await UntilSaidAsync(server);
            List<Statement> statements = await StatementsAsync();
            Assert.Equal(statements.Count, statements.Select(statement => statement.Commitment).Distinct().Count());
            Assert.Single(statements.Select(statement => statement.Subject).Distinct());
            Assert.Equal(2, statements[^1].Status);
            Assert.Equal(await LeafAsync(server, verification + "/_history/6"), statements[^1].Commitment);

            await PutAsync(server, organisation, $$"""{"resourceType":"Organization","id":"{{organisation.Split('/')[1]}}","name":"St. Elsewhere","active":true}""");
            await PutAsync(server, verification, Verification(organisation, "validated", verification.Split('/')[1]));
            await UntilSaidAsync(server);
            Assert.Equal((statements.Count + 1, 1), ((await StatementsAsync()).Count, (await StatementsAsync())[^1].Status));
        }
    }

    private static string Verification(string target, string status, string? id) =>
        $$"""{"resourceType":"VerificationResult"{{(id is null ? "" : $",\"id\":\"{id}\"")}},"status":"{{status}}","target":[{"reference":"{{target}}"}]}""";

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(_folder, ["--ledger-chain", "development"]);

    private static async Task<string> CreateAsync(ServerProcess server, string json)
    {
        string type = (string)JsonNode.Parse(json)!["resourceType"]!;
        using HttpResponseMessage answer = await server.Client.PostAsync($"/fhir/{type}", new StringContent(json, Encoding.UTF8, "application/fhir+json"), Cancel);
        answer.EnsureSuccessStatusCode();
        return $"{type}/{(string)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["id"]!}";
    }

    private static async Task PutAsync(ServerProcess server, string resource, string json) =>
        (await server.Client.PutAsync("/fhir/" + resource, new StringContent(json, Encoding.UTF8, "application/fhir+json"), Cancel)).EnsureSuccessStatusCode();

    /// <summary>The entry of the log for a version, by the place that its receipt proves.</summary>
    private static async Task<string> LeafAsync(ServerProcess server, string version)
    {
        string receipt = "";
        await WaitAsync(
            async () =>
            {
                receipt = await server.Client.GetStringAsync($"/fhir/{version}/$receipt", Cancel);
                return receipt.StartsWith("c2sp.org/tlog-proof", StringComparison.Ordinal);
            },
            "receipt");
        long index = long.Parse(receipt.Split('\n').First(line => line.StartsWith("index ", StringComparison.Ordinal))["index ".Length..], CultureInfo.InvariantCulture);
        long published = (long)(await HealthAsync(server))["published"]!;
        byte[] entries = await server.Client.GetByteArrayAsync($"/ledger/tile/entries/000.p/{published}", Cancel);
        return Convert.ToHexStringLower(entries.Chunk(34).ElementAt((int)index).AsSpan(2));
    }

    private static async Task<JsonNode> HealthAsync(ServerProcess server) => JsonNode.Parse(await server.Client.GetStringAsync("/health/ledger", Cancel))!;

    /// <summary>Waits until the chain has what there is to say, for as long as it takes the worker to look twice.</summary>
    private static async Task UntilSaidAsync(ServerProcess server)
    {
        int quiet = 0;
        await WaitAsync(
            async () =>
            {
                JsonNode? registry = (await HealthAsync(server))["registry"];
                quiet = registry is not null && (int)registry["waiting"]! == 0 && registry["problem"] is null ? quiet + 1 : 0;
                return quiet > 40;
            },
            "registration");
    }

    /// <summary>What the registry said of others than its verifier, in order.</summary>
    private async Task<List<Statement>> StatementsAsync()
    {
        string endpoint = await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "ledger", "chain", "endpoint"), Cancel);
        using var node = new HttpClient { BaseAddress = new Uri(endpoint) };
        var question = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = 1,
            ["method"] = "eth_getLogs",
            ["params"] = new JsonArray(new JsonObject { ["fromBlock"] = "0x0", ["toBlock"] = "latest" }),
        };
        using HttpResponseMessage answer = await node.PostAsJsonAsync("", question, Cancel);
        JsonArray logs = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["result"]!.AsArray();

        // IdentityChanged is the one event with two indexed parts and four words of data; role 1 is the verifier's own.
        const int Words = 4;
        return
        [
            .. logs.Where(log => log!["topics"]!.AsArray().Count == 3 && ((string)log["data"]!).Length == 2 + (Words * 64))
                .Select(log => (Subject: (string)log!["topics"]![1]!, Data: ((string)log["data"]!)[2..]))
                .Select(log => new Statement(log.Subject, Convert.ToInt32(log.Data[..64], 16), Convert.ToInt32(log.Data[64..128], 16), log.Data[192..]))
                .Where(statement => statement.Role != 1),
        ];
    }

    private static async Task WaitAsync(Func<Task<bool>> has, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        while (!await has())
        {
            Assert.False(patience.IsCancellationRequested, $"The {what} did not come.");
            await Task.Delay(50, Cancel);
        }
    }

    private sealed record Statement(string Subject, int Role, int Status, string Commitment);
}
