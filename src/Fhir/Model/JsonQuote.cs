using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace HealthChain.Fhir.Model;

/// <summary>Makes JSON strings with as few escapes as JSON allows, so that values mostly stand as they are.</summary>
internal static class JsonQuote
{
    private static readonly SearchValues<byte> MustEscape =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(value => (byte)value), (byte)'"', (byte)'\\']);

    /// <summary>The text between quotes, in UTF-8.</summary>
    public static byte[] Of(ReadOnlySpan<char> text)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return Of(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>The text between quotes.</summary>
    public static byte[] Of(ReadOnlySpan<byte> utf8)
    {
        if (!utf8.ContainsAny(MustEscape))
        {
            byte[] plain = new byte[utf8.Length + 2];
            plain[0] = (byte)'"';
            utf8.CopyTo(plain.AsSpan(1));
            plain[^1] = (byte)'"';
            return plain;
        }

        var output = new ArrayBufferWriter<byte>(utf8.Length + 16);
        output.Write("\""u8);
        for (int next; (next = utf8.IndexOfAny(MustEscape)) >= 0; utf8 = utf8[(next + 1)..])
        {
            output.Write(utf8[..next]);
            WriteEscape(utf8[next], output);
        }

        output.Write(utf8);
        output.Write("\""u8);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteEscape(byte value, ArrayBufferWriter<byte> output)
    {
        switch (value)
        {
            case (byte)'"':
                output.Write("\\\""u8);
                break;
            case (byte)'\\':
                output.Write("\\\\"u8);
                break;
            case (byte)'\n':
                output.Write("\\n"u8);
                break;
            case (byte)'\r':
                output.Write("\\r"u8);
                break;
            case (byte)'\t':
                output.Write("\\t"u8);
                break;
            default:
                output.Write("\\u"u8);
                Utf8Formatter.TryFormat(value, output.GetSpan(4), out int written, new StandardFormat('x', 4));
                output.Advance(written);
                break;
        }
    }
}
