using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>Single faults put into examples by code: each is found, and the error says where it is.</summary>
public class MutationTests
{
    private const int Fewest = 600;

    [Fact]
    public void Every_fault_put_into_an_example_is_caught_and_named()
    {
        Fhir.Validation.Validator validator = ExampleRun.NewValidator();
        IReadOnlyList<Mutation> mutations = MutationSuite.Generate();

        string[] missed = [.. mutations.Where(mutation => !mutation.IsCaughtBy(MutationSuite.Run(validator, mutation))).Select(mutation => mutation.ToString())];

        Assert.Empty(missed);
        Assert.InRange(mutations.Count, Fewest, int.MaxValue);
    }
}
