using HealthChain.FhirServer.Cli;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class ArgumentsTests
{
    private static Arguments Parse(params string[] words) => Arguments.Parse(words, ["--profile", "--format"], ["--json"]);

    [Fact]
    public void Words_are_split_into_files_options_and_flags()
    {
        var arguments = Parse("a.json", "--profile", "http://p", "--json", "b.json", "--format=text");

        Assert.Null(arguments.Problem);
        Assert.Equal(["a.json", "b.json"], arguments.Positional);
        Assert.Equal("http://p", arguments.Last("--profile"));
        Assert.Equal("text", arguments.Last("--format"));
        Assert.True(arguments.Has("--json"));
    }

    [Fact]
    public void An_option_may_be_given_more_than_once()
    {
        var arguments = Parse("--profile", "http://p", "--profile", "http://q");

        Assert.Equal(["http://p", "http://q"], arguments.All("--profile"));
        Assert.Equal("http://q", arguments.Last("--profile"));
    }

    [Fact]
    public void After_two_dashes_every_word_is_a_file()
    {
        Assert.Equal(["--json", "-x"], Parse("--", "--json", "-x").Positional);
    }

    [Fact]
    public void A_lone_dash_is_a_file() => Assert.Equal(["-"], Parse("-").Positional);

    [Theory]
    [InlineData("--unknown")]
    [InlineData("-x")]
    [InlineData("--json=yes")]
    [InlineData("--profile")]
    public void A_word_that_cannot_be_understood_is_a_problem(string word) => Assert.NotNull(Parse(word).Problem);
}
