using System.Buffers;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>The growing list of nodes while a tree is read. Owns a rented array until <see cref="Dispose"/>.</summary>
internal struct NodeBuffer : IDisposable
{
    private Node[] _nodes;

    public NodeBuffer(int textLength)
    {
        // Examples have a node for every 25 to 40 bytes of pretty JSON, compact resources one for every 15.
        _nodes = ArrayPool<Node>.Shared.Rent(Math.Max(32, textLength / 24));
        Count = 0;
    }

    public int Count { get; private set; }

    public readonly ref readonly Node this[int index] => ref _nodes[index];

    /// <summary>Appends a node and links it behind <paramref name="previous"/> (0: as the first child of its parent).</summary>
    public int Add(ushort element, TypeSchema type, int parent, int previous)
    {
        if (Count == _nodes.Length)
        {
            Grow();
        }

        int index = Count++;
        _nodes[index] = new Node { Element = element, Type = type.Id, Parent = parent };
        if (previous != 0)
        {
            _nodes[previous].NextSibling = index;
        }
        else if (parent >= 0)
        {
            _nodes[parent].FirstChild = index;
        }

        return index;
    }

    public readonly void SetValue(int index, Token token, NodeFlags flags)
    {
        ref Node node = ref _nodes[index];
        node.Start = token.Start;
        node.Length = token.Length;
        node.Flags = flags;
    }

    /// <summary>Where the text of a resource stands, from brace to brace.</summary>
    public readonly void SetExtent(int index, int start, int length)
    {
        ref Node node = ref _nodes[index];
        node.Start = start;
        node.Length = length;
    }

    public readonly void SetFlags(int index, NodeFlags flags) => _nodes[index].Flags = flags;

    /// <summary>The finished nodes in an array of their own.</summary>
    public readonly Node[] ToArray() => _nodes.AsSpan(0, Count).ToArray();

    /// <summary>A view of a node while reading still goes on, for the path in a message.</summary>
    public readonly Element ToElement(FhirSchema schema, ReadOnlyMemory<byte> text, int index) =>
        new(new ElementTree(schema, text, _nodes), index);

    public void Dispose()
    {
        Node[] nodes = _nodes;
        _nodes = [];
        if (nodes.Length > 0)
        {
            ArrayPool<Node>.Shared.Return(nodes);
        }
    }

    private void Grow()
    {
        Node[] larger = ArrayPool<Node>.Shared.Rent(_nodes.Length * 2);
        _nodes.AsSpan(0, Count).CopyTo(larger);
        ArrayPool<Node>.Shared.Return(_nodes);
        _nodes = larger;
    }
}
