using HealthChain.Crash;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>The short form; tests/Crash has the long one.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Whenever_the_process_is_killed_nothing_acknowledged_is_lost_and_nothing_is_half_there()
    {
        int seed = Seed.Or(20_261_122);
        CrashReport report = await new CrashRun(seed).RunAsync(8, TestContext.Current.CancellationToken);
        Assert.True(report.Faults.Count == 0, $"Seed {seed}\n{string.Join('\n', report.Faults)}");
        Assert.NotEqual(0, report.Acknowledged);
    }
}
