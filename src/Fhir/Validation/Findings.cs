using System.Runtime.CompilerServices;
using System.Text;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// The issues of one validation, bounded, in the order found. Remarks (warnings and information) may fill half of the room, so that
/// many of them never hide an error. While a trial runs (does this element meet that profile?), errors
/// are only counted and no message is made.
/// </summary>
internal sealed class Findings(int limit)
{
    private readonly List<Issue> _issues = [];
    private int _remarks;
    private int _trials;
    private int _trialErrors;

    public IReadOnlyList<Issue> Issues => _issues;

    /// <summary>False while messages would be thrown away.</summary>
    public bool IsReporting => _trials == 0 && _issues.Count < limit;

    /// <summary>True when nothing that is still to be found can change the outcome.</summary>
    public bool IsDone => _trials == 0 ? _issues.Count >= limit : _trialErrors > 0;

    /// <summary>Starts a trial; the answer is kept by the caller for <see cref="EndTrial"/>.</summary>
    public int BeginTrial()
    {
        _trials++;
        int outer = _trialErrors;
        _trialErrors = 0;
        return outer;
    }

    /// <summary>Ends a trial and says whether it found no error.</summary>
    public bool EndTrial(int outer)
    {
        _trials--;
        bool passed = _trialErrors == 0;
        _trialErrors = outer;
        return passed;
    }

    public void Error(Element at, IssueType type, string? key, [InterpolatedStringHandlerArgument("")] ref FindingText text) =>
        Add(IssueSeverity.Error, at, type, key, ref text);

    public void Warning(Element at, IssueType type, string? key, [InterpolatedStringHandlerArgument("")] ref FindingText text) =>
        Add(IssueSeverity.Warning, at, type, key, ref text);

    public void Information(Element at, IssueType type, string? key, [InterpolatedStringHandlerArgument("")] ref FindingText text) =>
        Add(IssueSeverity.Information, at, type, key, ref text);

    public void Report(
        IssueSeverity severity, Element at, IssueType type, string? key, [InterpolatedStringHandlerArgument("")] ref FindingText text) =>
        Add(severity, at, type, key, ref text);

    private void Add(IssueSeverity severity, Element at, IssueType type, string? key, ref FindingText text)
    {
        if (_trials > 0)
        {
            if (severity <= IssueSeverity.Error)
            {
                _trialErrors++;
            }

            return;
        }

        bool isRemark = severity > IssueSeverity.Error;
        if (_issues.Count >= limit || (isRemark && _remarks > limit / 2))
        {
            return;
        }

        Issue issue = isRemark && _remarks == limit / 2
            ? new Issue(IssueSeverity.Information, IssueType.Incomplete, $"More than {limit / 2} warnings and remarks were found; the rest is not listed.")
            : !isRemark && _issues.Count == limit - 1
            ? Issue.Error(IssueType.Incomplete, $"More than {limit - 1} issues were found; the rest is not listed.")
            : new Issue(severity, type, text.Text, at.Exists ? at.Expression : null, key);
        if (!_issues.Contains(issue))
        {
            _issues.Add(issue);
            _remarks += isRemark ? 1 : 0;
        }
    }
}

/// <summary>The text of a finding. Costs nothing while findings are only counted; values from the resource are cut to a readable length.</summary>
[InterpolatedStringHandler]
internal readonly ref struct FindingText
{
    private const int LongestValue = 80;
    private readonly StringBuilder? _builder;

    public FindingText(int literalLength, int formattedCount, Findings findings, out bool shouldAppend)
    {
        shouldAppend = findings.IsReporting;
        _builder = shouldAppend ? new StringBuilder(literalLength + (formattedCount * 16)) : null;
    }

    public string Text => _builder?.ToString() ?? "";

    public void AppendLiteral(string text) => _builder?.Append(text);

    public void AppendFormatted(string? text) => _builder?.Append(text);

    public void AppendFormatted(int number) => _builder?.Append(number);

    /// <summary>A value of the resource.</summary>
    public void AppendFormatted(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8);
        if (text.Length > LongestValue)
        {
            _builder?.Append(text, 0, LongestValue).Append('…');
        }
        else
        {
            _builder?.Append(text);
        }
    }
}
