using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>The human-readable text of a resource: harmless XHTML, and not empty. See R4 narrative.html.</summary>
internal static class Narrative
{
    public static void Check(Element narrative, ValidationRun run)
    {
        Element div = narrative.Child(Known.NarrativeDiv);
        if (!div.Exists || !div.HasValue)
        {
            return;
        }

        var checker = new XhtmlChecker(div.Value);
        XhtmlFault fault = checker.Check();
        ReadOnlySpan<byte> culprit = checker.Culprit;
        switch (fault)
        {
            case XhtmlFault.None:
                break;
            case XhtmlFault.Empty:
                run.Findings.Error(div, IssueType.Invariant, "txt-2", $"The narrative has no text and no image; give it content (txt-2).");
                break;
            case XhtmlFault.Malformed:
                run.Findings.Error(div, IssueType.Structure, "txt-1", $"The narrative is no well-formed XHTML; the reader stopped at '{culprit}'.");
                break;
            case XhtmlFault.RootIsNotDiv:
                run.Findings.Error(div, IssueType.Structure, "txt-1", $"The narrative must be a <div>, but is a <{culprit}>.");
                break;
            case XhtmlFault.Namespace:
                run.Findings.Error(
                    div, IssueType.Structure, "txt-1", $"The <div> of a narrative must declare xmlns=\"http://www.w3.org/1999/xhtml\".");
                break;
            case XhtmlFault.Script:
                run.Findings.Error(div, IssueType.Security, "txt-1", $"Active content ('{culprit}') is not allowed in a narrative; remove it (txt-1).");
                break;
            case XhtmlFault.Attribute:
                run.Findings.Error(
                    div, IssueType.Invariant, "txt-1", $"The attribute '{culprit}' is not allowed in a narrative; remove it (txt-1).");
                break;
            case XhtmlFault.TooDeep:
                run.Findings.Error(div, IssueType.TooCostly, "txt-1", $"The narrative nests elements too deeply.");
                break;
            default:
                run.Findings.Error(
                    div, IssueType.Invariant, "txt-1", $"The element <{culprit}> is not allowed in a narrative; remove it (txt-1).");
                break;
        }
    }
}
