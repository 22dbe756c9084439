using System.Net;
using System.Text.Json;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>Where settings come from, and what stops the start.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("healthchain");

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> FileAsync(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        return path;
    }

    private static async Task<string?> BaseOfAsync(ServerProcess server)
    {
        using var statement = JsonDocument.Parse(await server.Client.GetStringAsync("/fhir/metadata", TestContext.Current.CancellationToken));
        return statement.RootElement.GetProperty("implementation").GetProperty("url").GetString();
    }

    [Fact]
    public async Task A_file_is_read_and_the_environment_and_the_command_line_win_over_it()
    {
        string file = await FileAsync("server.json", """{"HealthChain": {"BaseUrl": "https://file.example.org/fhir", "Limits": {"MaxCount": 500}}}""");
        var environment = new Dictionary<string, string> { ["HealthChain__BaseUrl"] = "https://environment.example.org/fhir" };

        await using (var server = await ServerProcess.StartAsync("--config", file))
        {
            Assert.Equal("https://file.example.org/fhir", await BaseOfAsync(server));
        }

        await using (var server = await ServerProcess.StartAsync(null, ["--config", file], environment))
        {
            Assert.Equal("https://environment.example.org/fhir", await BaseOfAsync(server));
        }

        await using (var server = await ServerProcess.StartAsync(null, ["--config", file, "--base-url", "https://line.example.org/fhir"], environment))
        {
            Assert.Equal("https://line.example.org/fhir", await BaseOfAsync(server));
        }
    }

    [Fact]
    public async Task All_wrong_settings_are_told_at_once_by_name()
    {
        string file = await FileAsync("server.json", """{"HealthChain": {"Limits": {"BodyBites": 5, "Depth": "deep"}, "Engine": "tape"}}""");

        var finished = await Executable.RunAsync("serve", "--config", file, "--colour", "blue");

        Assert.Equal(64, finished.ExitCode);
        Assert.Contains("'--colour'", finished.Errors);
        Assert.Contains("HealthChain:Limits:BodyBites: there is no such setting", finished.Errors);
        Assert.Contains("HealthChain:Limits:Depth: 'deep' is not a whole number", finished.Errors);
        Assert.Contains("HealthChain:Engine: 'tape' is not one of sqlite", finished.Errors);
    }

    [Theory]
    [InlineData("{ \"HealthChain\": ")]
    [InlineData(null)]
    public async Task A_file_that_cannot_be_read_is_named(string? text)
    {
        string file = text is null ? Path.Combine(_folder.FullName, "absent.json") : await FileAsync("broken.json", text);

        var finished = await Executable.RunAsync("serve", "--config", file);

        Assert.Equal(64, finished.ExitCode);
        Assert.Contains(file, finished.Errors);
        Assert.DoesNotContain("   at ", finished.Errors);
    }

    [Fact]
    public async Task Development_mode_is_refused_where_others_can_reach_the_server()
    {
        var finished = await Executable.RunAsync("serve", "--development", "--urls", "http://0.0.0.0:0");

        Assert.Equal(64, finished.ExitCode);
        Assert.Contains("HealthChain:Development: everybody who reaches http://0.0.0.0", finished.Errors);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_named()
    {
        await using var server = await ServerProcess.StartAsync();
        string address = server.Client.BaseAddress!.ToString().TrimEnd('/');

        var finished = await Executable.RunAsync("serve", "--urls", address, "--data", Path.Combine(_folder.FullName, "data"));

        Assert.Equal(2, finished.ExitCode);
        Assert.Contains($"healthchain serve: Failed to bind to address {address}", finished.Errors);
        Assert.DoesNotContain("   at ", finished.Errors + finished.Output);
    }

    [Fact]
    public async Task Development_mode_is_said_at_the_start()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await ServerProcess.StartAsync();

        var finished = await server.StopAsync();

        Assert.Contains("Development mode: whoever is on this machine may read and change everything without login", finished.Output);
    }

    [Fact]
    public async Task Fixed_tokens_open_a_closed_server()
    {
        const string Token = "a-token-of-the-test-0001";
        string file = await FileAsync("server.json", $$$"""{"HealthChain": {"Tokens": [{"Token": "{{{Token}}}", "Name": "test", "Role": "practitioner", "FhirUser": "Practitioner/7"}]}}""");
        await using var server = await ServerProcess.StartAsync("--development", "false", "--config", file);

        using var closed = await server.Client.GetAsync("/fhir/Patient/1", TestContext.Current.CancellationToken);
        server.Client.DefaultRequestHeaders.Add("Authorization", "Bearer " + Token);
        using var open = await server.Client.GetAsync("/fhir/Patient/1", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, open.StatusCode);
    }
}
