using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Follows a key through a Merkle Patricia trie (Yellow Paper, appendix D) of which only the nodes on the way are there.</summary>
internal static class PatriciaTrie
{
    private const int Branches = 16;
    private const byte IsLeaf = 2;
    private const byte IsOdd = 1;

    /// <summary>The root of a trie without anything in it.</summary>
    public static Hash256 EmptyRoot { get; } = Keccak256.Of([RlpReader.ShortText]);

    /// <summary>What the trie with that root has for the key.</summary>
    /// <param name="nodes">
    /// From the root downwards, each that its parent names by hash; all must be needed. For an empty trie some give none and some the empty string.
    /// </param>
    /// <returns>Null when the trie is proven to have nothing.</returns>
    /// <exception cref="FormatException">The nodes do not prove anything.</exception>
    public static byte[]? Read(Hash256 root, ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> nodes)
    {
        if (nodes.Count == 0 || nodes[0].Span is [RlpReader.ShortText])
        {
            return root == EmptyRoot && nodes.Count <= 1 ? null : throw Unproven();
        }

        int used = 1;
        ReadOnlySpan<byte> rest = Nibbles(key);
        ReadOnlySpan<byte> node = Checked(nodes[0].Span, root);

        // Each turn but the last takes a nibble of the key, so that it ends.
        while (true)
        {
            ReadOnlySpan<byte> next = Step(node, ref rest, out bool isValue);
            if (isValue || next.IsEmpty)
            {
                byte[]? found = next.IsEmpty ? null : next.ToArray();
                return used == nodes.Count ? found : throw Unproven();
            }

            // A node of less than 32 bytes stands in its parent, a larger one is named by its hash.
            var child = new RlpReader(next);
            if (child.IsAtList)
            {
                node = next.Length < Hash256.Bytes ? next : throw Unproven();
                continue;
            }

            var hash = new Hash256(child.ReadText(Hash256.Bytes));
            node = used < nodes.Count ? Checked(nodes[used++].Span, hash) : throw Unproven();
        }
    }

    // The value, or the item that stands for the child; empty when there is none.
    private static ReadOnlySpan<byte> Step(ReadOnlySpan<byte> node, scoped ref ReadOnlySpan<byte> rest, out bool isValue)
    {
        var reader = new RlpReader(node);
        var items = reader.ReadList();
        reader.ExpectEnd();
        return CountOf(items) switch
        {
            2 => StepPath(items, ref rest, out isValue),
            Branches + 1 => StepBranch(items, ref rest, out isValue),
            _ => throw Unproven(),
        };
    }

    private static ReadOnlySpan<byte> StepBranch(RlpReader items, scoped ref ReadOnlySpan<byte> rest, out bool isValue)
    {
        isValue = rest.IsEmpty;
        int skip = isValue ? Branches : rest[0];
        for (int i = 0; i < skip; i++)
        {
            items.ReadRaw();
        }

        if (isValue)
        {
            return items.ReadText();
        }

        rest = rest[1..];
        return items.ReadRaw() is var child and not [RlpReader.ShortText] ? child : [];
    }

    private static ReadOnlySpan<byte> StepPath(RlpReader items, scoped ref ReadOnlySpan<byte> rest, out bool isValue)
    {
        ReadOnlySpan<byte> path = Nibbles(items.ReadText());
        if (path.IsEmpty || path[0] > (IsLeaf | IsOdd) || ((path[0] & IsOdd) == 0 && path[1] != 0))
        {
            throw Unproven();
        }

        isValue = (path[0] & IsLeaf) != 0;
        path = path[((path[0] & IsOdd) != 0 ? 1 : 2)..];
        if (!isValue && path.IsEmpty)
        {
            throw Unproven();
        }

        if (!rest.StartsWith(path) || (isValue && rest.Length != path.Length))
        {
            return [];
        }

        rest = rest[path.Length..];
        ReadOnlySpan<byte> next = isValue ? items.ReadText() : items.ReadRaw();
        return next.IsEmpty || (!isValue && next is [RlpReader.ShortText]) ? throw Unproven() : next;
    }

    private static int CountOf(RlpReader items)
    {
        int count = 0;
        for (; !items.IsAtEnd && count <= Branches + 1; count++)
        {
            items.ReadRaw();
        }

        return count;
    }

    private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> node, Hash256 hash) => Keccak256.Of(node) == hash ? node : throw Unproven();

    private static byte[] Nibbles(ReadOnlySpan<byte> bytes)
    {
        byte[] nibbles = new byte[2 * bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            nibbles[2 * i] = (byte)(bytes[i] >> 4);
            nibbles[(2 * i) + 1] = (byte)(bytes[i] & 15);
        }

        return nibbles;
    }

    private static FormatException Unproven() => new("The nodes of the proof do not lead from the root to the key.");
}
