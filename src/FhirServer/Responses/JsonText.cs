using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HealthChain.FhirServer.Responses;

/// <summary>Pieces of JSON written straight into a buffer, where a writer that checks every token would cost more than the tokens.</summary>
internal static class JsonText
{
    /// <summary>Text that needs no escape, such as an id or a type.</summary>
    public static void WriteText(this IBufferWriter<byte> output, string text)
    {
        Span<byte> target = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, target));
    }

    public static void WriteNumber(this IBufferWriter<byte> output, long number)
    {
        Span<byte> target = output.GetSpan(20);
        number.TryFormat(target, out int written, provider: CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <summary>A string of any content, with its quotes.</summary>
    public static void WriteString(this IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.Write(Escaped(text));
        output.Write("\""u8);
    }

    /// <summary>An instant to the millisecond, as versions have it, with its quotes.</summary>
    public static void WriteInstant(this IBufferWriter<byte> output, DateTimeOffset instant)
    {
        Span<byte> target = output.GetSpan(32);
        instant.UtcDateTime.TryFormat(target, out int written, "'\"'yyyy-MM-dd'T'HH:mm:ss.fff'Z\"'", CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    /// <summary>The text as it stands between the quotes of a JSON string.</summary>
    public static ReadOnlySpan<byte> Escaped(string text) =>
        JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
}
