using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Hashes many leaves or nodes at once, as widely as the processor can.</summary>
internal static class TreeHasher
{
    // All lanes together take about as long as one and a half calls of the base library (benchmarks/Micro, ledger).
    private const int FewestForLanes = 2;

    /// <summary>The widest that the processor can.</summary>
    public static HashWidth Widest => Sha256Batch.Widest;

    public static bool IsSupported(HashWidth width) => width <= Widest;

    /// <summary>Leaf hashes of entries of 32 bytes: SHA-256(0x00 || entry).</summary>
    /// <param name="hashes">As many; may begin where <paramref name="entries"/> begins.</param>
    public static void HashLeaves(ReadOnlySpan<byte> entries, Span<byte> hashes) => HashLeaves(entries, hashes, Widest);

    /// <summary>Hashes of neighbours: SHA-256(0x01 || left || right).</summary>
    /// <param name="hashes">An even number of hashes.</param>
    /// <param name="parents">Half as many; may begin where <paramref name="hashes"/> begins.</param>
    public static void HashNodes(ReadOnlySpan<byte> hashes, Span<byte> parents) => HashNodes(hashes, parents, Widest);

    internal static void HashLeaves(ReadOnlySpan<byte> entries, Span<byte> hashes, HashWidth width) =>
        Hash(entries, hashes, Hash256.Bytes, width, width switch
        {
            HashWidth.Avx512 => Sha256Lanes<Avx512Lanes, Vector512<uint>>.HashLeaves,
            HashWidth.Avx2 => Sha256Lanes<Avx2Lanes, Vector256<uint>>.HashLeaves,
            _ => HashOne,
        });

    internal static void HashNodes(ReadOnlySpan<byte> hashes, Span<byte> parents, HashWidth width) =>
        Hash(hashes, parents, 2 * Hash256.Bytes, width, width switch
        {
            HashWidth.Avx512 => Sha256Lanes<Avx512Lanes, Vector512<uint>>.HashNodes,
            HashWidth.Avx2 => Sha256Lanes<Avx2Lanes, Vector256<uint>>.HashNodes,
            _ => HashOne,
        });

    /// <param name="bytes">Of each message, without the mark that it begins with.</param>
    private static void Hash(
        ReadOnlySpan<byte> messages, Span<byte> hashes, int bytes, HashWidth width, Action<ReadOnlySpan<byte>, Span<byte>> hash)
    {
        Debug.Assert(messages.Length % bytes == 0 && hashes.Length >= messages.Length / bytes * Hash256.Bytes);
        var lanes = (int)width;
        for (; messages.Length >= lanes * bytes; hashes = hashes[(lanes * Hash256.Bytes)..])
        {
            hash(messages[..(lanes * bytes)], hashes[..(lanes * Hash256.Bytes)]);
            messages = messages[(lanes * bytes)..];
        }

        if (messages.Length >= FewestForLanes * bytes)
        {
            Span<byte> padded = stackalloc byte[lanes * bytes];
            messages.CopyTo(padded);
            hash(padded, padded);
            padded[..(messages.Length / bytes * Hash256.Bytes)].CopyTo(hashes);
            return;
        }

        for (; !messages.IsEmpty; messages = messages[bytes..], hashes = hashes[Hash256.Bytes..])
        {
            HashOne(messages[..bytes], hashes);
        }
    }

    /// <summary>A leaf has 32 bytes and a node 64, so the length says which it is.</summary>
    private static void HashOne(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        Span<byte> marked = stackalloc byte[1 + (2 * Hash256.Bytes)];
        marked[0] = message.Length == Hash256.Bytes ? (byte)0 : (byte)1;
        message.CopyTo(marked[1..]);
        SHA256.HashData(marked[..(1 + message.Length)], hash);
    }
}
