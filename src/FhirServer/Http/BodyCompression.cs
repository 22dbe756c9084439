using System.IO.Compression;
using HealthChain.FhirServer.Responses;
using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.Http;

/// <summary>
/// Compresses answers for clients that ask for it. Answers are whole in memory, so their compressed length is known before the
/// first byte goes out; a client that does not ask costs one look at its headers.
/// </summary>
internal static class BodyCompression
{
    /// <summary>Below it the frame of the format and the work outweigh what is saved.</summary>
    public const int MinLength = 1024;

    // The level at which both still keep up with the network; higher ones gain a few percent at several times the cost.
    private const int BrotliQuality = 3;
    private const int BrotliWindow = 20;

    /// <summary><c>br</c>, <c>gzip</c> or null: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3</summary>
    public static string? Asked(HttpRequest request)
    {
        if (request.Headers.AcceptEncoding.Count == 0
            || !StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out IList<StringWithQualityHeaderValue>? codings))
        {
            return null;
        }

        double brotli = QualityOf(codings, "br");
        double gzip = QualityOf(codings, "gzip");
        return brotli == 0 && gzip == 0 ? null : brotli >= gzip ? "br" : "gzip";
    }

    /// <summary>Writes the compressed form; false when it would not be shorter.</summary>
    public static bool TryCompress(string coding, ReadOnlySpan<byte> body, PooledBuffer output)
    {
        Span<byte> target = output.GetSpan(body.Length);
        if (coding == "br")
        {
            if (!BrotliEncoder.TryCompress(body, target[..body.Length], out int written, BrotliQuality, BrotliWindow))
            {
                return false;
            }

            output.Advance(written);
            return true;
        }

        using (var gzip = new GZipStream(new BufferStream(output), CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return output.Length < body.Length;
    }

    private static double QualityOf(IList<StringWithQualityHeaderValue> codings, string coding)
    {
        double quality = 0;
        foreach (StringWithQualityHeaderValue asked in codings)
        {
            if (asked.Value.Equals(coding, StringComparison.OrdinalIgnoreCase))
            {
                return asked.Quality ?? 1;
            }

            if (asked.Value.Equals("*", StringComparison.Ordinal))
            {
                quality = asked.Quality ?? 1;
            }
        }

        return quality;
    }

    /// <summary>Lets a stream write into a buffer.</summary>
    private sealed class BufferStream(PooledBuffer output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => output.Length;

        public override long Position
        {
            get => output.Length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => System.Buffers.BuffersExtensions.Write(output, buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
