using HealthChain.TestKit;
using HealthChain.ValidatorSuite;
using Xunit;

namespace HealthChain.Fhir.Tests.Validation;

/// <summary>HL7's validator cases. Where we differ from the reference is listed with reasons in conformance/validator/README.md, exactly.</summary>
public class ValidatorCaseTests
{
    [Fact]
    public void Cases_without_terminology_server_agree_but_for_those_explained()
    {
        ValidatorCases? cases = ValidatorCases.Open();
        Assert.SkipUnless(cases is not null, "The folder of outside suites (../shared/data) is not there.");

        string[] different = [.. cases.All.Where(item => !item.NeedsTerminologyServer).Select(cases.Run).Where(result => !result.Agrees).Select(result => result.Case.ToString())];

        Assert.Equal(Explained().Order(StringComparer.Ordinal), different.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Explained() =>
        from line in File.ReadLines(Repository.PathOf("conformance/validator/README.md")).SkipWhile(line => !line.StartsWith("## Disagreements", StringComparison.Ordinal))
        where line.StartsWith("| `", StringComparison.Ordinal)
        select line.Split('`')[1];
}
