using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>What everybody may fetch, and what goes to the chain, holds nothing of what is stored: no name, identifier, id or code, and no hash that could be tested.</summary>
public sealed class LedgerLeakTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-leak");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_public_tells_anything_of_what_is_stored()
    {
        var secrets = new List<byte[]>();
        void Keep(params string[] texts) => secrets.AddRange(texts.Select(Encoding.UTF8.GetBytes));
        var published = new List<(string From, byte[] Bytes)>();
        await using (ServerProcess server = await ServerProcess.StartAsync(_folder, ["--ledger-chain", "development", "--ledger-anchor-interval", "1"]))
        {
            foreach (string resource in new[]
            {
                """{"resourceType":"Patient","id":"leaky-patient-1","name":[{"family":"Lecksteinwald","given":["Ottokarine"]}],"identifier":[{"system":"urn:leak:mrn","value":"MRN-7712345"}],"birthDate":"1931-07-19"}""",
                """{"resourceType":"Observation","id":"leaky-observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"55233-1","display":"Genotype leak"}]},"subject":{"reference":"Patient/leaky-patient-1"},"valueString":"positive-leak"}""",
            })
            {
                JsonNode json = JsonNode.Parse(resource)!;
                using var content = new StringContent(resource, Encoding.UTF8, "application/fhir+json");
                using HttpResponseMessage put = await server.Client.PutAsync($"/fhir/{json["resourceType"]}/{json["id"]}", content, Cancel);
                Assert.Equal(HttpStatusCode.Created, put.StatusCode);

                // The hash of the exact bytes, which whoever guesses the content could compute.
                byte[] stored = await server.Client.GetByteArrayAsync($"/fhir/{json["resourceType"]}/{json["id"]}", Cancel);
                secrets.AddRange(FormsOf(SHA256.HashData(stored)));
                secrets.AddRange(FormsOf(SHA256.HashData(Encoding.UTF8.GetBytes(resource))));
                Keep((string)json["id"]!);
            }

            Keep("Lecksteinwald", "Ottokarine", "MRN-7712345", "urn:leak:mrn", "1931-07-19", "55233-1", "Genotype leak", "positive-leak", "Observation/", "Patient/");
            // Two versions with the records of their writing, and the records of two reads.
            await UntilAsync(server, health => (long)health["anchored"]! == 6);
            foreach (string path in new[] { "/ledger/checkpoint", "/ledger/tile/0/000.p/6", "/ledger/tile/entries/000.p/6", "/ledger/anchors", "/ledger/anchors?size=1", "/.well-known/healthchain-ledger", "/health/ledger", "/ledger/verify" })
            {
                using HttpResponseMessage answer = await server.Client.GetAsync(path, Cancel);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                published.Add((path, [.. await answer.Content.ReadAsByteArrayAsync(Cancel), .. Encoding.UTF8.GetBytes(answer.Headers.ToString())]));
            }

            await server.StopAsync();
        }

        // All that the chain keeps is in its state, and everything of the log in its folder.
        foreach (string path in Directory.EnumerateFiles(Path.Combine(_folder.FullName, "ledger"), "*", SearchOption.AllDirectories))
        {
            published.Add((path, Unpack(await File.ReadAllBytesAsync(path, Cancel))));
        }

        Assert.Contains(published, file => file.From.EndsWith("/chain/state", StringComparison.Ordinal));
        foreach ((string from, byte[] bytes) in published)
        {
            Assert.All(secrets, secret => Assert.True(bytes.AsSpan().IndexOf(secret) < 0, $"{from} has {Encoding.UTF8.GetString(secret)}"));
        }
    }

    [Fact]
    public async Task After_an_erasure_nobody_gets_a_receipt_and_the_leaf_stays()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder, []);
        using var content = new StringContent("""{"resourceType":"Patient","name":[{"family":"Gone"}]}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage created = await server.Client.PostAsync("/fhir/Patient", content, Cancel);
        string version = created.Headers.Location!.AbsolutePath;
        await UntilAsync(server, health => (long)health["published"]! == 2);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync($"{version}/$receipt", Cancel)).StatusCode);
        byte[] leaf = await server.Client.GetByteArrayAsync("/ledger/tile/0/000.p/2", Cancel);

        using var reason = new StringContent("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"asked for in writing"}]}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage erased = await server.Client.PostAsync($"{version.Split("/_history/")[0]}/$erase", reason, Cancel);
        Assert.True(erased.IsSuccessStatusCode, await erased.Content.ReadAsStringAsync(Cancel));
        // The version, the record of its writing, that of the receipt, and the erasure.
        await UntilAsync(server, health => (long)health["published"]! == 4);

        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync($"{version}/$receipt", Cancel)).StatusCode);
        Assert.Equal(leaf, (await server.Client.GetByteArrayAsync("/ledger/tile/0/000.p/4", Cancel))[..leaf.Length]);
        Finished verified = await Executable.RunAsync("ledger", "verify", "--deep", "--data", _folder.FullName);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A hash as it might be written.</summary>
    private static IEnumerable<byte[]> FormsOf(byte[] hash) =>
        [hash, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash)), Encoding.ASCII.GetBytes(Convert.ToHexString(hash)), Encoding.ASCII.GetBytes(Convert.ToBase64String(hash))];

    /// <summary>A chain's state is compressed JSON in hexadecimal digits: then all three forms are looked through.</summary>
    private static byte[] Unpack(byte[] file)
    {
        string text = Encoding.ASCII.GetString(file).Trim().Trim('"');
        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        byte[] binary = text.Length > 0 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : file;
        if (binary is not [0x1f, 0x8b, ..])
        {
            return [.. file, .. binary];
        }

        using var packed = new System.IO.Compression.GZipStream(new MemoryStream(binary), System.IO.Compression.CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        packed.CopyTo(unpacked);
        byte[] state = unpacked.ToArray();
        Assert.Contains("transactions", Encoding.UTF8.GetString(state), StringComparison.OrdinalIgnoreCase);
        return [.. file, .. binary, .. state];
    }

    private static async Task UntilAsync(ServerProcess server, Func<JsonNode, bool> has)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (JsonNode.Parse(await server.Client.GetStringAsync("/health/ledger", Cancel)) is { } health && !has(health))
        {
            Assert.False(patience.IsCancellationRequested, $"The ledger did not get there: {health}");
            await Task.Delay(50, Cancel);
        }
    }
}
