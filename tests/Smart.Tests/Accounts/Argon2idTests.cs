using System.Text;
using HealthChain.Smart.Accounts.Passwords;
using Xunit;

namespace HealthChain.Smart.Tests.Accounts;

public sealed class Argon2idTests
{
    [Fact]
    public void Blake2b_gives_the_hash_of_the_specification()
    {
        // RFC 7693, appendix A.
        byte[] hash = new byte[64];

        Blake2b.Hash("abc"u8, hash);

        Assert.Equal(
            "BA80A53F981C4D0D6A2797B69F12F6E94C212F14685AC4B74B12BB6FDBFFA2D17D87C5392AAB792DC252D5DE4533CC9518D38AA8DBF1925AB92386EDD4009923",
            Convert.ToHexString(hash));
    }

    [Fact]
    public void Argon2id_gives_the_tag_of_the_specification()
    {
        // RFC 9106 §5.3.
        var cost = new Argon2Cost(32, 3, 4);
        byte[] tag = new byte[32];

        Argon2id.Hash(Filled(32, 1), Filled(16, 2), cost, new ulong[Argon2id.WordsFor(cost)], tag, Filled(8, 3), Filled(12, 4));

        Assert.Equal("0D640DF58D78766C08C037A34A8B53C9D01EF0452D75B65EB52520E96B01E659", Convert.ToHexString(tag));
    }

    // Vectors of the reference implementation, test.c of https://github.com/P-H-C/phc-winner-argon2
    [Theory]
    [InlineData("password", "somesalt", 256, 2, 1, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe")]
    [InlineData("password", "somesalt", 256, 2, 2, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037")]
    [InlineData("password", "somesalt", 65536, 2, 1, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7")]
    public void Argon2id_gives_what_the_reference_gives(string password, string salt, int kibiBytes, int passes, int lanes, string expected)
    {
        var cost = new Argon2Cost(kibiBytes, passes, lanes);
        byte[] hash = new byte[32];
        ulong[] memory = new ulong[Argon2id.WordsFor(cost)];

        Argon2id.Hash(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(salt), cost, memory, hash);

        Assert.Equal(expected, Convert.ToHexStringLower(hash));
        Assert.True(memory.AsSpan().IndexOfAnyExcept(0ul) < 0);
    }

    [Fact]
    public void A_cost_out_of_range_is_refused() =>
        Assert.Throws<ArgumentException>(() => Argon2id.Hash("a"u8, "saltsalt"u8, new Argon2Cost(4, 1, 1), new ulong[4096], new byte[32]));

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
