using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// A position in an <see cref="ElementTree"/>: one element with its type, value and children. A small value, cheap to copy;
/// <c>default</c> means "no element" and has <see cref="Exists"/> false. Repeating elements are siblings of the same
/// <see cref="Schema"/>, a primitive's extensions are its children.
/// </summary>
[DebuggerDisplay("{Expression}: {Type}")]
public readonly struct Element : IEquatable<Element>
{
    private readonly ElementTree? _tree;

    internal Element(ElementTree tree, int index)
    {
        _tree = tree;
        Index = index;
    }

    /// <summary>False for <c>default</c>. All other members need an element that exists.</summary>
    public bool Exists => _tree is not null;

    public ElementTree Tree => _tree!;

    /// <summary>Position in the tree; unique within it.</summary>
    public int Index { get; }

    /// <summary>The actual type: <c>Quantity</c> for a <c>valueQuantity</c>, <c>Patient</c> for a contained patient.</summary>
    public TypeSchema Type => _tree!.Schema.TypeById(Node.Type);

    /// <summary>What the element is in its parent's type; null for the root of the tree.</summary>
    public ElementSchema? Schema => Node.Element == Model.Node.NoElement ? null : _tree!.Schema.ElementById(Node.Element);

    /// <summary>FHIRPath name: <c>value</c> for a <c>valueQuantity</c>; the type's name for the root.</summary>
    public string Name => Schema?.Name ?? Type.Name;

    public bool IsRoot => Node.Parent < 0;

    /// <summary>The element it stands in; does not exist for the root.</summary>
    public Element Parent => Node.Parent < 0 ? default : new Element(_tree!, Node.Parent);

    public Element FirstChild => Node.FirstChild == 0 ? default : new Element(_tree!, Node.FirstChild);

    public Element NextSibling => Node.NextSibling == 0 ? default : new Element(_tree!, Node.NextSibling);

    public bool HasChildren => Node.FirstChild != 0;

    /// <summary>All children in the order of the text; repeating elements one by one.</summary>
    public ChildEnumerable Children => new(this, null);

    /// <summary>The children that are occurrences of one element.</summary>
    public ChildEnumerable ChildrenOf(ElementSchema schema) => new(this, schema);

    /// <summary>The first occurrence of one element; does not exist when there is none.</summary>
    public Element Child(ElementSchema schema)
    {
        for (int index = Node.FirstChild; index != 0;)
        {
            ref readonly Node node = ref _tree![index];
            if (node.Element == schema.Id)
            {
                return new Element(_tree, index);
            }

            index = node.NextSibling;
        }

        return default;
    }

    /// <summary>The first child of that FHIRPath name; does not exist when there is none.</summary>
    public Element Child(string name) => Type.Element(name) is { } schema ? Child(schema) : default;

    /// <summary>The children of that FHIRPath name.</summary>
    public ChildEnumerable ChildrenOf(string name) =>
        Type.Element(name) is { } schema ? new ChildEnumerable(this, schema) : default;

    /// <summary>True for a primitive with a value (it may have extensions only).</summary>
    public bool HasValue => (Node.Flags & NodeFlags.Value) != 0;

    /// <summary>True when the value is written as a JSON string; numbers and booleans are not.</summary>
    public bool IsText => (Node.Flags & NodeFlags.Text) != 0;

    /// <summary>True when <see cref="RawValue"/> holds JSON escapes, so that it differs from <see cref="Value"/>.</summary>
    public bool IsEscaped => (Node.Flags & NodeFlags.Escaped) != 0;

    /// <summary>The value as it stands in the JSON text, without quotes, escapes not resolved. Empty when there is none.</summary>
    public ReadOnlySpan<byte> RawValue => HasValue ? _tree!.Json.Span.Slice(Node.Start, Node.Length) : default;

    /// <summary>
    /// The value in UTF-8: the digits of a number as written, <c>true</c> or <c>false</c>, the characters of a string. Allocates
    /// only when the text has escapes. Empty when there is none.
    /// </summary>
    public ReadOnlySpan<byte> Value => IsEscaped ? Unescape() : RawValue;

    /// <summary>The value as a string; null when there is none.</summary>
    public string? Text => HasValue ? Encoding.UTF8.GetString(Value) : null;

    /// <summary>True when there is a value and it equals <paramref name="utf8"/>.</summary>
    public bool ValueIs(ReadOnlySpan<byte> utf8) => HasValue && Value.SequenceEqual(utf8);

    /// <summary>The nearest resource: itself, or the one it stands in (contained and Bundle entries count as their own).</summary>
    public Element Resource
    {
        get
        {
            Element element = this;
            while (!element.Type.IsResource && element.Parent.Exists)
            {
                element = element.Parent;
            }

            return element;
        }
    }

    /// <summary>The resource that holds contained ones: for anything inside a contained resource its container, else <see cref="Resource"/>.</summary>
    public Element Container
    {
        get
        {
            Element resource = Resource;
            while (resource.Schema is { Name: "contained" })
            {
                resource = resource.Parent.Resource;
            }

            return resource;
        }
    }

    /// <summary>Where it stands, as FHIRPath with indexes: <c>Patient.name[0].given[1]</c>. Made on demand, for messages.</summary>
    public string Expression
    {
        get
        {
            var builder = new StringBuilder();
            AppendExpression(builder);
            return builder.ToString();
        }
    }

    /// <summary>Its position among the occurrences of the same element, from 0.</summary>
    public int Ordinal
    {
        get
        {
            Element parent = Parent;
            if (!parent.Exists)
            {
                return 0;
            }

            int ordinal = 0;
            ushort element = Node.Element;
            for (int index = parent.Node.FirstChild; index != 0 && index != Index;)
            {
                ref readonly Node node = ref _tree![index];
                if (node.Element == element)
                {
                    ordinal++;
                }

                index = node.NextSibling;
            }

            return ordinal;
        }
    }

    internal ref readonly Node Node => ref _tree![Index];

    public static bool operator ==(Element left, Element right) => left.Equals(right);

    public static bool operator !=(Element left, Element right) => !left.Equals(right);

    /// <summary>Same position in the same tree; says nothing about equal values.</summary>
    public bool Equals(Element other) => ReferenceEquals(_tree, other._tree) && Index == other.Index;

    public override bool Equals(object? obj) => obj is Element other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_tree, Index);

    public override string ToString() => Exists ? Expression : "";

    private void AppendExpression(StringBuilder builder)
    {
        ElementSchema? schema = Schema;
        if (schema is null)
        {
            builder.Append(Type.Name);
            return;
        }

        Parent.AppendExpression(builder);
        builder.Append('.').Append(schema.Name);
        if (schema.IsList)
        {
            builder.Append('[').Append(Ordinal).Append(']');
        }
    }

    private ReadOnlySpan<byte> Unescape()
    {
        ReadOnlySpan<byte> raw = RawValue;
        byte[] rented = ArrayPool<byte>.Shared.Rent(raw.Length + 2);
        try
        {
            rented[0] = (byte)'"';
            raw.CopyTo(rented.AsSpan(1));
            rented[raw.Length + 1] = (byte)'"';
            var reader = new Utf8JsonReader(rented.AsSpan(0, raw.Length + 2));
            reader.Read();
            byte[] value = new byte[raw.Length];
            int written = reader.CopyString(value);
            return value.AsSpan(0, written);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
