using System.Numerics;
using System.Security.Cryptography;

namespace HealthChain.LedgerProofs;

/// <summary>The hashes and proofs of RFC 6962 §2.1, and the proofs of subtrees that draft-ietf-plants-merkle-tree-certs adds.</summary>
/// <remarks>
/// All four kinds of proof are one: that the hash of the leaves [start, end) belongs to the tree of a given root. An inclusion proof is
/// that for one leaf, a consistency proof is that for [0, older size). Nothing here trusts its arguments; a proof that has one hash too
/// many or too few is no proof.
/// </remarks>
public static class MerkleProof
{
    /// <summary>Longer than any proof: a tree has at most 63 levels, and a consistency proof may hold one hash more.</summary>
    public const int MaxHashes = 64;

    /// <summary>SHA-256(0x00 || entry).</summary>
    public static Hash256 LeafHash(ReadOnlySpan<byte> entry)
    {
        var prefixed = entry.Length < 128 ? stackalloc byte[entry.Length + 1] : new byte[entry.Length + 1];
        prefixed[0] = 0;
        entry.CopyTo(prefixed[1..]);
        return Hash256.Of(prefixed);
    }

    /// <summary>SHA-256(0x01 || left || right).</summary>
    public static Hash256 NodeHash(Hash256 left, Hash256 right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * Hash256.Bytes];
        node[0] = 1;
        left.Write(node[1..]);
        right.Write(node[(1 + Hash256.Bytes)..]);
        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(node, hash);
        return new Hash256(hash);
    }

    /// <summary>Does the leaf stand at that index of the tree?</summary>
    /// <param name="leaf">The leaf's hash (<see cref="LeafHash"/>), not the entry.</param>
    /// <param name="proof">From the leaf's sibling up to the root's child.</param>
    public static bool VerifyInclusion(long index, Hash256 leaf, ReadOnlySpan<Hash256> proof, TreeHead tree) =>
        index >= 0 && index < tree.Size && VerifyRange(index, index + 1, leaf, proof, tree);

    /// <summary>Is the older tree a beginning of the newer one?</summary>
    /// <remarks>
    /// There is nothing to prove about an empty tree: it is consistent with itself only. Who starts from nothing says so and does not ask.
    /// </remarks>
    public static bool VerifyConsistency(TreeHead older, ReadOnlySpan<Hash256> proof, TreeHead newer) => older.Size == 0
        ? proof.IsEmpty && older == TreeHead.Empty && newer == TreeHead.Empty
        : VerifyRange(0, older.Size, older.Root, proof, newer);

    /// <summary>Does the leaf stand at that index (counted in the whole tree) of the subtree over the leaves [start, end)?</summary>
    public static bool VerifySubtreeInclusion(
        long index, long start, long end, Hash256 leaf, ReadOnlySpan<Hash256> proof, Hash256 subtreeRoot) =>
        IsSubtree(start, end) && index >= start
        && VerifyInclusion(index - start, leaf, proof, new TreeHead(end - start, subtreeRoot));

    /// <summary>Is the subtree over the leaves [start, end) a part of the tree? The subtree of no leaves is part of every tree.</summary>
    public static bool VerifySubtreeConsistency(
        long start, long end, Hash256 subtreeRoot, ReadOnlySpan<Hash256> proof, TreeHead tree) => start == end
        ? start >= 0 && end <= tree.Size && proof.IsEmpty && subtreeRoot == TreeHead.Empty.Root
        : IsSubtree(start, end) && VerifyRange(start, end, subtreeRoot, proof, tree);

    /// <summary>Whether a tree can have a subtree over just these leaves: it begins at a multiple of the power of two that holds it.</summary>
    public static bool IsSubtree(long start, long end) =>
        start >= 0 && start < end && (start & ((long)BitOperations.RoundUpToPowerOf2((ulong)(end - start)) - 1)) == 0;

    /// <summary>
    /// Walks from the range up to the root, building at once the hash of the range and that of the tree out of the same hashes: `first`
    /// and `last` number the range's outermost nodes on the present level, `rightmost` the tree's last one.
    /// </summary>
    private static bool VerifyRange(long start, long end, Hash256 range, ReadOnlySpan<Hash256> proof, TreeHead tree)
    {
        if (start < 0 || start >= end || end > tree.Size)
        {
            return false;
        }

        var (first, last, rightmost) = (start, end - 1, tree.Size - 1);
        // The largest node that closes the range on the right: the proof starts with it, unless it is the range itself.
        while (first != last && (last == rightmost || (last & 1) == 1))
        {
            Up(ref first, ref last, ref rightmost);
        }

        var used = 0;
        Hash256 rebuilt;
        if (first == last)
        {
            rebuilt = range;
        }
        else if (proof.IsEmpty)
        {
            return false;
        }
        else
        {
            rebuilt = proof[used++];
        }

        var root = rebuilt;
        for (; used < proof.Length; used++)
        {
            if (rightmost == 0)
            {
                return false;
            }

            var sibling = proof[used];
            if ((last & 1) == 1 || last == rightmost)
            {
                // A sibling on the left. Levels where a rightmost node has none and is handed up unchanged are passed over.
                if (first < last)
                {
                    rebuilt = NodeHash(sibling, rebuilt);
                }

                root = NodeHash(sibling, root);
                while ((last & 1) == 0)
                {
                    Up(ref first, ref last, ref rightmost);
                }
            }
            else
            {
                root = NodeHash(root, sibling);
            }

            Up(ref first, ref last, ref rightmost);
        }

        return rightmost == 0 && rebuilt == range && root == tree.Root;
    }

    private static void Up(ref long first, ref long last, ref long rightmost)
    {
        first >>= 1;
        last >>= 1;
        rightmost >>= 1;
    }
}
