using System.Runtime.InteropServices;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// A parsed resource (or a single data type value): the UTF-8 JSON it was read from, and one small node per element that points
/// into it. Read-only; safe to share between threads. It keeps the buffer it was parsed from, which must not change any more.
/// </summary>
public sealed class ElementTree
{
    private readonly Node[] _nodes;

    internal ElementTree(FhirSchema schema, ReadOnlyMemory<byte> json, Node[] nodes)
    {
        Schema = schema;
        Json = json;
        _nodes = nodes;
    }

    public FhirSchema Schema { get; }

    /// <summary>The text that was parsed. For a tree read from XML, the JSON form that the XML reader made.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public Element Root => new(this, 0);

    /// <summary>Number of elements in the tree.</summary>
    public int Count => _nodes.Length;

    /// <summary>The element with that <see cref="Element.Index"/>: for who looks at all elements, wherever they stand.</summary>
    public Element ElementAt(int index) => new(this, index);

    internal ref readonly Node this[int index] => ref _nodes[index];

    internal ReadOnlySpan<Node> Nodes => _nodes;
}

/// <summary>
/// One element: what it is (element and type by their ids in the schema), where its value stands in the text, and its place in
/// the tree. Children are linked, not contiguous, because the extensions of a primitive may stand anywhere behind it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Node
{
    public const ushort NoElement = ushort.MaxValue;
    public const int MaxLength = (1 << 28) - 1;

    private int _lengthAndFlags;

    /// <summary>Id of the <see cref="ElementSchema"/>; <see cref="NoElement"/> for the root.</summary>
    public ushort Element;

    /// <summary>Id of the actual <see cref="TypeSchema"/>.</summary>
    public ushort Type;

    /// <summary>Offset of the value: behind the quote for a string, at the first character else. For a resource, of its opening brace.</summary>
    public int Start;

    /// <summary>Index of the first child, of the next sibling, of the parent; 0 for none (the root is nobody's child), parent of the root is -1.</summary>
    public int FirstChild;

    public int NextSibling;
    public int Parent;

    public int Length
    {
        readonly get => _lengthAndFlags & MaxLength;
        set => _lengthAndFlags = (_lengthAndFlags & ~MaxLength) | value;
    }

    public NodeFlags Flags
    {
        readonly get => (NodeFlags)((uint)_lengthAndFlags >> 28);
        set => _lengthAndFlags = (_lengthAndFlags & MaxLength) | ((int)value << 28);
    }
}

[Flags]
internal enum NodeFlags : byte
{
    None = 0,

    /// <summary>A primitive that has a value; <see cref="Node.Start"/> and <see cref="Node.Length"/> say where.</summary>
    Value = 1,

    /// <summary>The value is a JSON string (and not a number, true or false).</summary>
    Text = 2,

    /// <summary>The JSON string holds escapes.</summary>
    Escaped = 4,

    /// <summary>The text has an explicit null in the place of the value, inside an array.</summary>
    Null = 8,
}
