using System.Buffers.Text;
using System.Text;

namespace HealthChain.Load.Http;

/// <summary>An answer, as parts of the connection's buffer: valid until the next request on that connection.</summary>
internal readonly record struct Response(int Status, ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Body)
{
    /// <summary>The value of a header; empty when it is not there.</summary>
    public ReadOnlySpan<byte> Header(ReadOnlySpan<byte> name) => HeaderOf(Head.Span, name);

    /// <summary>How often a text occurs in the body.</summary>
    public int Count(ReadOnlySpan<byte> text) => Body.Span.Count(text);

    /// <summary>The beginning of the answer, for the message about an unexpected one.</summary>
    public string Excerpt()
    {
        var body = Body.Span[..Math.Min(Body.Length, 1500)];
        return $"{Encoding.UTF8.GetString(Head.Span).Trim()}\n\n{Encoding.UTF8.GetString(body)}";
    }

    internal static ReadOnlySpan<byte> HeaderOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        while (head.IndexOf("\r\n"u8) is >= 0 and var end)
        {
            var line = head[..end];
            if (line.Length > name.Length && line[name.Length] == (byte)':' && Ascii.EqualsIgnoreCase(line[..name.Length], name))
            {
                return line[(name.Length + 1)..].Trim((byte)' ');
            }

            head = head[(end + 2)..];
        }

        return default;
    }
}

/// <summary>What the head of an answer says about how to read the rest: https://www.rfc-editor.org/rfc/rfc9112#section-6.3</summary>
internal readonly record struct Framing(int Status, int HeadLength, int BodyLength, bool IsChunked)
{
    /// <summary>Reads the head once it is complete.</summary>
    public static bool TryRead(ReadOnlySpan<byte> received, out Framing framing)
    {
        framing = default;
        if (received.IndexOf("\r\n\r\n"u8) is not (>= 0 and var end))
        {
            return false;
        }

        var head = received[..(end + 4)];
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
        {
            throw new UnexpectedAnswerException($"not an HTTP/1.1 answer: {Encoding.UTF8.GetString(head)}");
        }

        var isChunked = false;
        var length = 0;
        if (Response.HeaderOf(head, "Content-Length"u8) is { Length: > 0 } text)
        {
            _ = Utf8Parser.TryParse(text, out length, out _);
        }
        else
        {
            isChunked = Ascii.EqualsIgnoreCase(Response.HeaderOf(head, "Transfer-Encoding"u8), "chunked"u8);
        }

        framing = new Framing(status, head.Length, length, isChunked);
        return true;
    }
}

/// <summary>Bodies that come in chunks: https://www.rfc-editor.org/rfc/rfc9112#section-7.1</summary>
internal static class Chunks
{
    private static ReadOnlySpan<byte> Last => "0\r\n\r\n"u8;

    /// <summary>Joins the chunks at the start of the span once all are there; the length of the body, or -1.</summary>
    public static int Join(Span<byte> received)
    {
        // Cheap test first: while more is to come, the last chunk is not at the end.
        if (!received.EndsWith(Last))
        {
            return -1;
        }

        for (var at = 0; ;)
        {
            if (!TryReadSize(received[at..], out var size, out var sizeLength) || at + sizeLength + size + 2 > received.Length)
            {
                return -1;
            }

            if (size == 0)
            {
                break;
            }

            at += sizeLength + size + 2;
        }

        var joined = 0;
        for (var at = 0; TryReadSize(received[at..], out var size, out var sizeLength) && size > 0; at += sizeLength + size + 2)
        {
            received.Slice(at + sizeLength, size).CopyTo(received[joined..]);
            joined += size;
        }

        return joined;
    }

    private static bool TryReadSize(ReadOnlySpan<byte> chunk, out int size, out int length)
    {
        length = chunk.IndexOf("\r\n"u8) + 2;
        return Utf8Parser.TryParse(chunk, out size, out _, 'x') && length > 1;
    }
}
