using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>What happens to data: stopping, backup, restore, checks.</summary>
public sealed class UpkeepTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hc");

    public void Dispose() => _folder.Delete(recursive: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DirectoryInfo Data => new(Path.Combine(_folder.FullName, "data"));

    private static ByteArrayContent Patient(string family) => new(System.Text.Encoding.UTF8.GetBytes($$"""{"resourceType":"Patient","name":[{"family":"{{family}}"}]}"""))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+json") },
    };

    private static async Task<string> CreateAsync(ServerProcess server, string family)
    {
        using var content = Patient(family);
        using var response = await server.Client.PostAsync("/fhir/Patient", content, Cancel);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["id"]!;
    }

    private static async Task<string?> FamilyOfAsync(ServerProcess server, string id)
    {
        using var response = await server.Client.GetAsync($"/fhir/Patient/{id}", Cancel);
        return response.StatusCode == HttpStatusCode.OK ? (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["name"]![0]!["family"] : null;
    }

    private Task<Finished> RunAsync(string verb, params string[] arguments) => Executable.RunAsync([verb, .. arguments, "--data", Data.FullName]);

    [Fact]
    public async Task Stopping_under_load_loses_nothing_that_was_acknowledged()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        var acknowledged = new ConcurrentDictionary<string, string>();
        await using (var server = await ServerProcess.StartAsync(Data, []))
        {
            var enough = new TaskCompletionSource();
            var clients = Enumerable.Range(0, 8).Select(client => Task.Run(
                async () =>
                {
                    for (int i = 0; ; i++)
                    {
                        string family = $"F{client}x{i}";
                        try
                        {
                            acknowledged[await CreateAsync(server, family)] = family;
                        }
                        catch (HttpRequestException)
                        {
                            // The server has closed its doors.
                            return;
                        }

                        if (acknowledged.Count >= 100)
                        {
                            enough.TrySetResult();
                        }
                    }
                },
                Cancel)).ToList();
            await enough.Task.WaitAsync(Cancel);

            var finished = await server.StopAsync();
            await Task.WhenAll(clients);

            Assert.Equal(0, finished.ExitCode);
        }

        var verified = await RunAsync("verify");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
        await using var again = await ServerProcess.StartAsync(Data, []);
        foreach ((string id, string family) in acknowledged)
        {
            Assert.Equal(family, await FamilyOfAsync(again, id));
        }
    }

    [Fact]
    public async Task A_backup_taken_while_the_server_runs_brings_back_that_state()
    {
        string backup = Path.Combine(_folder.FullName, "backup");
        string before;
        string after;
        await using (var server = await ServerProcess.StartAsync(Data, []))
        {
            before = await CreateAsync(server, "Before");
            var taken = await RunAsync("backup", backup);
            Assert.True(taken.ExitCode == 0, taken.Errors);
            after = await CreateAsync(server, "After");
        }

        Directory.Move(Path.Combine(Data.FullName, "database"), Path.Combine(_folder.FullName, "lost"));
        var restored = await RunAsync("restore", backup);
        Assert.True(restored.ExitCode == 0, restored.Errors);

        await using var again = await ServerProcess.StartAsync(Data, []);
        Assert.Equal("Before", await FamilyOfAsync(again, before));
        Assert.Null(await FamilyOfAsync(again, after));
    }

    [Fact]
    public async Task A_backup_is_never_written_over()
    {
        await using (await ServerProcess.StartAsync(Data, []))
        {
        }

        string backup = Path.Combine(_folder.FullName, "backup");
        Assert.Equal(0, (await RunAsync("backup", backup)).ExitCode);

        var second = await RunAsync("backup", backup);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains("is not empty", second.Errors);
    }

    [Theory]
    [InlineData("--quick")]
    [InlineData("--quiet")]
    public async Task A_running_server_can_be_verified(string flag)
    {
        await using var server = await ServerProcess.StartAsync(Data, []);
        await CreateAsync(server, "Someone");

        var verified = await RunAsync("verify", flag);

        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
        Assert.Contains("1 version of 1 resource", verified.Errors);
        Assert.DoesNotContain("Someone", verified.Errors + verified.Output);
    }

    [Fact]
    public async Task A_damaged_store_does_not_pass()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using (var server = await ServerProcess.StartAsync(Data, []))
        {
            for (int i = 0; i < 50; i++)
            {
                await CreateAsync(server, $"Someone{i}");
            }

            await server.StopAsync();
        }

        await using (var database = File.Open(Path.Combine(Data.FullName, "database", "healthchain.db"), FileMode.Open))
        {
            // One bit in each page behind the first few, which say what the tables are.
            for (long at = (database.Length / 2) + 3000; at < database.Length; at += 8192)
            {
                database.Position = at;
                int old = database.ReadByte();
                database.Position = at;
                database.WriteByte((byte)(old ^ 1));
            }
        }

        var verified = await RunAsync("verify");

        Assert.NotEqual(0, verified.ExitCode);
        Assert.NotEmpty(verified.Output + verified.Errors);
    }

    [Fact]
    public async Task A_backup_has_large_contents_too_and_a_check_misses_them()
    {
        string backup = Path.Combine(_folder.FullName, "backup");
        byte[] image = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
        string path;
        await using (var server = await ServerProcess.StartAsync(Data, []))
        {
            using var content = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
            using var created = await server.Client.PostAsync("/fhir/Binary", content, Cancel);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            path = created.Headers.Location!.AbsolutePath;
            Assert.Equal(0, (await RunAsync("backup", backup)).ExitCode);

            Directory.Delete(Path.Combine(Data.FullName, "blobs"), recursive: true);
            var verified = await RunAsync("verify", "--quick");
            Assert.Equal(1, verified.ExitCode);
            Assert.Contains("1 large content missing", verified.Output);
        }

        Directory.Delete(Path.Combine(Data.FullName, "database"), recursive: true);
        Assert.Equal(0, (await RunAsync("restore", backup)).ExitCode);
        Assert.Equal(0, (await RunAsync("verify")).ExitCode);
        await using var again = await ServerProcess.StartAsync(Data, []);
        again.Client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("image/png"));
        Assert.Equal(image, await again.Client.GetByteArrayAsync(path.Split("/_history")[0], Cancel));
    }

    [Fact]
    public async Task A_folder_without_a_store_is_named()
    {
        var verified = await RunAsync("verify");

        Assert.Equal(2, verified.ExitCode);
        Assert.Contains(Data.FullName, verified.Errors);
        Assert.False(Data.Exists);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_does_not_start()
    {
        await using var server = await ServerProcess.StartAsync(Data, []);

        var second = await Executable.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--data", Data.FullName);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains(Data.FullName, second.Errors);
        Assert.DoesNotContain("   at ", second.Errors);
    }

    [Fact]
    public async Task Sample_patients_are_loaded_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        for (int start = 0; start < 2; start++)
        {
            await using var server = await ServerProcess.StartAsync(Data, ["--sample", "3"]);

            string line = await server.SaysAsync("Sample data: ");

            Assert.Contains(start == 0 ? "1 of 3 patients" : "not loaded, there are patients already", line);
            if (start == 0)
            {
                await server.SaysAsync("3 of 3 patients");
            }

            var bundle = JsonNode.Parse(await server.Client.GetStringAsync("/fhir/Patient?_summary=count", Cancel))!;
            Assert.Equal(3, (int)bundle["total"]!);
            await server.StopAsync();
        }
    }

    [Fact]
    public async Task Sample_patients_can_be_posted_from_another_process()
    {
        await using var server = await ServerProcess.StartAsync(Data, []);

        var posted = await Executable.RunAsync("generate", "--patients", "3", "--post", new Uri(server.Client.BaseAddress!, "/fhir").ToString());

        Assert.True(posted.ExitCode == 0, posted.Errors);
        var bundle = JsonNode.Parse(await server.Client.GetStringAsync("/fhir/Patient?_summary=count", Cancel))!;
        Assert.Equal(3, (int)bundle["total"]!);
    }
}
