using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Patch;

/// <summary>What all patches end with.</summary>
internal static class PatchedResource
{
    /// <summary>The tree of a sound resource; else an error that says what the patch would have made.</summary>
    public static Result<ElementTree> Read(ReadResult result, string where = "The patch") => result.IsOk
        ? result.Tree!
        : new FhirError(
            ErrorKind.Unprocessable, [.. result.Issues.Select(issue => issue with { Message = $"{where} would leave an invalid resource: {issue.Message}", Position = null })]);
}
