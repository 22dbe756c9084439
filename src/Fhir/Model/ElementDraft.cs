using System.Runtime.InteropServices;
using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// A tree while it is being made or changed: an element that can still be given a value and children. When it is ready it is
/// written as JSON and read by <see cref="FhirJson"/>, so that every tree, wherever it comes from, passes the same checks.
/// </summary>
internal sealed class ElementDraft
{
    private List<ElementDraft>? _children;

    public ElementDraft(ElementSchema? schema, TypeSchema type)
    {
        Schema = schema;
        Type = type;
    }

    /// <summary>What it is in its parent's type; null for the root.</summary>
    public ElementSchema? Schema { get; }

    /// <summary>Its actual type. Changes once for an element that holds a resource, when the resource is known.</summary>
    public TypeSchema Type { get; set; }

    public ElementDraft? Parent { get; private set; }

    /// <summary>The value of a primitive as JSON text, a string with its quotes; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Json { get; set; }

    /// <summary>Left out when the tree is written: a fault that is reported already. It still counts for the indexes of its siblings.</summary>
    public bool Omitted { get; set; }

    /// <summary>Where it stands in the text it was read from.</summary>
    public (int Line, int Column) Position { get; init; }

    /// <summary>True when there are children that will be written.</summary>
    public bool HasChildren => _children?.Exists(child => !child.Omitted) == true;

    /// <summary>True when nothing of it will be written.</summary>
    public bool IsEmpty => Json.IsEmpty && !HasChildren;

    /// <summary>Occurrences of one element stand together.</summary>
    public ReadOnlySpan<ElementDraft> Children => CollectionsMarshal.AsSpan(_children);

    /// <summary>FHIRPath with indexes, as <see cref="Element.Expression"/>.</summary>
    public string Expression
    {
        get
        {
            var builder = new StringBuilder();
            AppendExpression(builder);
            return builder.ToString();
        }
    }

    /// <summary>Copies an element with everything below it; <paramref name="byIndex"/> gets the draft of each <see cref="Element.Index"/>.</summary>
    public static ElementDraft Of(Element element, ElementDraft?[]? byIndex = null) => Of(element, element.Schema, byIndex);

    /// <summary>Copies an element in order to put it elsewhere: as <paramref name="schema"/>.</summary>
    public static ElementDraft Of(Element element, ElementSchema? schema, ElementDraft?[]? byIndex = null)
    {
        var draft = new ElementDraft(schema, element.Type);
        if (element.HasValue)
        {
            // A string stands between its quotes in the text.
            int quote = element.IsText ? 1 : 0;
            draft.Json = element.Tree.Json.Slice(element.Node.Start - quote, element.Node.Length + 2 * quote);
        }

        foreach (Element child in element.Children)
        {
            draft.Append(Of(child, child.Schema, byIndex));
        }

        if (byIndex is not null)
        {
            byIndex[element.Index] = draft;
        }

        return draft;
    }

    public ElementDraft? FirstOf(ElementSchema schema) => _children?.Find(child => ReferenceEquals(child.Schema, schema));

    /// <summary>The occurrences of one element, in order.</summary>
    public List<ElementDraft> AllOf(ElementSchema schema) =>
        _children?.FindAll(child => ReferenceEquals(child.Schema, schema)) ?? [];

    /// <summary>Adds a child behind the last occurrence of the same element, or at the end.</summary>
    public void Append(ElementDraft child)
    {
        List<ElementDraft> children = _children ??= [];
        child.Parent = this;
        int last = children.Count - 1;
        if (last >= 0 && !ReferenceEquals(children[last].Schema, child.Schema))
        {
            last = children.FindLastIndex(other => ReferenceEquals(other.Schema, child.Schema));
        }

        children.Insert(last < 0 ? children.Count : last + 1, child);
    }

    /// <summary>Puts a child at a position among the occurrences of its element; the count of them appends.</summary>
    public void Insert(ElementDraft child, int ordinal)
    {
        int first = _children?.FindIndex(other => ReferenceEquals(other.Schema, child.Schema)) ?? -1;
        if (first < 0)
        {
            Append(child);
            return;
        }

        child.Parent = this;
        _children!.Insert(first + ordinal, child);
    }

    public void Replace(ElementDraft child, ElementDraft by)
    {
        by.Parent = this;
        _children![_children.IndexOf(child)] = by;
    }

    public void Remove(ElementDraft child)
    {
        child.Parent = null;
        _children!.Remove(child);
    }

    private void AppendExpression(StringBuilder builder)
    {
        if (Schema is null || Parent is null)
        {
            builder.Append(Schema?.Name ?? Type.Name);
            return;
        }

        Parent.AppendExpression(builder);
        builder.Append('.').Append(Schema.Name);
        if (Schema.IsList)
        {
            int ordinal = 0;
            foreach (ElementDraft sibling in Parent.Children)
            {
                if (ReferenceEquals(sibling, this))
                {
                    break;
                }

                ordinal += ReferenceEquals(sibling.Schema, Schema) ? 1 : 0;
            }

            builder.Append('[').Append(ordinal).Append(']');
        }
    }
}
