using System.Security.Cryptography;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Hashes many leaves or nodes at once.</summary>
internal static class TreeHasher
{
    /// <summary>Leaf hashes of entries of 32 bytes: SHA-256(0x00 || entry).</summary>
    public static void HashLeaves(ReadOnlySpan<byte> entries, Span<byte> hashes)
    {
        Span<byte> leaf = stackalloc byte[1 + Hash256.Bytes];
        leaf[0] = 0;
        for (var i = 0; i < entries.Length; i += Hash256.Bytes)
        {
            entries.Slice(i, Hash256.Bytes).CopyTo(leaf[1..]);
            SHA256.HashData(leaf, hashes.Slice(i, Hash256.Bytes));
        }
    }

    /// <summary>Hashes of neighbours: SHA-256(0x01 || left || right).</summary>
    /// <param name="hashes">An even number of hashes.</param>
    /// <param name="parents">Half as many; may begin where <paramref name="hashes"/> begin.</param>
    public static void HashNodes(ReadOnlySpan<byte> hashes, Span<byte> parents)
    {
        Span<byte> node = stackalloc byte[1 + (2 * Hash256.Bytes)];
        node[0] = 1;
        for (var i = 0; i < hashes.Length; i += 2 * Hash256.Bytes)
        {
            hashes.Slice(i, 2 * Hash256.Bytes).CopyTo(node[1..]);
            SHA256.HashData(node, parents.Slice(i / 2, Hash256.Bytes));
        }
    }
}
