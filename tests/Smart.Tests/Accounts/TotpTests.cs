using System.Text;
using HealthChain.Smart.Accounts;
using Xunit;

namespace HealthChain.Smart.Tests.Accounts;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    // RFC 6238, appendix B, SHA1.
    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void Codes_are_those_of_the_specification(long seconds, string code) =>
        Assert.Equal(code, Totp.CodeAt(Secret, Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds)), digits: 8));

    [Fact]
    public void A_code_is_good_a_step_earlier_and_later_but_not_two()
    {
        long now = Totp.StepAt(Noon);

        Assert.Equal([null, now - 1, now, now + 1, null], Enumerable.Range(-2, 5).Select(away => Totp.Match(Secret, Totp.CodeAt(Secret, now + away), 0, Noon)));
    }

    [Fact]
    public void A_code_counts_once_and_none_before_it_counts_after_it()
    {
        long now = Totp.StepAt(Noon);

        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, now), now, Noon));
        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, now - 1), now, Noon));
        Assert.Equal(now + 1, Totp.Match(Secret, Totp.CodeAt(Secret, now + 1), now, Noon));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData("१२३४५६")]
    public void What_is_no_code_is_none(string code) => Assert.Null(Totp.Match(Secret, code, 0, Noon));

    // RFC 4648 §10, without padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Base32_is_that_of_the_specification(string text, string encoded)
    {
        Assert.Equal(encoded, Base32.Encode(Encoding.ASCII.GetBytes(text)));
        Assert.True(Base32.TryDecode(encoded.ToLowerInvariant(), out byte[]? bytes));
        Assert.Equal(text, Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void The_key_is_written_as_authenticator_apps_read_it() => Assert.Equal(
        "otpauth://totp/HealthChain:a%26b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=HealthChain&algorithm=SHA1&digits=6&period=30",
        Totp.KeyUri("HealthChain", "a&b", Secret));

    [Fact]
    public void A_recovery_code_counts_once()
    {
        IReadOnlyList<string> codes = RecoveryCodes.New();
        IReadOnlyList<byte[]> hashes = RecoveryCodes.Hashes(codes);

        IReadOnlyList<byte[]>? left = RecoveryCodes.Use(hashes, codes[3].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal));

        Assert.Equal(10, codes.Distinct().Count());
        Assert.Equal(9, left?.Count);
        Assert.Null(RecoveryCodes.Use(left!, codes[3]));
        Assert.NotNull(RecoveryCodes.Use(left!, codes[4]));
        Assert.Null(RecoveryCodes.Use(left!, "no code"));
    }
}
