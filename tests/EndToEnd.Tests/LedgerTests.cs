using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>The ledger of real processes: receipts, anchors on a chain, witnesses, mirrors, and what happens when somebody tampers.</summary>
public sealed class LedgerTests : IDisposable
{
    private const int Patience = 60;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain-ledger");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_receipt_proves_a_version_offline_and_a_changed_one_does_not()
    {
        await using ServerProcess server = await StartAsync("a");
        string version = await CreateAsync(server, "Offline");
        string receipt = await ReceiptAsync(server, version);
        string key = await KeyAsync(server);
        string file = Path.Combine(_folder.FullName, "receipt.tlog-proof");
        await File.WriteAllTextAsync(file, receipt, Cancel);

        Finished good = await Executable.RunAsync("ledger", "verify", "--receipt", file, "--key", key);
        Assert.True(good.ExitCode == 0, good.Errors);
        Assert.Contains(version.Split("/_history/")[0]["/fhir/".Length..], good.Output);
        Assert.DoesNotContain("Offline", good.Output + receipt);

        Finished mistaken = await Executable.RunAsync("ledger", "verify", "--receipt", file, "--key", key, "--witness", key);
        Assert.Equal(2, mistaken.ExitCode);
        Assert.DoesNotContain("   at ", mistaken.Errors);

        foreach (int at in new[] { 60, receipt.IndexOf("index", StringComparison.Ordinal) + 20, receipt.Length - 20 })
        {
            char[] letters = receipt.ToCharArray();
            letters[at] = letters[at] == 'A' ? 'B' : 'A';
            await File.WriteAllTextAsync(file, new string(letters), Cancel);
            Assert.Equal(1, (await Executable.RunAsync("ledger", "verify", "--receipt", file, "--key", key)).ExitCode);
        }
    }

    [Fact]
    public async Task A_version_that_no_checkpoint_has_yet_is_promised()
    {
        await using ServerProcess server = await StartAsync("a", "--ledger-checkpoint-interval", "3600");
        await ReceiptAsync(server, await CreateAsync(server, "First"));
        string second = await CreateAsync(server, "Second");

        using HttpResponseMessage answer = await server.Client.GetAsync($"{second}/$receipt", Cancel);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync($"{second}0/$receipt", Cancel)).StatusCode);
    }

    [Fact]
    public async Task What_is_public_is_cacheable_bounded_and_well_formed()
    {
        await using ServerProcess server = await StartAsync("a");
        for (int i = 0; i < 3; i++)
        {
            await CreateAsync(server, $"Public{i}");
        }

        await UntilAsync(server, health => (long)health["published"]! == 3, "checkpoint");
        using HttpResponseMessage tile = await server.Client.GetAsync("/ledger/tile/0/000.p/3", Cancel);
        using HttpResponseMessage entries = await server.Client.GetAsync("/ledger/tile/entries/000.p/3", Cancel);
        using HttpResponseMessage checkpoint = await server.Client.GetAsync("/ledger/checkpoint", Cancel);
        using HttpResponseMessage page = await server.Client.GetAsync("/ledger/verify", Cancel);

        Assert.Equal(96, (await tile.Content.ReadAsByteArrayAsync(Cancel)).Length);
        Assert.Contains("immutable", tile.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(3 * 34, (await entries.Content.ReadAsByteArrayAsync(Cancel)).Length);
        Assert.True(checkpoint.Headers.CacheControl!.NoCache);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        foreach (string nothing in new[] { "tile/0/000", "tile/0/000.p/4", "tile/0/001", "tile/entries/000.p/4", "tile/8/000", "log.key", "heads", "chain/key", "mirror/x/checkpoint" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/ledger/" + nothing, Cancel)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.Client.PostAsync("/ledger/checkpoint", null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.PostAsync("/ledger/witness/add-checkpoint", null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Client.GetAsync("/ledger/anchors?size=0", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_ledger_for_members_shows_strangers_nothing()
    {
        await using ServerProcess server = await StartAsync("a", "--ledger-public", "false");
        using var stranger = new HttpRequestMessage(HttpMethod.Get, "/ledger/checkpoint") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "nobody-knows-this-token") } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.SendAsync(stranger, Cancel)).StatusCode);
    }

    [Fact]
    public async Task Killed_under_load_with_a_chain_nothing_acknowledged_is_lost_and_nothing_forks()
    {
        var versions = new List<string>();
        string? key = null;
        for (int life = 0; life < 4; life++)
        {
            // The first is killed at once, so that the chain is killed while it is made.
            await using ServerProcess server = await StartAsync("a", "--ledger-chain", "development", "--ledger-anchor-interval", "1");
            int wanted = versions.Count + (life * 40) + 5;
            while (versions.Count < wanted)
            {
                versions.Add(await CreateAsync(server, $"Life{life}"));
            }

            key ??= await KeyAsync(server);
            if (life > 0)
            {
                await UntilAsync(server, health => (long)health["anchored"]! >= versions.Count - 20, "anchor");
            }
        }

        await using (ServerProcess server = await StartAsync("a", "--ledger-chain", "development", "--ledger-anchor-interval", "1"))
        {
            Assert.Equal(key, await KeyAsync(server));
            await UntilAsync(server, health => (long)health["anchored"]! == versions.Count, "last anchor");
            foreach (string version in versions)
            {
                Assert.StartsWith("c2sp.org/tlog-proof@v1\n", await ReceiptAsync(server, version));
            }

            JsonNode anchors = JsonNode.Parse(await server.Client.GetStringAsync("/ledger/anchors?size=1", Cancel))!;
            Assert.NotEmpty(anchors["anchors"]!.AsArray());
            Finished verified = await VerifyAsync("a", "--deep");
            Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
            Assert.Contains("heads of", verified.Errors);
            Assert.Equal(0, (await server.StopAsync()).ExitCode);
        }
    }

    [Fact]
    public async Task A_changed_row_is_named_and_nothing_is_signed_while_FHIR_goes_on()
    {
        byte[][] entries = await FillAsync("a", 5);
        Patch("a", database => Flip(database, entries[2], 5));

        await AssertRefusesAsync("a", "LeavesChanged", "sequence 3");
    }

    [Fact]
    public async Task Swapped_leaves_are_named()
    {
        byte[][] entries = await FillAsync("a", 5);
        Patch("a", database =>
        {
            int one = database.AsSpan().IndexOf(entries[1]);
            int other = database.AsSpan().IndexOf(entries[3]);
            entries[3].CopyTo(database, one);
            entries[1].CopyTo(database, other);
        });

        await AssertRefusesAsync("a", "LeavesSwapped", "leaves at 1 and 3");
    }

    [Fact]
    public async Task A_changed_tile_and_a_changed_checkpoint_are_named()
    {
        await FillAsync("a", 5);
        string tile = Path.Combine(_folder.FullName, "a", "ledger", "tile", "0", "000.p", "5");
        byte[] before = await File.ReadAllBytesAsync(tile, Cancel);
        byte[] changed = [.. before];
        changed[40] ^= 1;
        await File.WriteAllBytesAsync(tile, changed, Cancel);
        await AssertRefusesAsync("a", "TilesDamaged", "tile/0/000.p/5");
        await File.WriteAllBytesAsync(tile, before, Cancel);

        string checkpoint = Path.Combine(_folder.FullName, "a", "ledger", "checkpoint");
        byte[] note = await File.ReadAllBytesAsync(checkpoint, Cancel);
        note[^10] = note[^10] == (byte)'A' ? (byte)'B' : (byte)'A';
        await File.WriteAllBytesAsync(checkpoint, note, Cancel);
        await AssertRefusesAsync("a", "CheckpointDamaged", "not what was signed");
    }

    [Fact]
    public async Task An_older_database_under_a_newer_ledger_is_named()
    {
        await FillAsync("a", 3);
        Copy("a/database", "older");
        await FillAsync("a", 2);
        Directory.Delete(Path.Combine(_folder.FullName, "a", "database"), recursive: true);
        Copy("older", "a/database");

        await AssertRefusesAsync("a", "LeavesMissing", "2 are missing");
    }

    [Fact]
    public async Task Two_servers_witness_each_other_and_a_restored_backup_or_a_second_server_of_one_name_is_refused()
    {
        int[] ports = [Ports.Take(), Ports.Take()];
        string[] keys = await MakeKeysAsync();
        string[] settings(int own) =>
        [
            "--urls", $"http://127.0.0.1:{ports[own]}", "--ledger-witness-for", keys[1 - own],
            "--ledger-witnesses", $"{keys[3 - own]} http://127.0.0.1:{ports[1 - own]}/ledger/witness", "--ledger-witnesses-needed", "1",
        ];

        await using ServerProcess second = await StartAsync("b", settings(1));
        await using (ServerProcess first = await StartAsync("a", settings(0)))
        {
            await CreateAsync(first, "Witnessed");
            await CreateAsync(second, "Witnessed");
            await UntilAsync(first, health => (long)health["published"]! == 1, "cosigned checkpoint of the first");
            await UntilAsync(second, health => (long)health["published"]! == 1, "cosigned checkpoint of the second");
            Assert.Equal(2, (await first.Client.GetStringAsync("/ledger/checkpoint", Cancel)).Split('\n').Count(line => line.StartsWith('\u2014')));
            await first.StopAsync();
        }

        Copy("a", "backup");
        await using (ServerProcess first = await StartAsync("a", settings(0)))
        {
            await CreateAsync(first, "AfterBackup");
            await UntilAsync(first, health => (long)health["published"]! == 2, "second checkpoint");
            await first.StopAsync();
        }

        // The backup has the same name and key, and goes another way: to the witness it is a fork, whoever runs it.
        await using (ServerProcess restored = await StartAsync("backup", settings(0)))
        {
            string version = await CreateAsync(restored, "OtherWay");
            JsonNode health = await UntilAsync(restored, health => health["alarm"] is not null, "alarm");
            Assert.Contains("WitnessContradicts", (string)health["alarm"]!);
            Assert.Equal(HttpStatusCode.OK, (await restored.Client.GetAsync(version, Cancel)).StatusCode);
            Assert.Equal("ready", await restored.Client.GetStringAsync("/health/ready", Cancel));
            Assert.Equal(1, (long)(await HealthAsync(restored))["published"]!);
        }
    }

    [Fact]
    public async Task A_mirror_has_the_other_servers_log_and_serves_it()
    {
        await using ServerProcess log = await StartAsync("a");
        await CreateAsync(log, "Mirrored");
        await UntilAsync(log, health => (long)health["published"]! == 1, "checkpoint");
        string key = await KeyAsync(log);
        await using ServerProcess member = await StartAsync("b", "--ledger-mirrors", $"{key} {log.Client.BaseAddress}ledger", "--ledger-mirror-interval", "1");

        string origin = key.Split('+')[0];
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(origin)));
        string expected = await log.Client.GetStringAsync("/ledger/checkpoint", Cancel);
        await WaitAsync(async () => (await member.Client.GetAsync($"/ledger/mirror/{hash}/checkpoint", Cancel)).IsSuccessStatusCode, "mirrored checkpoint");

        Assert.Equal(expected, await member.Client.GetStringAsync($"/ledger/mirror/{hash}/checkpoint", Cancel));
        Assert.Equal(await log.Client.GetByteArrayAsync("/ledger/tile/0/000.p/1", Cancel), await member.Client.GetByteArrayAsync($"/ledger/mirror/{hash}/tile/0/000.p/1", Cancel));
        Finished watched = await Executable.RunAsync("ledger", "verify", "--watch", $"{log.Client.BaseAddress}ledger", "--key", key, "--folder", Path.Combine(_folder.FullName, "watched"), "--rounds", "1");
        Assert.Equal(0, watched.ExitCode);
        Assert.StartsWith("1 leaves", watched.Output);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A server whose ledger has one leaf for each version: these tests count them, so the access log keeps its own out.</summary>
    private Task<ServerProcess> StartAsync(string name, params string[] settings) =>
        ServerProcess.StartAsync(new DirectoryInfo(Path.Combine(_folder.FullName, name)), ["--access-log", "false", .. settings]);

    private Task<Finished> VerifyAsync(string name, params string[] words) =>
        Executable.RunAsync(["ledger", "verify", "--data", Path.Combine(_folder.FullName, name), .. words]);

    private static async Task<string> CreateAsync(ServerProcess server, string family)
    {
        using var content = new StringContent($$"""{"resourceType":"Patient","name":[{"family":"{{family}}"}]}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage created = await server.Client.PostAsync("/fhir/Patient", content, Cancel);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return created.Headers.Location!.AbsolutePath;
    }

    /// <summary>The receipt of a version, once a checkpoint has it.</summary>
    private static async Task<string> ReceiptAsync(ServerProcess server, string version)
    {
        string receipt = "";
        await WaitAsync(
            async () =>
            {
                using HttpResponseMessage answer = await server.Client.GetAsync($"{version}/$receipt", Cancel);
                Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
                receipt = await answer.Content.ReadAsStringAsync(Cancel);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "receipt");
        return receipt;
    }

    private static async Task<string> KeyAsync(ServerProcess server)
    {
        await WaitAsync(async () => (await server.Client.GetAsync("/.well-known/healthchain-ledger", Cancel)).IsSuccessStatusCode, "ledger");
        return (string)JsonNode.Parse(await server.Client.GetStringAsync("/.well-known/healthchain-ledger", Cancel))!["vkey"]!;
    }

    private static async Task<JsonNode> HealthAsync(ServerProcess server) => JsonNode.Parse(await server.Client.GetStringAsync("/health/ledger", Cancel))!;

    private static async Task<JsonNode> UntilAsync(ServerProcess server, Func<JsonNode, bool> has, string what)
    {
        JsonNode health = new JsonObject();
        await WaitAsync(async () => has(health = await HealthAsync(server)), what);
        return health;
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

    /// <summary>Writes so many versions, stops the server, and gives the entries of all leaves.</summary>
    private async Task<byte[][]> FillAsync(string name, int count)
    {
        await using ServerProcess server = await StartAsync(name);
        long before = (long)(await HealthAsync(server))["leaves"]!;
        for (int i = 0; i < count; i++)
        {
            await CreateAsync(server, $"Filled{i}");
        }

        await UntilAsync(server, health => (long)health["published"]! >= before + count, "checkpoint");
        long size = (long)(await HealthAsync(server))["published"]!;
        byte[] bundle = await server.Client.GetByteArrayAsync($"/ledger/tile/entries/000.p/{size}", Cancel);
        Assert.Equal(0, (await server.StopAsync()).ExitCode);
        return [.. bundle.Chunk(34).Select(entry => entry[2..])];
    }

    private void Patch(string name, Action<byte[]> change)
    {
        string path = Path.Combine(_folder.FullName, name, "database", "healthchain.db");
        byte[] database = File.ReadAllBytes(path);
        change(database);
        File.WriteAllBytes(path, database);
    }

    private static void Flip(byte[] database, byte[] entry, int at)
    {
        int place = database.AsSpan().IndexOf(entry);
        Assert.True(place > 0);
        database[place + at] ^= 1;
    }

    /// <summary>The offline check names the fault, and a server that is started signs nothing but serves.</summary>
    private async Task AssertRefusesAsync(string name, string fault, string detail)
    {
        string checkpoint = Path.Combine(_folder.FullName, name, "ledger", "checkpoint");
        byte[] before = await File.ReadAllBytesAsync(checkpoint, Cancel);
        Finished verified = await VerifyAsync(name);
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains(verified.Output.Split('\n'), line => line.StartsWith(fault + ": ", StringComparison.Ordinal) && line.Contains(detail, StringComparison.Ordinal));

        await using ServerProcess server = await StartAsync(name);
        JsonNode health = await UntilAsync(server, health => health["alarm"] is not null, "alarm");
        Assert.StartsWith(fault, (string)health["alarm"]!);
        string version = await CreateAsync(server, "GoesOn");
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(version, Cancel)).StatusCode);
        Finished again = await VerifyAsync(name);
        Assert.Contains(fault + ": ", again.Output);
        await server.StopAsync();
        Assert.Equal(before, await File.ReadAllBytesAsync(checkpoint, Cancel));
    }

    private void Copy(string from, string to)
    {
        string source = Path.Combine(_folder.FullName, from);
        string target = Path.Combine(_folder.FullName, to);
        foreach (string path in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, path));
            if (!OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            File.Copy(path, copy, overwrite: true);
        }
    }

    /// <summary>Keys of two logs and their two witnesses, which servers make at their first start: log a, log b, witness b, witness a.</summary>
    private async Task<string[]> MakeKeysAsync()
    {
        var keys = new string[4];
        for (int i = 0; i < 2; i++)
        {
            // Any key of a log makes it a witness.
            await using ServerProcess server = await StartAsync(i == 0 ? "a" : "b", "--ledger-witness-for", "other.example+d45d76de+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
            keys[i] = await KeyAsync(server);
            keys[2 + i] = (string)JsonNode.Parse(await server.Client.GetStringAsync("/.well-known/healthchain-ledger", Cancel))!["witness"]!["vkey"]!;
            await server.StopAsync();
        }

        return keys;
    }
}
