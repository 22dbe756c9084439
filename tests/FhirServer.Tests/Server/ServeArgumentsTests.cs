using HealthChain.FhirServer.Server;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

public sealed class ServeArgumentsTests
{
    [Fact]
    public void Short_names_become_keys_of_the_configuration()
    {
        var arguments = ServeArguments.Parse(["--urls", "http://localhost:1", "--limits-body-bytes=5 MB", "--development", "--data", "/srv", "--client-ids", "false"]);

        Assert.Empty(arguments.Problems);
        Assert.Equal(
            ["--urls=http://localhost:1", "--HealthChain:Limits:BodyBytes=5 MB", "--HealthChain:Development=true", "--HealthChain:Data=/srv", "--HealthChain:ClientIds=false"],
            arguments.Words);
    }

    [Fact]
    public void Keys_of_the_configuration_are_taken_as_they_are()
    {
        var arguments = ServeArguments.Parse(["--HealthChain:BaseUrl", "http://a", "--Logging:LogLevel:Default=Error"]);

        Assert.Equal(["--HealthChain:BaseUrl=http://a", "--Logging:LogLevel:Default=Error"], arguments.Words);
    }

    [Fact]
    public void The_file_is_kept_apart()
    {
        var arguments = ServeArguments.Parse(["--config", "a.json", "--development"]);

        Assert.Equal("a.json", arguments.ConfigFile);
        Assert.Equal(["--HealthChain:Development=true"], arguments.Words);
    }

    [Theory]
    [InlineData("--colour", "--colour")]
    [InlineData("file.json", "file.json")]
    [InlineData("--urls", "--urls needs a value")]
    [InlineData("--config", "--config needs a value")]
    public void A_word_that_cannot_be_understood_is_a_problem(string word, string named)
    {
        Assert.Contains(named, Assert.Single(ServeArguments.Parse([word]).Problems));
    }

    [Fact]
    public void All_of_them_are_told() => Assert.Equal(2, ServeArguments.Parse(["--colour", "blue", "--development", "true", "more"]).Problems.Count);
}
