using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>Single faults put into examples by code: each is found, and the error says where it is.</summary>
public class MutationTests
{
    private const int Fewest = 600;

    [Theory]
    [InlineData(TestProfiles.ValidPatient)]
    [InlineData(TestProfiles.ValidObservation)]
    public void Resources_that_meet_the_test_profiles_have_no_error(string json)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

        IReadOnlyList<Issue> issues = TestProfiles.NewValidator().Validate(resource);

        Assert.DoesNotContain(issues, issue => issue.IsError);
    }

    [Fact]
    public void Trees_that_the_reader_complains_of_can_be_validated()
    {
        Fhir.Validation.Validator validator = TestProfiles.NewValidator();
        int broken = 0;
        foreach (Mutation mutation in MutationSuite.Generate())
        {
            ReadResult read = FhirJson.Read(Encoding.UTF8.GetBytes(mutation.Resource.ToJsonString()));
            if (read is { IsOk: false, Tree: { } tree })
            {
                broken++;
                Assert.NotNull(validator.Validate(tree.Root));
            }
        }

        Assert.NotEqual(0, broken);
    }

    [Fact]
    public void Every_fault_put_into_an_example_is_caught_and_named()
    {
        Fhir.Validation.Validator validator = TestProfiles.NewValidator();
        IReadOnlyList<Mutation> mutations = MutationSuite.Generate();

        string[] missed = [.. mutations.Where(mutation => !mutation.IsCaughtBy(MutationSuite.Run(validator, mutation))).Select(mutation => mutation.ToString())];

        Assert.Empty(missed);
        Assert.InRange(mutations.Count, Fewest, int.MaxValue);
    }
}
