using HealthChain.FhirPathSuite;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

/// <summary>The official suite, when it stands beside the repository. Exactly the listed exclusions may fail.</summary>
public class OfficialSuiteTests
{
    [Fact]
    public void All_but_the_listed_exclusions_pass()
    {
        Assert.SkipUnless(Repository.Shared is not null, "The outside suites are not here.");
        OfficialSuite suite = OfficialSuite.Load(Path.Combine(Repository.Shared, "data", "fhirpath"));

        string[] failed = [.. suite.Tests.Where(test => suite.Run(test) is not null).Select(test => test.Name).Distinct()];

        Assert.Equal(935, suite.Tests.Count);
        Assert.Equal(OfficialSuite.Exclusions().Keys.Order(), failed.Order());
    }
}
