using HealthChain.Fhir.FhirPath;
using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class LimitTests
{
    [Fact]
    public void Limits_of_the_context_hold_for_the_result_too_whatever_ran_before()
    {
        FhirPathExpression endless = FhirPathExpression.Compile("(1).repeat($this + 1)").Value;
        foreach (int items in new[] { 5_000, 200, 1_000 })
        {
            var limits = new FhirPathLimits { MaxItems = items };

            Result<IReadOnlyList<FhirPathValue>> result = endless.TryEvaluate(default, new EvaluationContext { Limits = limits });

            Assert.Equal(ErrorKind.TooCostly, result.Error?.Kind);
            Assert.Contains($"{items} items", result.Error?.ToString(), StringComparison.Ordinal);
        }
    }
}
