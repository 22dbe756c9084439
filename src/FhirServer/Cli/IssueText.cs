using HealthChain.Fhir;

namespace HealthChain.FhirServer.Cli;

/// <summary>Issues as lines that people read and editors jump from.</summary>
internal static class IssueText
{
    /// <summary><c>file:line:column: severity code expression: message [rule]</c>; what is not known is left out.</summary>
    public static string Line(string path, InputResource resource, Issue issue)
    {
        var position = issue.Position is { } at ? $":{at.Line}:{at.Column}" : "";
        // A line of NDJSON is the line of every position in it.
        var place = resource.Line > 0 ? $":{resource.Line}{(issue.Position is { } inLine ? $":{inLine.Column}" : "")}" : resource.Place + position;
        var expression = issue.Expression is null ? "" : $" {issue.Expression}";
        var rule = issue.Key is null ? "" : $" [{issue.Key}]";
        return $"{path}{place}: {issue.Severity.Code()} {issue.Type.Code()}{expression}: {issue.Message}{rule}";
    }
}
