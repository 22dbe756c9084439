using Xunit;

namespace HealthChain.EndToEnd.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_lists_the_verbs_on_standard_output()
    {
        var finished = await Executable.RunAsync("--help");

        Assert.Equal(0, finished.ExitCode);
        Assert.Contains("serve ", finished.Output);
        Assert.Empty(finished.Errors);
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        var finished = await Executable.RunAsync("--version");

        Assert.Equal(0, finished.ExitCode);
        Assert.Matches(@"^healthchain \d+\.\d+", finished.Output);
    }

    [Fact]
    public async Task An_unknown_verb_is_a_usage_error_on_standard_error()
    {
        var finished = await Executable.RunAsync("valdiate");

        Assert.Equal(2, finished.ExitCode);
        Assert.Empty(finished.Output);
        Assert.Contains("'valdiate'", finished.Errors);
    }
}
