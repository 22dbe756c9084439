using HealthChain.Fuzz;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Fuzzing;

/// <summary>Replays every input that was ever a finding, and gives each target a short run of new ones.</summary>
public class FuzzTests
{
    private const int ShortRun = 10_000;

    public static TheoryData<string> Names => [.. Targets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Found_cases_stay_fixed(string name)
    {
        FuzzTarget target = Targets.All.Single(candidate => candidate.Name == name);
        foreach (string file in Repository.Files($"tests/Fuzz/corpus/{name}", "*.input"))
        {
            target.Run(File.ReadAllBytes(file));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Seeds_and_mutations_of_them_are_no_finding(string name)
    {
        FuzzTarget target = Targets.All.Single(candidate => candidate.Name == name);
        foreach (byte[] seed in target.Seeds)
        {
            target.Run(seed);
        }

        var mutator = new Mutator(seed: 7, target);
        for (int i = 0; i < ShortRun; i++)
        {
            byte[] input = mutator.Next();
            Exception? failure = Record.Exception(() => target.Run(input));
            Assert.True(failure is null, $"{failure?.Message} on {Convert.ToBase64String(input)}");
        }
    }
}
