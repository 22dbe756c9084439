using System.Security.Cryptography;
using System.Text;

namespace HealthChain.Smart.Accounts;

/// <summary>Codes on paper that stand in, each once, for a second factor that was lost. 80 random bits, so a fast hash keeps them.</summary>
internal static class RecoveryCodes
{
    private const int Count = 10;
    private const int Bytes = 10;
    private const int GroupLetters = 4;

    /// <summary>New codes as they are shown, once.</summary>
    public static IReadOnlyList<string> New() => [.. Enumerable.Range(0, Count).Select(_ => Show(RandomNumberGenerator.GetBytes(Bytes)))];

    public static IReadOnlyList<byte[]> Hashes(IEnumerable<string> codes) => [.. codes.Select(code => HashOf(code) ?? throw new ArgumentException("This is no recovery code.", nameof(codes)))];

    /// <summary>The hashes without that of the code; null when the code is none of them.</summary>
    public static IReadOnlyList<byte[]>? Use(IReadOnlyList<byte[]> hashes, string code)
    {
        if (HashOf(code) is not { } given)
        {
            return null;
        }

        byte[]? used = null;
        foreach (byte[] hash in hashes)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, given))
            {
                used = hash;
            }
        }

        return used is null ? null : [.. hashes.Where(hash => hash != used)];
    }

    private static byte[]? HashOf(string code) => Base32.TryDecode(code, out byte[]? bytes) && bytes.Length == Bytes ? SHA256.HashData(bytes) : null;

    private static string Show(byte[] bytes)
    {
        string letters = Base32.Encode(bytes).ToLowerInvariant();
        var shown = new StringBuilder();
        for (int i = 0; i < letters.Length; i++)
        {
            shown.Append(i > 0 && i % GroupLetters == 0 ? "-" : "").Append(letters[i]);
        }

        return shown.ToString();
    }
}
