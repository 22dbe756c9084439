using HealthChain.Fhir;

namespace HealthChain.FhirServer.Cli;

/// <summary>Issues as lines that people read and editors jump from.</summary>
internal static class IssueText
{
    /// <summary><c>file:line:column: severity code expression: message [rule]</c>; what is not known is left out.</summary>
    public static string Line(string path, InputResource resource, Issue issue)
    {
        // A line of NDJSON is the line of every position in it.
        var place = (resource.Line, issue.Position) switch
        {
            (0, null) => "",
            (0, var (line, column)) => $":{line}:{column}",
            (var line, null) => $":{line}",
            (var line, var (_, column)) => $":{line}:{column}",
        };
        var expression = resource.ExpressionInFile(issue.Expression) is { } known ? $" {known}" : "";
        var rule = issue.Key is null ? "" : $" [{issue.Key}]";
        return $"{path}{place}: {issue.Severity.Code()} {issue.Type.Code()}{expression}: {issue.Message}{rule}";
    }
}
