using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class HealthTests(ServerFactory server) : IClassFixture<ServerFactory>
{
    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task A_running_server_answers_its_probes(string path, string expected)
    {
        using var client = server.CreateClient();

        Assert.Equal(expected, await client.GetStringAsync(path, TestContext.Current.CancellationToken));
    }
}
