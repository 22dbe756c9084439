using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

/// <summary>Finds the place in the XML text of issues that were found in its JSON form. Made only when there are such issues.</summary>
internal sealed class XmlPositions
{
    private readonly Dictionary<string, ElementDraft> _byJsonExpression = [];

    public XmlPositions(ElementDraft root) => Add(root, root.Type.Name);

    /// <summary>The issues with the position of the nearest enclosing element, and with the indexes that count faulty siblings too.</summary>
    public IEnumerable<Issue> Locate(IEnumerable<Issue> issues)
    {
        foreach (Issue issue in issues)
        {
            string path = issue.Expression ?? "";
            ElementDraft? draft;
            while (!_byJsonExpression.TryGetValue(path, out draft) && path.LastIndexOf('.') is > 0 and int end)
            {
                path = path[..end];
            }

            yield return draft is null
                ? issue with { Position = null }
                : issue with { Position = draft.Position, Expression = draft.Expression + issue.Expression![path.Length..] };
        }
    }

    private void Add(ElementDraft draft, string expression)
    {
        _byJsonExpression[expression] = draft;
        ElementSchema? last = null;
        int ordinal = 0;
        foreach (ElementDraft child in draft.Children)
        {
            ElementSchema schema = child.Schema!;
            ordinal = ReferenceEquals(schema, last) ? ordinal : 0;
            last = schema;
            if (!child.Omitted)
            {
                Add(child, $"{expression}.{schema.Name}{(schema.IsList ? $"[{ordinal++}]" : "")}");
            }
        }
    }
}
