using System.Buffers;
using System.Buffers.Text;
using System.Text.RegularExpressions;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// Counts mentions of stand-ins in what a client sent, so that nobody can slip one in. A client never learns a stand-in, but one that it made up
/// would be taken for data that has gone missing.
/// </summary>
internal static partial class StandInMentions
{
    private const string Beginning = "HealthChainBlob";

    /// <summary>A message for a client: a fault may have been found in a value that is a stand-in, or in what a patch made of one.</summary>
    public static string Hidden(string message) =>
        message.Contains(Beginning, StringComparison.Ordinal) ? Text().Replace(message, "(large data)") : message;

    /// <summary>How often a text of JSON or XML holds <see cref="BlobStandIn.Marker"/>, letters written as escapes included.</summary>
    public static int Count(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf("\\u00"u8) < 0 && text.IndexOf("&#"u8) < 0)
        {
            return text.Count(BlobStandIn.Marker);
        }

        byte[] plain = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            return plain.AsSpan(0, Unescape(text, plain)).Count(BlobStandIn.Marker);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    [GeneratedRegex(Beginning + "[A-Za-z0-9]*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Text();

    /// <summary>Resolves escapes of ASCII characters, of JSON and XML alike; leaves all else.</summary>
    private static int Unescape(ReadOnlySpan<byte> text, Span<byte> plain)
    {
        int length = 0;
        while (!text.IsEmpty)
        {
            int run = text.IndexOfAny((byte)'\\', (byte)'&');
            if (run != 0)
            {
                run = run < 0 ? text.Length : run;
                text[..run].CopyTo(plain[length..]);
                length += run;
                text = text[run..];
                continue;
            }

            (int taken, byte meaning) = text switch
            {
                [(byte)'\\', (byte)'u', (byte)'0', (byte)'0', var high, var low, ..] => (6, Parse([high, low], 'x')),
                [(byte)'&', (byte)'#', ..] when text[..Math.Min(text.Length, 12)].IndexOf((byte)';') is > 2 and var end => (end + 1, Reference(text[2..end])),
                _ => (1, text[0]),
            };
            plain[length++] = meaning;
            text = text[taken..];
        }

        return length;
    }

    private static byte Reference(ReadOnlySpan<byte> digits) => digits[0] == (byte)'x' ? Parse(digits[1..], 'x') : Parse(digits, 'D');

    private static byte Parse(ReadOnlySpan<byte> digits, char format) =>
        Utf8Parser.TryParse(digits, out byte value, out int length, format) && length == digits.Length ? value : (byte)' ';
}
