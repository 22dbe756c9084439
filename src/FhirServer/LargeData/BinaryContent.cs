using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;
using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// Answers a read of a Binary with its content: https://hl7.org/fhir/R4/binary.html#rest. "When a read is made for the binary resource that doesn't explicitly
/// specify the FHIR content types, then the content should be returned using the content type stated in the resource."
/// </summary>
internal sealed class BinaryContent
{
    private const int BytesAtOnce = 64 << 10;

    private readonly Element _binary;
    private readonly string _contentType;

    private BinaryContent(Element binary)
    {
        _binary = binary;
        _contentType = ContentTypeOf(binary.Child("contentType").Exists ? binary.Child("contentType").Text : null);
    }

    /// <summary>The content, when that is what the request asks for; else null.</summary>
    public static BinaryContent? Find(FhirRequest request, FhirResponse answer, string? accept)
    {
        bool isRead = request.Target is { Type.Name: "Binary", Kind: TargetKind.Instance or TargetKind.Version } && request.Verb is HttpVerb.Get or HttpVerb.Head;
        if (!isRead || answer.Status != HttpStatusCode.OK || request.Query.Count > 0 || request.FormParameters.Any(parameter => parameter.Name == "_format"))
        {
            return null;
        }

        var content = new BinaryContent(FhirJson.Read(answer.Json).Root);
        return content.IsAccepted(accept) ? content : null;
    }

    /// <summary>Writes the content, or the part of it that was asked for.</summary>
    /// <exception cref="InvalidDataException">The blob is missing or damaged.</exception>
    public async Task WriteAsync(HttpContext context, FhirResponse answer, BlobStore blobs)
    {
        HttpResponse response = context.Response;
        ResponseWriter.WriteHeaders(response.Headers, answer);
        response.Headers.Vary = "Accept";
        response.Headers.AcceptRanges = "bytes";

        // Whoever uploaded a page or an image with scripts must not run them in the name of this server.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        if (_binary.Child("securityContext") is { Exists: true } security && security.Child("reference") is { Exists: true } reference && IsHeaderText(reference.Text!))
        {
            response.Headers["X-Security-Context"] = reference.Text;
        }

        await using Stream content = Open(blobs, out long length);
        (long start, long count) = ChooseRange(context, length);
        response.ContentType = _contentType;
        response.ContentLength = count;
        if (count > 0 && !HttpMethods.IsHead(context.Request.Method))
        {
            await CopyAsync(content, start, count, context);
        }
    }

    /// <summary>
    /// Forms of FHIR are sent when they are named and liked no less than the content's own type, which wildcards mean too. JSON and XML without FHIR
    /// in their names stand for its forms only if the content has another type and nothing else fits.
    /// </summary>
    private bool IsAccepted(string? accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept is null ? [] : [accept], out IList<MediaTypeHeaderValue>? ranges) || ranges.Count == 0)
        {
            return true;
        }

        var own = MediaTypeHeaderValue.Parse(_contentType);
        double fhir = 0;
        double generic = 0;
        double native = 0;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            double quality = range.Quality ?? 1;
            if (range.MediaType.Value!.Contains("fhir", StringComparison.OrdinalIgnoreCase))
            {
                fhir = Math.Max(fhir, quality);
            }
            else if (range.MatchesMediaType(own.MediaType))
            {
                native = Math.Max(native, quality);
            }
            else if (Formats.OfContent(range.MediaType.Value.ToLowerInvariant()) is not null)
            {
                generic = Math.Max(generic, quality);
            }
        }

        return !(fhir > 0 && fhir >= native) && (native > 0 || generic == 0);
    }

    private Stream Open(BlobStore blobs, out long length)
    {
        Element data = _binary.Child("data");
        if (!data.Exists || !data.HasValue)
        {
            length = 0;
            return Stream.Null;
        }

        if (!BlobStandIn.TryRead(data.RawValue, out BlobStandIn standIn))
        {
            byte[] bytes = Decode(data.Value, out int count);
            length = count;
            return new MemoryStream(bytes, 0, count, writable: false);
        }

        if (blobs.Open(standIn.Blob, out BlobStream? stream) is not SealStatus.Ok and var status)
        {
            throw new InvalidDataException($"The blob {standIn.Blob.Address} cannot be read: {status}.");
        }

        length = standIn.DataBytes;
        return standIn.Form == BlobForm.Data
            ? stream!
            : new CryptoStream(stream!, new FromBase64Transform(FromBase64TransformMode.IgnoreWhiteSpaces), CryptoStreamMode.Read);
    }

    /// <summary>Short data may have bits after its last byte, which the platform's decoder refuses, so padding is read as zeros and cut off.</summary>
    private static byte[] Decode(ReadOnlySpan<byte> base64, out int count)
    {
        byte[] bytes = base64.ToArray();
        int length = 0;
        int padding = 0;
        foreach (byte letter in base64)
        {
            if (letter is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                padding += letter == (byte)'=' ? 1 : 0;
                bytes[length++] = letter == (byte)'=' ? (byte)'A' : letter;
            }
        }

        if (Base64.DecodeFromUtf8InPlace(bytes.AsSpan(0, length), out count) != OperationStatus.Done)
        {
            throw new InvalidDataException("The data of a stored Binary is not base64.");
        }

        count -= padding;
        return bytes;
    }

    /// <summary>
    /// https://www.rfc-editor.org/rfc/rfc9110#section-14: one range of bytes is served; several at once, or on a condition that weak tags cannot
    /// meet, give the whole, as a server may.
    /// </summary>
    private static (long Start, long Count) ChooseRange(HttpContext context, long length)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers.IfRange.Count > 0
            || !RangeHeaderValue.TryParse(headers.Range.ToString(), out RangeHeaderValue? range)
            || range is not { Unit.Value: "bytes", Ranges.Count: 1 })
        {
            return (0, length);
        }

        (long? from, long? to) = (range.Ranges.First().From, range.Ranges.First().To);
        long start = from ?? Math.Max(0, length - to!.Value);
        long end = from is null || to is null ? length : Math.Min(length, to.Value + 1);
        if (start >= end)
        {
            context.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{length}");
            return (0, 0);
        }

        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{end - 1}/{length}");
        return (start, end - start);
    }

    private static async Task CopyAsync(Stream content, long start, long count, HttpContext context)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BytesAtOnce);
        try
        {
            long skip = start;
            if (content.CanSeek)
            {
                content.Position = start;
                skip = 0;
            }

            while (count > 0)
            {
                int want = (int)Math.Min(buffer.Length, skip > 0 ? skip : count);
                int read = await content.ReadAsync(buffer.AsMemory(0, want), context.RequestAborted);
                if (read == 0)
                {
                    throw new InvalidDataException("The content of a Binary ended early.");
                }

                if (skip > 0)
                {
                    skip -= read;
                    continue;
                }

                await context.Response.BodyWriter.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>A code may hold what a header may not.</summary>
    private static string ContentTypeOf(string? code) =>
        code is not null && IsHeaderText(code) && MediaTypeHeaderValue.TryParse(code, out _) ? code : "application/octet-stream";

    private static bool IsHeaderText(string text) => text.All(letter => letter is >= ' ' and <= '~');
}
