using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace HealthChain.LedgerProofs;

/// <summary>The encodings that the formats of C2SP share. One value has one spelling, so that no two texts say the same.</summary>
internal static class StrictText
{
    /// <summary>UTF-8 that refuses what is not.</summary>
    public static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A decimal number without sign and leading zeroes, below 2^63.</summary>
    public static bool TryReadNumber(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        return text.Length is > 0 and <= 19
            && (text.Length == 1 || text[0] != '0')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Base64 of RFC 4648 §4: with padding, without line breaks, the unused bits zero.</summary>
    public static bool TryReadBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length % 4 != 0 || text.Length == 0)
        {
            return false;
        }

        var decoded = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(text, decoded, out var length))
        {
            return false;
        }

        // The decoder overlooks spaces and stray bits; what it read must be written the same way.
        if (length > decoded.Length || !text.SequenceEqual(Convert.ToBase64String(decoded.AsSpan(0, length))))
        {
            return false;
        }

        bytes = decoded.AsSpan(0, length).ToArray();
        return true;
    }

    public static bool TryReadHash(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        if (text.Length != Base64.GetMaxEncodedToUtf8Length(Hash256.Bytes) || !TryReadBase64(text, out var bytes) || bytes.Length != Hash256.Bytes)
        {
            return false;
        }

        hash = new Hash256(bytes);
        return true;
    }

    public static string Write(Hash256 hash) => Convert.ToBase64String(hash.ToArray());
}
