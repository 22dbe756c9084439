using System.Buffers.Text;

namespace HealthChain.Smart.Jose;

/// <summary>
/// Base64url as JOSE has it (https://www.rfc-editor.org/rfc/rfc7515#section-2): no padding, no white space, and no bits beyond the last
/// byte, so that each value has one spelling.
/// </summary>
internal static class Base64UrlText
{
    public static string Of(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>The bytes, or null when the text is not the one spelling of any.</summary>
    public static byte[]? Read(ReadOnlySpan<char> text)
    {
        foreach (char letter in text)
        {
            if (!(char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
            {
                return null;
            }
        }

        int rest = text.Length % 4;
        if (rest == 1 || (rest != 0 && (ValueOf(text[^1]) & (rest == 2 ? 0b1111 : 0b11)) != 0))
        {
            return null;
        }

        return Base64Url.DecodeFromChars(text);
    }

    /// <summary>The bytes, or null when the text is not the one spelling of exactly so many.</summary>
    public static byte[]? Read(ReadOnlySpan<char> text, int length) => Read(text) is { } bytes && bytes.Length == length ? bytes : null;

    private static int ValueOf(char letter) => letter switch
    {
        >= 'A' and <= 'Z' => letter - 'A',
        >= 'a' and <= 'z' => letter - 'a' + 26,
        >= '0' and <= '9' => letter - '0' + 52,
        '-' => 62,
        _ => 63,
    };
}
