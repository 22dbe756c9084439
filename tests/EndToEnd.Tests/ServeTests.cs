using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

public sealed class ServeTests(ITestOutputHelper log)
{
    [Fact]
    public async Task The_server_answers_metadata_soon_after_its_process_starts()
    {
        var clock = Stopwatch.StartNew();
        await using var server = await ServerProcess.StartAsync();
        using var response = await server.Client.GetAsync("/fhir/metadata", TestContext.Current.CancellationToken);
        var elapsed = clock.Elapsed;

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        log.WriteLine($"first metadata answer after {elapsed.TotalMilliseconds:F0} ms");
        // The bar is 600 ms on a quiet machine and is measured in benchmarks/Start; here only a broken start shall fail.
        Assert.True(elapsed < TimeSpan.FromSeconds(60), $"took {elapsed}");
    }

    [Fact]
    public async Task The_configured_base_stands_in_metadata()
    {
        await using var server = await ServerProcess.StartAsync("--HealthChain:BaseUrl", "https://fhir.example.org/fhir/");

        using var statement = JsonDocument.Parse(
            await server.Client.GetStringAsync("/fhir/metadata", TestContext.Current.CancellationToken));

        Assert.Equal("https://fhir.example.org/fhir", statement.RootElement.GetProperty("implementation").GetProperty("url").GetString());
    }

    [Fact]
    public async Task A_request_to_terminate_ends_the_server_in_order()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await ServerProcess.StartAsync();

        Assert.Equal(0, (await server.StopAsync()).ExitCode);
    }

    [Fact]
    public async Task The_log_does_not_repeat_what_a_request_asked_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        await using var server = await ServerProcess.StartAsync();
        using var response = await server.Client.GetAsync("/fhir/Patient?name=Lovelace", TestContext.Current.CancellationToken);

        var finished = await server.StopAsync();

        Assert.Contains("shutting down", finished.Output);
        Assert.DoesNotContain("Lovelace", finished.Output + finished.Errors);
    }

    [Theory]
    [InlineData("--urls", "8080")]
    [InlineData("--HealthChain:BaseUrl", "fhir.example.org")]
    public async Task A_wrong_setting_stops_the_start_with_a_line_that_names_it(string setting, string value)
    {
        var finished = await Executable.RunAsync(setting, value);

        Assert.Equal(64, finished.ExitCode);
        Assert.Contains(setting[2..], finished.Errors);
        Assert.Contains($"'{value}'", finished.Errors);
    }
}
