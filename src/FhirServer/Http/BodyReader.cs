using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using HealthChain.Fhir;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Server;
using HealthChain.Storage.Blobs;
using Microsoft.AspNetCore.Http.Features;

namespace HealthChain.FhirServer.Http;

/// <summary>
/// Takes the content of a request into memory, decompressed, except for large data, which goes to the blob store while it arrives. What stays in
/// memory is never more than the server's limit on bodies.
/// </summary>
internal sealed class BodyReader(BlobStore blobs, ServerOptions options)
{
    // A bundle fits at once; more is made room for as it comes, since most of a very long body goes to blobs.
    private const int LeastCapacity = 64 << 10;
    private const int MostCapacity = 4 << 20;

    /// <summary>The content, or why it is refused.</summary>
    /// <exception cref="IOException">The client went away, or the disk is full or failed.</exception>
    public async ValueTask<Result<RequestBody>> ReadAsync(HttpContext context, HttpVerb verb, RequestTarget target)
    {
        Result<PipeReader> source = Open(context);
        if (!source.IsOk)
        {
            return source.Error;
        }

        string mediaType = RequestHeaders.MediaTypeOf(context.Request.ContentType);
        try
        {
            if (BinaryUpload.IsPossible(verb, target))
            {
                Allow(context, Math.Max(options.Blobs.MaxBytes, MaxText));
                return await new BinaryUpload(blobs, options.Blobs).ReadAsync(context.Request, source.Value, target, context.RequestAborted) is { } upload
                    ? Checked(upload)
                    : await ReadResourceAsync(source.Value, mediaType, context.Request.ContentLength, context.RequestAborted);
            }

            if (Formats.OfContent(mediaType) is not null && !RequestHeaders.IsReadable(context.Request.ContentType))
            {
                return FhirError.Of(ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "The server reads resources of FHIR 4.0 in UTF-8; the Content-Type names something else.");
            }

            if (Formats.OfContent(mediaType) is null || IsShort(context.Request))
            {
                return await ReadWholeAsync(source.Value, mediaType, context.RequestAborted);
            }

            if (IsModest(context.Request) && Formats.OfContent(mediaType) == FhirFormat.Json)
            {
                return await ReadModestAsync(source.Value, mediaType, (int)context.Request.ContentLength!, context.RequestAborted);
            }

            Allow(context, MaxText);
            return await ReadResourceAsync(source.Value, mediaType, context.Request.ContentLength, context.RequestAborted);
        }
        catch (Exception garbage) when (garbage is InvalidDataException or InvalidOperationException)
        {
            return FhirError.Invalid($"The content is not what its Content-Encoding says.");
        }
        finally
        {
            if (context.Request.Headers.ContentEncoding.Count > 0)
            {
                await source.Value.CompleteAsync();
            }
        }
    }

    /// <summary>The longest resource with data in base64.</summary>
    private long MaxText => options.Limits.BodyBytes + ((options.Blobs.MaxBytes + 2) / 3 * 4);

    private bool IsShort(HttpRequest request) => request.ContentLength <= options.Blobs.InlineBytes && request.Headers.ContentEncoding.Count == 0;

    /// <summary>What may well be in memory as a whole before it is known what of it goes to blobs.</summary>
    private bool IsModest(HttpRequest request) =>
        request.ContentLength <= Math.Min(MostCapacity, options.Limits.BodyBytes) && request.Headers.ContentEncoding.Count == 0;

    /// <summary>The server's own bound on bodies is for those that stay in memory.</summary>
    private static void Allow(HttpContext context, long bytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytes;
        }
    }

    private static Result<PipeReader> Open(HttpContext context)
    {
        if (context.Request.Headers.ContentEncoding.Count == 0)
        {
            return context.Request.BodyReader;
        }

        string encoding = context.Request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        Stream body = context.Request.Body;
        return encoding switch
        {
            "gzip" or "x-gzip" => PipeReader.Create(new GZipStream(body, CompressionMode.Decompress)),
            "br" => PipeReader.Create(new BrotliStream(body, CompressionMode.Decompress)),
            "deflate" => PipeReader.Create(new ZLibStream(body, CompressionMode.Decompress)),
            "identity" => PipeReader.Create(body),
            _ => FhirError.Of(ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "The server reads Content-Encoding gzip, br and deflate."),
        };
    }

    private async ValueTask<Result<RequestBody>> ReadWholeAsync(PipeReader source, string mediaType, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken);
            if (result.IsCompleted)
            {
                byte[] bytes = result.Buffer.ToArray();
                source.AdvanceTo(result.Buffer.End);
                return Checked(new RequestBody(bytes, mediaType) { Limits = options.Limits.Reading });
            }

            // A few compressed bytes can stand for gigabytes, so the limit holds for what comes out as well.
            if (result.Buffer.Length > options.Limits.BodyBytes)
            {
                source.AdvanceTo(result.Buffer.End);
                return FhirError.Of(ErrorKind.TooLarge, IssueType.TooLong, $"The content has more than {options.Limits.BodyBytes} bytes.");
            }

            source.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>
    /// The filter for large data looks at every token, which costs a bundle as much as parsing it. Most have no member <c>data</c> at all, and that one
    /// search tells.
    /// </summary>
    private async ValueTask<Result<RequestBody>> ReadModestAsync(PipeReader source, string mediaType, int length, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[length];
        int taken = 0;
        ReadResult result;
        do
        {
            result = await source.ReadAsync(cancellationToken);
            result.Buffer.CopyTo(bytes.AsSpan(taken));
            taken += (int)result.Buffer.Length;
            source.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);

        ReadOnlyMemory<byte> content = bytes.AsMemory(0, taken);
        return content.Span.IndexOf("\"data\""u8) < 0
            ? Checked(new RequestBody(content, mediaType) { Limits = options.Limits.Reading })
            : await ReadResourceAsync(PipeReader.Create(new ReadOnlySequence<byte>(content)), mediaType, length, cancellationToken);
    }

    private async ValueTask<Result<RequestBody>> ReadResourceAsync(PipeReader source, string mediaType, long? length, CancellationToken cancellationToken)
    {
        int capacity = (int)Math.Min(length ?? LeastCapacity, MostCapacity);
        using LargeDataFilter filter = Formats.OfContent(mediaType) == FhirFormat.Xml
            ? new XmlDataFilter(blobs, options.Blobs, options.Limits.BodyBytes, capacity)
            : new JsonDataFilter(blobs, options.Blobs, options.Limits.BodyBytes, capacity);
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken);
            FhirError? error = null;
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                error ??= filter.Append(piece.Span);
            }

            source.AdvanceTo(result.Buffer.End);
            if (error is not null)
            {
                return error;
            }

            if (result.IsCompleted)
            {
                return Checked(new RequestBody(filter.Document, mediaType) { StandIns = filter.Diverted, Limits = options.Limits.Reading });
            }
        }
    }

    /// <summary>Only stand-ins that were put in here may be in the content.</summary>
    private static Result<RequestBody> Checked(Result<RequestBody> body) => !body.IsOk || StandInMentions.Count(body.Value.Bytes.Span) == body.Value.StandIns
        ? body
        : FhirError.Invalid("The content holds a text that the server keeps for its own use.");
}
