using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace HealthChain.Storage.Tests;

public class IndexHasherTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
    private static readonly IndexHasher Hasher = new(Key);

    // Official vectors of SipHash-2-4: the message is 00 01 02 ... of that length. https://github.com/veorq/SipHash/blob/master/vectors.h
    [Theory]
    [InlineData(0, "310E0EDD47DB6F72")]
    [InlineData(1, "FD67DC93C539F874")]
    [InlineData(2, "5A4FA9D909806C0D")]
    [InlineData(3, "2D7EFBD796666785")]
    [InlineData(7, "37D1018BF50002AB")]
    [InlineData(8, "6224939A79F5F593")]
    [InlineData(9, "B0E4A90BDF82009E")]
    [InlineData(15, "E545BE4961CA29A1")]
    [InlineData(16, "DB9BC2577FCC2A3F")]
    [InlineData(31, "42C341D8FA92D832")]
    [InlineData(63, "724506EB4C328A95")]
    public void The_function_is_SipHash_2_4(int length, string expected)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Hasher.SipHash(message));
        Assert.Equal(expected, Convert.ToHexString(bytes));
    }

    [Fact]
    public void The_same_text_has_another_hash_in_each_domain()
    {
        byte[] text = "abc"u8.ToArray();
        long[] hashes =
        [
            Hasher.Code(text), Hasher.System(text), Hasher.ReferenceId(text), Hasher.Uri(text), Hasher.TextPrefix(text), Hasher.ExactText(text),
            Hasher.Token(text, default), Hasher.Token(default, text), Hasher.Reference(text, default), Hasher.Reference(default, text),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Theory]
    [InlineData("ab", "c", "a", "bc")]
    [InlineData("", "abc", "abc", "")]
    [InlineData("a\0", "b", "a", "\0b")]
    public void A_pair_is_not_the_text_of_its_parts(string system, string code, string otherSystem, string otherCode) =>
        Assert.NotEqual(Hasher.Token(Utf8(system), Utf8(code)), Hasher.Token(Utf8(otherSystem), Utf8(otherCode)));

    // 507 letters are the last that fit the buffer on the stack with the five bytes in front of them.
    [Theory]
    [InlineData(506)]
    [InlineData(507)]
    [InlineData(508)]
    [InlineData(100_000)]
    public void Long_texts_are_hashed_whole(int length)
    {
        byte[] text = Utf8(new string('x', length));
        byte[] altered = [.. text];
        altered[^1] = (byte)'y';
        var framed = new byte[5 + length];
        framed[0] = 2;
        BinaryPrimitives.WriteInt32LittleEndian(framed.AsSpan(1), length);
        text.CopyTo(framed, 5);
        Assert.Equal((long)Hasher.SipHash(framed), Hasher.Code(text));
        Assert.NotEqual(Hasher.Code(text), Hasher.Code(altered));
    }

    [Fact]
    public void Another_key_gives_other_hashes()
    {
        byte[] otherKey = [.. Key];
        otherKey[15] ^= 1;
        Assert.NotEqual(Hasher.Code("abc"u8), new IndexHasher(otherKey).Code("abc"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(32)]
    public void A_key_of_another_length_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new IndexHasher(new byte[length]));

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
