using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>The access log of a real process, from a read to a proof of the read that needs no server.</summary>
public sealed class AuditTests
{
    private const int Patience = 60;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_receipt_of_an_AuditEvent_proves_the_access_offline()
    {
        await using ServerProcess server = await ServerProcess.StartAsync();
        using var content = new StringContent("""{"resourceType":"Patient","name":[{"family":"Offline"}]}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage created = await server.Client.PostAsync("/fhir/Patient", content, Cancel);
        string patient = created.Headers.Location!.AbsolutePath.Split('/')[3];
        await server.Client.GetStringAsync($"/fhir/Patient/{patient}", Cancel);

        JsonNode found = JsonNode.Parse(await server.Client.GetStringAsync($"/fhir/AuditEvent?patient={patient}&action=R&_count=1", Cancel))!["entry"]![0]!["resource"]!;
        Assert.Contains($"Patient/{patient}/_history/1", found.ToJsonString(), StringComparison.Ordinal);
        string receipt = await ReceiptAsync(server, $"/fhir/AuditEvent/{found["id"]}/_history/1/$receipt");
        string key = (string)JsonNode.Parse(await server.Client.GetStringAsync("/.well-known/healthchain-ledger", Cancel))!["vkey"]!;
        Assert.Equal(0, (await server.StopAsync()).ExitCode);

        FileInfo file = new(Path.GetTempFileName());
        try
        {
            await File.WriteAllTextAsync(file.FullName, receipt, Cancel);
            Finished verified = await Executable.RunAsync("ledger", "verify", "--receipt", file.FullName, "--key", key);

            Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
            Assert.Contains("an access to 1 version", verified.Output, StringComparison.Ordinal);
            Assert.Contains(((string)found["recorded"]!)[..19], verified.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(patient, verified.Output + receipt, StringComparison.Ordinal);

            await File.WriteAllTextAsync(file.FullName, receipt.Replace(receipt[^40], receipt[^40] == 'A' ? 'B' : 'A'), Cancel);
            Assert.NotEqual(0, (await Executable.RunAsync("ledger", "verify", "--receipt", file.FullName, "--key", key)).ExitCode);
        }
        finally
        {
            file.Delete();
        }
    }

    private static async Task<string> ReceiptAsync(ServerProcess server, string path)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(Patience));
        while (true)
        {
            using HttpResponseMessage answer = await server.Client.GetAsync(path, Cancel);
            Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return await answer.Content.ReadAsStringAsync(Cancel);
            }

            Assert.False(patience.IsCancellationRequested, "The receipt did not come.");
            await Task.Delay(50, Cancel);
        }
    }
}
