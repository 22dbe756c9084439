using System.Security.Cryptography;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class Sha256BatchTests
{
    public static TheoryData<int> Widths => [(int)HashWidth.Scalar, (int)HashWidth.Avx2, (int)HashWidth.Avx512];

    /// <summary>Messages of all lengths around the ends of blocks, in batches of all sizes around the widths, one after the other in one object.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void Messages_are_hashed_as_the_base_library_hashes_them(int width)
    {
        Assert.SkipUnless((HashWidth)width <= Sha256Batch.Widest, "This processor has no such vectors.");
        var batch = new Sha256Batch((HashWidth)width);
        var random = new Random(width);
        for (int count = 0; count <= 70; count++)
        {
            batch.Clear();
            var messages = new List<byte[]>();
            for (int i = 0; i < count; i++)
            {
                byte[] message = new byte[random.Next(8) == 0 ? random.Next(2000) : random.Next(260)];
                random.NextBytes(message);
                message.CopyTo(batch.Add(message.Length));
                messages.Add(message);
            }

            batch.Run();
            Assert.Equal(count, batch.Count);
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(SHA256.HashData(messages[i]), batch[i].ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_length_up_to_some_blocks_has_its_hash(int width)
    {
        Assert.SkipUnless((HashWidth)width <= Sha256Batch.Widest, "This processor has no such vectors.");
        var batch = new Sha256Batch((HashWidth)width);
        for (int length = 0; length <= 200; length++)
        {
            batch.Add(length).Fill((byte)length);
        }

        batch.Run();
        for (int length = 0; length <= 200; length++)
        {
            byte[] message = new byte[length];
            Array.Fill(message, (byte)length);
            Assert.Equal(SHA256.HashData(message), batch[length].ToArray());
        }
    }
}
