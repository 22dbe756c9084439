using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using HealthChain.Fhir;
using Microsoft.AspNetCore.Http.Features;

namespace HealthChain.FhirServer.Http;

/// <summary>Takes the whole content of a request into memory, decompressed, never more than the server's limit on bodies.</summary>
internal static class BodyReader
{
    public static ValueTask<Result<ReadOnlyMemory<byte>>> ReadAsync(HttpContext context) =>
        context.Request.Headers.ContentEncoding.Count == 0 ? ReadPlainAsync(context) : DecompressAsync(context);

    private static async ValueTask<Result<ReadOnlyMemory<byte>>> ReadPlainAsync(HttpContext context)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync(context.RequestAborted);
            if (result.IsCompleted)
            {
                byte[] bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return (ReadOnlyMemory<byte>)bytes;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static async ValueTask<Result<ReadOnlyMemory<byte>>> DecompressAsync(HttpContext context)
    {
        string encoding = context.Request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        Stream body = context.Request.Body;
        await using Stream? plain = encoding switch
        {
            "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => null,
        };
        if (encoding is "identity")
        {
            return await ReadPlainAsync(context);
        }

        if (plain is null)
        {
            return FhirError.Of(ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "The server reads Content-Encoding gzip, br and deflate.");
        }

        // A few bytes can stand for gigabytes, so the limit holds for what comes out as well.
        long limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? Array.MaxLength;
        using var bytes = new Responses.PooledBuffer();
        try
        {
            while (await plain.ReadAsync(bytes.GetMemory(4096), context.RequestAborted) is var read and > 0)
            {
                bytes.Advance(read);
                if (bytes.Length > limit)
                {
                    return FhirError.Of(ErrorKind.TooLarge, IssueType.TooLong, $"The content has more than {limit} bytes when it is decompressed.");
                }
            }
        }
        catch (Exception garbage) when (garbage is InvalidDataException or InvalidOperationException)
        {
            return FhirError.Invalid($"The content is not what its Content-Encoding says: {encoding}.");
        }

        return (ReadOnlyMemory<byte>)bytes.Written.ToArray();
    }
}
