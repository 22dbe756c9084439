using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>A Merkle Patricia trie built straight from its definition (Yellow Paper, appendix D), to make proofs that the reader has not seen.</summary>
internal sealed class ModelTrie
{
    private readonly SortedDictionary<byte[], byte[]> _values = new(ByteOrder.Instance);

    public ModelTrie(Dictionary<byte[], byte[]> values)
    {
        foreach ((byte[] key, byte[] value) in values)
        {
            _values.Add([.. key.SelectMany(static one => (byte[])[(byte)(one >> 4), (byte)(one & 15)])], value);
        }

        Root = Keccak256.Of(Node([.. _values.Keys], 0));
    }

    public Hash256 Root { get; }

    public ReadOnlyMemory<byte>[] Proof(ReadOnlySpan<byte> key)
    {
        var proof = new List<ReadOnlyMemory<byte>>();
        byte[] nibbles = new byte[2 * key.Length];
        for (int i = 0; i < nibbles.Length; i++)
        {
            nibbles[i] = (byte)(i % 2 == 0 ? key[i / 2] >> 4 : key[i / 2] & 15);
        }

        byte[][] keys = [.. _values.Keys];
        for (int depth = 0; keys.Length > 0;)
        {
            byte[] node = Node(keys, depth);
            if (node.Length >= 32 || depth == 0)
            {
                proof.Add(node);
            }

            int shared = Shared(keys);
            if (keys.Length == 1 || !nibbles.AsSpan().StartsWith(keys[0].AsSpan(0, shared)) || (shared == depth && nibbles.Length == depth))
            {
                break;
            }

            depth = shared > depth ? shared : depth + 1;
            keys = [.. keys.Where(other => other.Length >= depth && other.AsSpan(0, depth).SequenceEqual(nibbles.AsSpan(0, Math.Min(depth, nibbles.Length))))];
        }

        return [.. proof];
    }

    private byte[] Node(byte[][] keys, int depth)
    {
        var rlp = new RlpWriter();
        rlp.BeginList();
        if (keys.Length == 1)
        {
            rlp.Write(Path(keys[0].AsSpan(depth), isLeaf: true));
            rlp.Write(_values[keys[0]]);
        }
        else if (Shared(keys) is var shared && shared > depth)
        {
            rlp.Write(Path(keys[0].AsSpan(depth, shared - depth), isLeaf: false));
            WriteChild(rlp, Node(keys, shared));
        }
        else
        {
            for (byte branch = 0; branch < 16; branch++)
            {
                byte[][] below = [.. keys.Where(key => key.Length > depth && key[depth] == branch)];
                WriteChild(rlp, below.Length == 0 ? [0x80] : Node(below, depth + 1));
            }

            rlp.Write(keys.SingleOrDefault(key => key.Length == depth) is { } own ? _values[own] : []);
        }

        rlp.EndList();
        return rlp.ToArray();
    }

    private static void WriteChild(RlpWriter rlp, byte[] node)
    {
        if (node.Length < 32)
        {
            rlp.WriteRaw(node);
        }
        else
        {
            rlp.Write(Keccak256.Of(node).ToArray());
        }
    }

    // The keys are sorted: what the first and the last share, all do.
    private static int Shared(byte[][] keys) => keys[0].AsSpan().CommonPrefixLength(keys[^1]);

    private static byte[] Path(ReadOnlySpan<byte> nibbles, bool isLeaf)
    {
        byte flag = (byte)((isLeaf ? 2 : 0) + (nibbles.Length % 2));
        byte[] all = nibbles.Length % 2 == 1 ? [flag, .. nibbles] : [flag, 0, .. nibbles];
        return [.. Enumerable.Range(0, all.Length / 2).Select(i => (byte)((all[2 * i] << 4) | all[(2 * i) + 1]))];
    }
}

internal sealed class ByteOrder : IComparer<byte[]>, IEqualityComparer<byte[]>
{
    public static readonly ByteOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj)
    {
        var hash = new HashCode();
        hash.AddBytes(obj);
        return hash.ToHashCode();
    }
}
