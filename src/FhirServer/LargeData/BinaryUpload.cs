using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Xml;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>
/// Makes a Binary of content that is sent as it is: https://hl7.org/fhir/R4/binary.html#rest. "The data is accepted as is and treated as the content of
/// a Binary, including when the content type is application/fhir+xml or application/fhir+json, except for the special case where the content is actually
/// a Binary resource."
/// </summary>
internal sealed class BinaryUpload(BlobStore blobs, BlobOptions options)
{
    private const string Unknown = "application/octet-stream";

    /// <summary>As much of a document as is looked at for its type.</summary>
    private const int HeadBytes = 16 << 10;

    /// <summary>Whether the request creates or updates a Binary.</summary>
    public static bool IsPossible(HttpVerb verb, in RequestTarget target) =>
        target.Type?.Name == "Binary" && (verb, target.Kind) is (HttpVerb.Post, TargetKind.Type) or (HttpVerb.Put, TargetKind.Instance);

    /// <summary>The resource in JSON; null when the content is a Binary resource itself, of which nothing was consumed then.</summary>
    public async ValueTask<Result<RequestBody>?> ReadAsync(HttpRequest request, PipeReader source, RequestTarget target, CancellationToken cancellationToken)
    {
        if (await IsResourceAsync(request, source, cancellationToken))
        {
            return null;
        }

        // Reading waits until it is known whether the content is short.
        int maxInline = options.InlineBytes / 4 * 3;
        ReadResult head = await source.ReadAtLeastAsync(maxInline + 1, cancellationToken);
        if (head.Buffer.Length <= maxInline)
        {
            byte[] content = head.Buffer.ToArray();
            source.AdvanceTo(head.Buffer.End);
            return new RequestBody(ToJson(request, target, json => json.WriteBase64String("data"u8, content), content.Length > 0), "application/fhir+json");
        }

        source.AdvanceTo(head.Buffer.Start);
        Result<BlobStandIn> data = await TakeAsync(source, cancellationToken);
        if (!data.IsOk)
        {
            return data.Error;
        }

        var text = new byte[BlobStandIn.Length];
        data.Value.Write(text);
        return new RequestBody(ToJson(request, target, json => json.WriteString("data"u8, text), hasData: true), "application/fhir+json") { StandIns = 1, IsLargeContent = true };
    }

    private async ValueTask<Result<BlobStandIn>> TakeAsync(PipeReader source, CancellationToken cancellationToken)
    {
        using var value = new LargeValue(blobs);
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken);
            FhirError? error = null;
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                error ??= value.AppendData(piece.Span);
            }

            source.AdvanceTo(result.Buffer.End);
            if (error is not null)
            {
                return error;
            }

            if (result.IsCompleted)
            {
                return value.Complete();
            }
        }
    }

    private static ReadOnlyMemory<byte> ToJson(HttpRequest request, RequestTarget target, Action<Utf8JsonWriter> writeData, bool hasData)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Binary"u8);
        if (target.Id is { } id)
        {
            json.WriteString("id"u8, id);
        }

        json.WriteString("contentType"u8, string.IsNullOrWhiteSpace(request.ContentType) ? Unknown : request.ContentType.Trim());
        if (request.Headers["X-Security-Context"] is [{ Length: > 0 } context, ..])
        {
            json.WriteStartObject("securityContext"u8);
            json.WriteString("reference"u8, context);
            json.WriteEndObject();
        }

        if (hasData)
        {
            writeData(json);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>
    /// Whether the content is a Binary resource. What calls itself FHIR is one unless it shows that it is another resource; what is JSON or XML in general is one
    /// only if it shows it.
    /// </summary>
    private static async ValueTask<bool> IsResourceAsync(HttpRequest request, PipeReader source, CancellationToken cancellationToken)
    {
        string mediaType = RequestHeaders.MediaTypeOf(request.ContentType);
        if (mediaType.Length == 0 || Formats.OfContent(mediaType) is not { } format)
        {
            return false;
        }

        ReadResult head = await source.ReadAtLeastAsync(HeadBytes, cancellationToken);
        string? type = format == FhirFormat.Json ? TypeOfJson(head.Buffer) : TypeOfXml(head.Buffer.Slice(0, Math.Min(HeadBytes, head.Buffer.Length)).ToArray());
        source.AdvanceTo(head.Buffer.Start);
        return type is null ? mediaType.Contains("fhir", StringComparison.Ordinal) : type == "Binary";
    }

    private static string? TypeOfJson(ReadOnlySequence<byte> head)
    {
        var reader = new Utf8JsonReader(head, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("resourceType"u8))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON: its type is not known.
        }

        return null;
    }

    private static string? TypeOfXml(byte[] head)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(head), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return reader.MoveToContent() == XmlNodeType.Element ? reader.LocalName : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
