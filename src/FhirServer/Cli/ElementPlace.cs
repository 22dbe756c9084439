using HealthChain.Fhir;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Cli;

/// <summary>Finds line and column of the element that an issue names, in the JSON text that was read.</summary>
internal static class ElementPlace
{
    /// <summary>
    /// The issue with the position of the first value in its element, or as it is where that cannot be found. The validator leaves
    /// this to those who show text: a server has none to show.
    /// </summary>
    public static Issue Locate(Issue issue, ElementTree tree)
    {
        if (issue.Position is not null || issue.Expression is null)
        {
            return issue;
        }

        var text = tree.Json.Span;
        var value = FirstValue(Find(tree.Root, issue.Expression));
        if (!value.Exists || !text.Overlaps(value.RawValue, out var offset))
        {
            return issue;
        }

        var before = text[..offset];
        return issue with { Position = (before.Count((byte)'\n') + 1, offset - before.LastIndexOf((byte)'\n')) };
    }

    /// <summary>Follows an expression such as <c>Patient.name[0].given[1]</c> as far as it leads.</summary>
    private static Element Find(Element root, string expression)
    {
        var element = root;
        foreach (var step in expression.Split('.').Skip(1))
        {
            var bracket = step.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? step : step[..bracket];
            var ordinal = bracket >= 0 && int.TryParse(step.AsSpan(bracket + 1).TrimEnd(']'), out var number) ? number : 0;
            if (Occurrence(element, name, ordinal) is not { Exists: true } child)
            {
                break;
            }

            element = child;
        }

        return element;
    }

    private static Element Occurrence(Element parent, string name, int ordinal)
    {
        foreach (var child in parent.ChildrenOf(name))
        {
            if (ordinal-- == 0)
            {
                return child;
            }
        }

        return default;
    }

    /// <summary>The first value in document order; empty strings have no place of their own.</summary>
    private static Element FirstValue(Element element)
    {
        if (element.RawValue.Length > 0)
        {
            return element;
        }

        foreach (var child in element.Children)
        {
            if (FirstValue(child) is { Exists: true } value)
            {
                return value;
            }
        }

        return default;
    }
}
