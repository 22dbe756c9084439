using System.Runtime.InteropServices;

namespace HealthChain.Fhir.Model;

/// <summary>
/// Takes a resource out of its tree (a Bundle, say), with another id and other texts where wanted. Nothing is parsed again: the bytes
/// between the changes are copied, and the nodes moved along.
/// </summary>
/// <remarks>For the readers of requests, which give ids and resolve references. One edit serves one thread.</remarks>
public sealed class ResourceEdit(Element resource)
{
    private readonly List<Replacement> _replacements = [];

    /// <summary>Gives the resource that id, whether it has one or not.</summary>
    public void SetId(string id)
    {
        Element present = resource.Child("id");
        if (present is { Exists: true, HasValue: true })
        {
            SetText(present, id);
            return;
        }

        int place = BehindType(out bool isBehindMember);
        string member = isBehindMember ? $",\"id\":\"{id}\"" : $"\"id\":\"{id}\",";
        _replacements.Add(new Replacement(place, 0, System.Text.Encoding.UTF8.GetBytes(member), present.Exists ? present.Index : NewId)
        {
            Value = member.IndexOf(id, isBehindMember ? 7 : 6, StringComparison.Ordinal),
            ValueLength = id.Length,
        });
    }

    /// <summary>Gives a text of the resource another value. Once for each.</summary>
    public void SetText(Element text, string value)
    {
        byte[] quoted = JsonQuote.Of(value);
        Node node = text.Node;
        _replacements.Add(new Replacement(node.Start - 1, node.Length + 2, quoted, text.Index) { Value = 1, ValueLength = quoted.Length - 2 });
    }

    /// <summary>The resource as a tree of its own.</summary>
    public ElementTree ToTree()
    {
        Node root = resource.Node;
        ElementTree tree = resource.Tree;
        if (_replacements.Count == 0 && resource.IsRoot && root.Length == tree.Json.Length)
        {
            return tree;
        }

        _replacements.Sort(static (left, right) => left.Offset.CompareTo(right.Offset));
        ReadOnlySpan<byte> text = tree.Json.Span.Slice(root.Start, root.Length);
        byte[] json = new byte[text.Length + _replacements.Sum(replacement => replacement.Growth)];
        int read = 0;
        int written = 0;
        foreach (ref Replacement replacement in CollectionsMarshal.AsSpan(_replacements))
        {
            int upTo = replacement.Offset - root.Start;
            text[read..upTo].CopyTo(json.AsSpan(written));
            written += upTo - read;
            replacement.Target = written;
            replacement.Text.CopyTo(json, written);
            written += replacement.Text.Length;
            read = upTo + replacement.Length;
        }

        text[read..].CopyTo(json.AsSpan(written));
        return new ElementTree(tree.Schema, json, MoveNodes(tree.Nodes[resource.Index..EndOf(tree.Nodes)], root.Start, json.Length));
    }

    private const int NewId = -1;

    /// <summary>Everything in a resource stands behind it without gaps; what comes then has a parent before it.</summary>
    private int EndOf(ReadOnlySpan<Node> nodes)
    {
        int end = resource.Index + 1;
        while (end < nodes.Length && nodes[end].Parent >= resource.Index)
        {
            end++;
        }

        return end;
    }

    private Node[] MoveNodes(ReadOnlySpan<Node> nodes, int start, int length)
    {
        ReadOnlySpan<Replacement> replacements = CollectionsMarshal.AsSpan(_replacements);
        int first = resource.Index;
        bool addsId = _replacements.Exists(replacement => replacement.Node == NewId);
        var moved = new Node[nodes.Length + (addsId ? 1 : 0)];
        for (int i = 0; i < nodes.Length; i++)
        {
            Node node = nodes[i];
            node.Parent -= first;
            node.FirstChild = node.FirstChild == 0 ? 0 : node.FirstChild - first;
            node.NextSibling = node.NextSibling == 0 ? 0 : node.NextSibling - first;
            if (node.Length > 0)
            {
                int end = node.Start + node.Length;
                node.Start = Moved(replacements, node.Start, start);
                node.Length = Moved(replacements, end, start) - node.Start;
            }

            moved[i] = node;
        }

        ref Node root = ref moved[0];
        root.Element = Node.NoElement;
        root.Parent = -1;
        root.NextSibling = 0;
        root.Start = 0;
        root.Length = length;
        foreach (ref readonly Replacement replacement in replacements)
        {
            ref Node node = ref moved[replacement.Node == NewId ? nodes.Length : replacement.Node - first];
            if (replacement.Node == NewId)
            {
                var id = resource.Type.Element("id")!;
                node = new Node { Element = id.Id, Type = id.Types[0].Type.Id, Parent = 0, NextSibling = root.FirstChild };
                root.FirstChild = nodes.Length;
            }

            node.Start = replacement.Target + replacement.Value;
            node.Length = replacement.ValueLength;
            node.Flags = NodeFlags.Value | NodeFlags.Text | (replacement.Text.AsSpan().Contains((byte)'\\') ? NodeFlags.Escaped : NodeFlags.None);
        }

        return moved;
    }

    /// <summary>Where a place of the text comes to stand.</summary>
    private static int Moved(ReadOnlySpan<Replacement> replacements, int place, int start)
    {
        int low = 0;
        int high = replacements.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (replacements[middle].Offset < place)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? place - start : replacements[low - 1].TargetEnd + place - replacements[low - 1].End;
    }

    /// <summary>The place behind the member resourceType when that comes first, as it nearly always does; else behind the brace.</summary>
    private int BehindType(out bool isBehindMember)
    {
        ReadOnlySpan<byte> text = resource.Tree.Json.Span;
        int brace = resource.Node.Start + 1;
        ReadOnlySpan<byte> rest = text[brace..].TrimStart(" \t\r\n"u8);
        ReadOnlySpan<byte> name = "\"resourceType\""u8;
        isBehindMember = rest.StartsWith(name);
        if (!isBehindMember)
        {
            return brace;
        }

        rest = rest[name.Length..];
        rest = rest[(rest.IndexOf((byte)'"') + 1)..];
        rest = rest[(rest.IndexOf((byte)'"') + 1)..];
        return text.Length - rest.Length;
    }

    /// <param name="Offset">Where the bytes that go stand in the text of the tree.</param>
    /// <param name="Node">The node whose value comes; <see cref="NewId"/> for one that is not there yet.</param>
    private record struct Replacement(int Offset, int Length, byte[] Text, int Node)
    {
        public readonly int Growth => Text.Length - Length;

        /// <summary>Where the value stands within <see cref="Text"/>.</summary>
        public int Value { get; init; }

        public int ValueLength { get; init; }

        public readonly int End => Offset + Length;

        public readonly int TargetEnd => Target + Text.Length;

        /// <summary>Where <see cref="Text"/> comes to stand.</summary>
        public int Target { get; set; }
    }
}
