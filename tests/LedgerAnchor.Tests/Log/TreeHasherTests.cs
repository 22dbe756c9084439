using System.Security.Cryptography;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

public sealed class TreeHasherTests
{
    public static TheoryData<int> Widths => [(int)HashWidth.Scalar, (int)HashWidth.Avx2, (int)HashWidth.Avx512];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Leaves_are_hashed_as_the_base_library_hashes_them(int width)
    {
        Assert.SkipUnless(TreeHasher.IsSupported((HashWidth)width), "This processor has no such vectors.");
        var random = new Random(width);
        for (var count = 0; count <= 70; count++)
        {
            var entries = new byte[count * Hash256.Bytes];
            random.NextBytes(entries);
            var hashes = new byte[entries.Length];
            TreeHasher.HashLeaves(entries, hashes, (HashWidth)width);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(SHA256.HashData([0, .. Part(entries, i, 1)]), Part(hashes, i, 1));
            }

            // In place, too.
            TreeHasher.HashLeaves(entries, entries, (HashWidth)width);
            Assert.Equal(hashes, entries);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Nodes_are_hashed_as_the_base_library_hashes_them(int width)
    {
        Assert.SkipUnless(TreeHasher.IsSupported((HashWidth)width), "This processor has no such vectors.");
        var random = new Random(width);
        for (var count = 0; count <= 70; count++)
        {
            var pairs = new byte[count * 2 * Hash256.Bytes];
            random.NextBytes(pairs);
            var parents = new byte[count * Hash256.Bytes];
            TreeHasher.HashNodes(pairs, parents, (HashWidth)width);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(SHA256.HashData([1, .. Part(pairs, i, 2)]), Part(parents, i, 1));
            }

            TreeHasher.HashNodes(pairs, pairs, (HashWidth)width);
            Assert.Equal(parents, pairs[..parents.Length]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Bits_at_every_place_count(int width)
    {
        Assert.SkipUnless(TreeHasher.IsSupported((HashWidth)width), "This processor has no such vectors.");
        var pairs = new byte[2 * Hash256.Bytes * 8 * 2 * Hash256.Bytes];
        for (var bit = 0; bit < 8 * 2 * Hash256.Bytes; bit++)
        {
            pairs[(bit * 2 * Hash256.Bytes) + (bit / 8)] = (byte)(1 << bit % 8);
        }

        var parents = new byte[pairs.Length / 2];
        var expected = new byte[parents.Length];
        TreeHasher.HashNodes(pairs, parents, (HashWidth)width);
        TreeHasher.HashNodes(pairs, expected, HashWidth.Scalar);
        Assert.Equal(expected, parents);
        Assert.Equal(8 * 2 * Hash256.Bytes, parents.Chunk(Hash256.Bytes).Select(Convert.ToHexString).Distinct().Count());
    }

    private static byte[] Part(byte[] bytes, int index, int hashes) => bytes.AsSpan(index * hashes * Hash256.Bytes, hashes * Hash256.Bytes).ToArray();
}
