using System.Globalization;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Responses;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Http;

/// <summary>Writes answers to the network: status, headers, and the resource in the form that was asked for.</summary>
internal static class ResponseWriter
{
    // What the server itself has put together may be deeper and longer than what it takes from clients: a bundle goes around resources.
    private static readonly ReadLimits Own = new() { MaxDepth = 512, MaxBytes = int.MaxValue, MaxStringBytes = int.MaxValue };

    /// <param name="blobs">Where large data of the resource lies.</param>
    public static async Task WriteAsync(HttpContext context, FhirResponse answer, ResponseForm form, BlobStore blobs)
    {
        HttpResponse response = context.Response;
        response.StatusCode = (int)answer.Status;
        WriteHeaders(response.Headers, answer);
        BlobStore? source = answer.HasBlobs ? blobs : null;
        if (answer.Bundle is { } bundle)
        {
            using var buffer = new PooledBuffer(bundle.EstimatedLength);
            bundle.WriteTo(buffer);
            await WriteAsync(context, buffer.Written, form, source);
        }
        else if (answer.ContentType is { } contentType)
        {
            await SendAsync(context, answer.Json, contentType, FhirFormat.Json, source);
        }
        else if (!answer.Json.IsEmpty)
        {
            await WriteAsync(context, answer.Json, form, source);
        }
    }

    /// <summary>Writes a resource that is JSON in the form that was asked for. The bytes of the store go out as they are, unless it is another one.</summary>
    /// <param name="blobs">Where large data of it lies; null when there is none.</param>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json, ResponseForm form, BlobStore? blobs = null)
    {
        if (form == ResponseForm.Default)
        {
            await SendAsync(context, json, Formats.FhirJson, FhirFormat.Json, blobs);
            return;
        }

        using var buffer = new PooledBuffer(json.Length * 2);
        if (Render(FhirJson.Read(json, Own), form, buffer) is { } error)
        {
            // A page of hundreds of megabytes, or a character that XML lacks. The client can still have it as plain JSON, and learns so.
            context.Response.StatusCode = Outcomes.StatusOf(ErrorKind.NotAcceptable);
            buffer.Truncate(0);
            Render(FhirJson.Read(OperationOutcome.ToJson(error.Issues)), form, buffer);
        }

        await SendAsync(context, buffer.Written, Formats.ContentType(form.Format), form.Format, blobs);
    }

    private static FhirError? Render(ReadResult read, ResponseForm form, PooledBuffer output)
    {
        if (!read.IsOk)
        {
            return new FhirError(ErrorKind.NotAcceptable, read.Issues);
        }

        if (form.Format == FhirFormat.Xml)
        {
            return FhirXml.Write(read.Root, output, form.IsPretty);
        }

        FhirJson.Write(read.Root, output, form.IsPretty);
        return null;
    }

    public static void WriteHeaders(IHeaderDictionary headers, FhirResponse answer)
    {
        if (answer.RetryAfter is { } wait)
        {
            headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (answer.Version is { } version)
        {
            headers.ETag = EntityTags.Of(version.Version);
            headers.LastModified = version.LastUpdated.ToString("R", CultureInfo.InvariantCulture);
        }
        else if (answer.EntityTag is { } tag)
        {
            headers.ETag = tag;
        }

        if (answer.Location is not null)
        {
            headers.Location = answer.Location;
        }

        WriteSafety(headers);
        if (answer.MayBeCached)
        {
            headers.CacheControl = "no-cache";
        }
    }

    /// <summary>Health data stays out of caches, above all out of those on the disks of shared computers, and is never taken for a web page.</summary>
    public static void WriteSafety(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body, string contentType, FhirFormat format, BlobStore? blobs)
    {
        HttpResponse response = context.Response;
        response.ContentType = contentType;
        if (blobs is not null)
        {
            await SendSplicedAsync(context, SplicedText.Find(blobs, body, format));
            return;
        }

        if (body.Length >= BodyCompression.MinLength)
        {
            response.Headers.Vary = "Accept, Accept-Encoding";
            if (BodyCompression.Asked(context.Request) is { } coding)
            {
                using var compressed = new PooledBuffer(body.Length);
                if (BodyCompression.TryCompress(coding, body.Span, compressed))
                {
                    response.Headers.ContentEncoding = coding;
                    await SendBytesAsync(context, compressed.Written);
                    return;
                }
            }
        }
        else
        {
            response.Headers.Vary = "Accept";
        }

        await SendBytesAsync(context, body);
    }

    /// <summary>Large data goes from its blob to the network; images and documents are compressed already.</summary>
    private static async Task SendSplicedAsync(HttpContext context, SplicedText text)
    {
        context.Response.Headers.Vary = "Accept";
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await text.WriteAsync(context.Response.BodyWriter, context.RequestAborted);
        }
    }

    private static async Task SendBytesAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }
    }
}
