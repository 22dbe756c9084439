using System.Text;
using HealthChain.RoundTrip;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Xml;

/// <summary>The short form of conformance/roundtrip: every fiftieth example of the specification, and the outside suite.</summary>
public class ExampleRoundTripTests
{
    private const int Step = 50;
    private const int MaxBytes = 200_000;

    [Fact]
    public void A_sample_of_the_specification_s_examples_comes_back_unchanged()
    {
        string? archive = Packages.Examples();
        Assert.SkipUnless(archive is not null, "The package of examples has not been downloaded; a build without SkipNpm does it.");

        (string Name, byte[] Content)[] sample =
            [.. Packages.Resources(archive).Where((_, index) => index % Step == 0).Where(file => file.Content.Length < MaxBytes)];

        Assert.InRange(sample.Length, 80, 200);
        Assert.Equal("", Differences(sample));
    }

    [Fact]
    public void The_outside_suite_comes_back_unchanged_or_is_refused_for_a_reason()
    {
        string? shared = Repository.Shared;
        Assert.SkipUnless(shared is not null, "The outside suites are not here.");

        (string Name, byte[] Content)[] files = [.. Packages.Resources(Path.Combine(shared, "data", "fhir-test-cases", "roundtrip"))];

        Assert.NotEmpty(files);
        Assert.Equal("", Differences(files));
    }

    private static string Differences(IEnumerable<(string Name, byte[] Content)> files)
    {
        Exceptions exceptions = Exceptions.Load();
        var found = new StringBuilder();
        foreach ((string name, byte[] content) in files)
        {
            RoundTripOutcome outcome = RoundTripCheck.Run(name, content, exceptions);
            if (outcome.Failure is not null)
            {
                found.AppendLine($"{name}: {outcome.Failure}");
            }
        }

        return found.ToString();
    }
}
