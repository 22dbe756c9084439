using System.Numerics;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>
/// The tree as RFC 6962 §2.1 and draft-ietf-plants-merkle-tree-certs define it, word for word and recursive: what everything faster is
/// measured against.
/// </summary>
internal sealed class PlainTree(IReadOnlyList<Hash256> leaves)
{
    /// <summary>A tree of so many leaves, different ones for different seeds.</summary>
    public static PlainTree Of(long size, int seed = 0) => new([.. Entries(size, seed).Select(MerkleProofLeaf)]);

    public static IEnumerable<byte[]> Entries(long size, int seed = 0) =>
        Enumerable.Range(0, (int)size).Select(i => Hash256.Of([(byte)seed, (byte)(i >> 16), (byte)(i >> 8), (byte)i]).ToArray());

    public int Size => leaves.Count;

    public Hash256 Leaf(long index) => leaves[(int)index];

    public TreeHead Head(long size) => new(size, Root(0, size));

    public Hash256 Root(long start, long end)
    {
        var size = end - start;
        if (size == 0)
        {
            return Hash256.Of([]);
        }

        if (size == 1)
        {
            return leaves[(int)start];
        }

        var half = Half(size);
        return MerkleProof.NodeHash(Root(start, start + half), Root(start + half, end));
    }

    /// <summary>PATH(m, D[n]) of §2.1.1.</summary>
    public IEnumerable<Hash256> Inclusion(long index, long size) => Path(index, 0, size);

    public IEnumerable<Hash256> SubtreeInclusion(long index, long start, long end) => Path(index, start, end);

    /// <summary>PROOF(m, D[n]) of §2.1.2.</summary>
    public IEnumerable<Hash256> Consistency(long older, long newer) => SubProof(older, 0, newer, whole: true);

    /// <summary>SUBTREE_PROOF(start, end, D_n) of the draft's section on subtree consistency.</summary>
    public IEnumerable<Hash256> SubtreeConsistency(long start, long end, long size) => SubtreeProof(start, end, 0, size, whole: true);

    private IEnumerable<Hash256> Path(long index, long start, long end)
    {
        if (end - start == 1)
        {
            return [];
        }

        var middle = start + Half(end - start);
        return index < middle
            ? [.. Path(index, start, middle), Root(middle, end)]
            : [.. Path(index, middle, end), Root(start, middle)];
    }

    private IEnumerable<Hash256> SubProof(long older, long start, long end, bool whole)
    {
        if (older == end - start)
        {
            return whole ? [] : [Root(start, end)];
        }

        var half = Half(end - start);
        return older <= half
            ? [.. SubProof(older, start, start + half, whole), Root(start + half, end)]
            : [.. SubProof(older - half, start + half, end, whole: false), Root(start, start + half)];
    }

    private IEnumerable<Hash256> SubtreeProof(long start, long end, long from, long to, bool whole)
    {
        if (start == from && end == to)
        {
            return whole ? [] : [Root(from, to)];
        }

        var middle = from + Half(to - from);
        if (end <= middle)
        {
            return [.. SubtreeProof(start, end, from, middle, whole), Root(middle, to)];
        }

        return start >= middle
            ? [.. SubtreeProof(start, end, middle, to, whole), Root(from, middle)]
            : [.. SubtreeProof(middle, end, middle, to, whole: false), Root(from, middle)];
    }

    /// <summary>The largest power of two smaller than the size.</summary>
    private static long Half(long size) => (long)BitOperations.RoundUpToPowerOf2((ulong)size) / 2;

    private static Hash256 MerkleProofLeaf(byte[] entry) => MerkleProof.LeafHash(entry);
}
