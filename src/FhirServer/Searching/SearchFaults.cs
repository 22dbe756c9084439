using HealthChain.Fhir;

namespace HealthChain.FhirServer.Searching;

/// <summary>Says what is wrong with a search, and which faults lenient handling may pass over.</summary>
internal static class SearchFaults
{
    /// <summary>Marks a parameter that is not known here: the only fault that lenient handling forgives (R4, "Handling Errors").</summary>
    private const string UnknownKey = "unknown-search-parameter";

    public static FhirError Unknown(string message) =>
        new(ErrorKind.Unsupported, [Issue.Error(IssueType.NotSupported, message, key: UnknownKey)]);

    public static bool IsUnknown(FhirError error) => error.Issues.All(issue => issue.Key == UnknownKey);

    /// <summary>The same fault where it cannot be forgiven, such as within a filter.</summary>
    public static FhirError AsRefusal(FhirError error) => error with { Issues = [.. error.Issues.Select(issue => issue with { Key = null })] };

    public static FhirError TooMany(string what, int limit) =>
        FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The search has more than {limit} {what}.");

    /// <summary>The issues of a parameter that is left out, or of a part of it.</summary>
    public static IEnumerable<Issue> Ignored(FhirError error) =>
        error.Issues.Select(issue => Issue.Warning(issue.Type, $"{issue.Message} It was ignored."));
}
