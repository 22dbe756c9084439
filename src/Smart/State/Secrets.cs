using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>Random texts that whoever has them may use, and the hashes under which this server keeps them.</summary>
public static class Secrets
{
    private const int SecretBytes = 32;
    private const int IdBytes = 16;

    /// <summary>A text of 256 random bits in 43 characters that may stand in URLs, headers and cookies.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>A name that is never given twice, and that tells nothing.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));

    /// <summary>Under which a secret is kept.</summary>
    public static byte[] Hash(string secret) => HashOf(secret).ToArray();

    /// <summary>Whether a secret is the one that was hashed, without telling by its time how much of it is right.</summary>
    public static bool Matches(string secret, ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(Hash(secret), hash);

    internal static Hash256 HashOf(string secret) => Hash256.Of(Encoding.UTF8.GetBytes(secret));

    internal static bool AreEqual(Hash256 one, Hash256 other)
    {
        Span<byte> left = stackalloc byte[Hash256.Bytes];
        Span<byte> right = stackalloc byte[Hash256.Bytes];
        one.Write(left);
        other.Write(right);
        return CryptographicOperations.FixedTimeEquals(left, right);
    }
}
