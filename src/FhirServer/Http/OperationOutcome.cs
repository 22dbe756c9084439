using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.FhirServer.LargeData;

namespace HealthChain.FhirServer.Http;

/// <summary>Writes issues as an OperationOutcome: https://hl7.org/fhir/R4/operationoutcome.html</summary>
internal static class OperationOutcome
{
    /// <summary>R4 asks for at least one issue, so this one stands for none.</summary>
    public static Issue AllOk { get; } = new(IssueSeverity.Information, IssueType.Informational, "No issues found.");

    /// <summary>The outcome is never part of a web page, so only what JSON itself asks for is escaped.</summary>
    public static JsonWriterOptions Unescaped { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The outcome as JSON.</summary>
    public static ReadOnlyMemory<byte> ToJson(IReadOnlyList<Issue> issues)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(body, Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "OperationOutcome"u8);
        json.WriteStartArray("issue"u8);
        foreach (var issue in issues.Count == 0 ? [AllOk] : issues)
        {
            WriteIssue(json, issue);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    public static void WriteIssue(Utf8JsonWriter json, Issue issue)
    {
        json.WriteStartObject();
        json.WriteString("severity"u8, issue.Severity.Code());
        json.WriteString("code"u8, issue.Type.Code());
        json.WriteStartObject("details"u8);
        json.WriteString("text"u8, StandInMentions.Hidden(Printable(issue.Message)));
        json.WriteEndObject();
        if (Diagnostics(issue) is { } diagnostics)
        {
            json.WriteString("diagnostics"u8, diagnostics);
        }

        if (!string.IsNullOrEmpty(issue.Expression))
        {
            json.WriteStartArray("expression"u8);
            json.WriteStringValue(issue.Expression);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>A message may quote what a client sent; characters that no FHIR string may hold would make the outcome itself unreadable.</summary>
    private static string Printable(string message) => message.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0
        ? message
        : string.Create(message.Length, message, static (target, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                target[i] = source[i] < ' ' ? ' ' : source[i];
            }
        });

    /// <summary>R4 has no element for a line or a rule, and the extensions that later versions have for them are unknown to it.</summary>
    private static string? Diagnostics(Issue issue) => (issue.Position, issue.Key) switch
    {
        (null, null) => null,
        (null, var key) => $"rule {key}",
        (var (line, column), null) => $"line {line}, column {column}",
        (var (line, column), var key) => $"line {line}, column {column}; rule {key}",
    };
}
