using HealthChain.EthersDifferential;
using HealthChain.LedgerAnchor.Chain;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>RLP and the ABI on values drawn at random. The seeds are fixed; a case that fails says which.</summary>
public sealed class EncodingProperties
{
    private const int Cases = 2_000;

    [Fact]
    public void What_RLP_writes_it_reads_as_the_same_and_nothing_else_is_read_as_that()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var draw = new Draw(seed);
            byte[] data = Nested(draw, 0);
            Assert.True(data.SequenceEqual(Rewritten(data)!), $"seed {seed}");

            // What is read at all is written back byte by byte: there is one encoding of each value.
            byte[] damaged = Damaged(draw, data);
            Assert.True(Rewritten(damaged) is not { } again || again.SequenceEqual(damaged), $"seed {seed}, damaged");
        }
    }

    [Theory]
    [InlineData("00", "00")]
    [InlineData("8180", "8180")]
    [InlineData("817f", null)]
    [InlineData("8100", null)]
    [InlineData("b800", null)]
    [InlineData("b837", null)]
    [InlineData("b90000", null)]
    [InlineData("f800", null)]
    [InlineData("bf7fffffffffffffff", null)]
    [InlineData("ffffffffffffffffff", null)]
    [InlineData("bfffffffffffffffff00", null)]
    [InlineData("c181", null)]
    [InlineData("c2c1", null)]
    [InlineData("8080", null)]
    [InlineData("", null)]
    public void Forms_of_RLP_that_are_not_canonical_are_refused(string data, string? expected) =>
        Assert.Equal(expected, Rewritten(Convert.FromHexString(data)) is { } bytes ? Convert.ToHexStringLower(bytes) : null);

    [Theory]
    [InlineData("80", 0L)]
    [InlineData("01", 1L)]
    [InlineData("820400", 1024L)]
    [InlineData("887fffffffffffffff", long.MaxValue)]
    [InlineData("888000000000000000", null)]
    [InlineData("00", null)]
    [InlineData("820001", null)]
    [InlineData("c0", null)]
    public void Numbers_in_RLP_have_no_zeros_in_front(string data, long? expected)
    {
        long? read = null;
        try
        {
            read = new RlpReader(Convert.FromHexString(data)).ReadLong();
        }
        catch (FormatException)
        {
            // Expected where nothing is.
        }

        Assert.Equal(expected, read);
    }

    [Fact]
    public void What_the_ABI_writes_it_reads_as_the_same_and_damaged_data_mean_one_thing_or_none()
    {
        for (int seed = 0; seed < Cases; seed++)
        {
            var draw = new Draw(seed);
            TypedValue[] values = AbiCases.Values(draw, 1 + draw.Below(4));
            string types = AbiCases.List(values);
            byte[] data = Abi.Encode(types, AbiCases.Objects(values));
            Assert.True(data.SequenceEqual(Abi.Encode(types, Abi.Decode(types, data))), $"seed {seed}");

            byte[] damaged = Damaged(draw, data);
            try
            {
                // Offsets may be in another order, so that not the bytes come back, but the values.
                byte[] once = Abi.Encode(types, Abi.Decode(types, damaged));
                Assert.True(once.SequenceEqual(Abi.Encode(types, Abi.Decode(types, once))), $"seed {seed}, damaged");
                Assert.True(once.Length <= damaged.Length, $"seed {seed}: more came out than went in");
            }
            catch (FormatException)
            {
                // Refused.
            }
        }
    }

    private static byte[] Damaged(Draw draw, byte[] data)
    {
        byte[] damaged = [.. data];
        for (int i = draw.Below(4); i >= 0 && damaged.Length > 0; i--)
        {
            int at = draw.Below(damaged.Length);
            switch (draw.Below(3))
            {
                case 0:
                    damaged[at] ^= (byte)(1 << draw.Below(8));
                    break;
                case 1:
                    damaged[at] = draw.Of<byte>(0, 1, 0x20, 0x40, 0x7F, 0x80, 0x81, 0xB8, 0xC0, 0xF8, 0xFF);
                    break;
                default:
                    damaged = damaged[..at];
                    break;
            }
        }

        return damaged;
    }

    private static byte[] Nested(Draw draw, int depth)
    {
        var rlp = new RlpWriter();
        if (depth > 4 || draw.Chance(40))
        {
            rlp.Write(draw.Bytes(draw.Of(0, 1, 1, 2, 55, 56, 255, 256, draw.Below(70_000 >> (3 * depth)))));
            return rlp.ToArray();
        }

        rlp.BeginList();
        for (int i = draw.Below(5); i > 0; i--)
        {
            rlp.WriteRaw(Nested(draw, depth + 1));
        }

        rlp.EndList();
        return rlp.ToArray();
    }

    private static byte[]? Rewritten(byte[] data)
    {
        try
        {
            var reader = new RlpReader(data);
            var writer = new RlpWriter();
            Copy(ref reader, writer);
            reader.ExpectEnd();
            return writer.ToArray();
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void Copy(ref RlpReader reader, RlpWriter writer)
    {
        if (!reader.IsAtList)
        {
            writer.Write(reader.ReadText());
            return;
        }

        var items = reader.ReadList();
        writer.BeginList();
        while (!items.IsAtEnd)
        {
            Copy(ref items, writer);
        }

        writer.EndList();
    }
}
