using HealthChain.Fhir;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Bundles;

/// <summary>One entry of a batch or transaction: a request as it would come over the network, or why it is none.</summary>
/// <param name="Number">Its place in the bundle, from 0.</param>
internal sealed record RequestEntry(int Number, string? FullUrl, Result<FhirRequest> Request)
{
    /// <summary>The issues as seen from the bundle: <c>Patient.name</c> becomes <c>Bundle.entry[2].resource.name</c>.</summary>
    public FhirError Locate(FhirError error) => error with { Issues = [.. error.Issues.Select(Locate)] };

    private Issue Locate(Issue issue)
    {
        string entry = $"Bundle.entry[{Number}]";
        if (issue.Expression?.StartsWith("Bundle.", StringComparison.Ordinal) == true)
        {
            return issue;
        }

        int dot = issue.Expression?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        return issue with { Expression = issue.Expression is null ? entry : $"{entry}.resource{(dot < 0 ? "" : issue.Expression[dot..])}" };
    }
}
