using System.Text;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Cli;

/// <summary>Takes the issues of file after file and writes them as they come.</summary>
internal interface IIssueReport : IDisposable
{
    void Begin(string path);

    void Add(InputResource resource, Issue issue);

    void End();
}

/// <summary>A line per issue, as people read it and editors jump from it.</summary>
internal sealed class TextReport(Stream output) : IIssueReport
{
    private readonly StreamWriter _writer = new(output, new UTF8Encoding(false), leaveOpen: true);
    private string _path = "";

    public void Begin(string path) => _path = path;

    public void Add(InputResource resource, Issue issue) => _writer.WriteLine(IssueText.Line(_path, resource, issue));

    public void End() => _writer.Flush();

    public void Dispose() => _writer.Dispose();
}

/// <summary>An OperationOutcome per file, each on a line of its own; <c>meta.source</c> is the file.</summary>
internal sealed class OutcomeReport(Stream output) : IIssueReport
{
    private const int FlushBytes = 64 * 1024;

    private readonly Utf8JsonWriter _json = new(output, OperationOutcome.Unescaped);
    private bool _isEmpty;

    public void Begin(string path)
    {
        _isEmpty = true;
        _json.WriteStartObject();
        _json.WriteString("resourceType"u8, "OperationOutcome"u8);
        if (path != InputFile.StandardInput)
        {
            _json.WriteStartObject("meta"u8);
            _json.WriteString("source"u8, new Uri(Path.GetFullPath(path)).AbsoluteUri);
            _json.WriteEndObject();
        }

        _json.WriteStartArray("issue"u8);
    }

    public void Add(InputResource resource, Issue issue)
    {
        _isEmpty = false;
        OperationOutcome.WriteIssue(_json, Placed(resource, issue));
        if (_json.BytesPending > FlushBytes)
        {
            _json.Flush();
        }
    }

    public void End()
    {
        if (_isEmpty)
        {
            OperationOutcome.WriteIssue(_json, OperationOutcome.AllOk);
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        output.Write("\n"u8);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>The issue with its place in the file in place of its place in the resource.</summary>
    private static Issue Placed(InputResource resource, Issue issue)
    {
        if (resource.Line > 0)
        {
            return issue with { Position = (resource.Line, issue.Position?.Column ?? 1) };
        }

        return resource.Entry >= 0 ? issue with { Expression = resource.ExpressionInFile(issue.Expression) } : issue;
    }
}
