using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;
using Microsoft.AspNetCore.WebUtilities;

namespace HealthChain.FhirServer.Bundles;

/// <summary>Writes the answers of entries, in their order: https://hl7.org/fhir/R4/http.html#transaction-response</summary>
internal static class BundleWriter
{
    private static readonly JsonWriterOptions Options = OperationOutcome.Unescaped with { SkipValidation = true };

    public static FhirResponse Write(string type, string baseUrl, IReadOnlyList<Result<FhirResponse>> answers) => new()
    {
        Status = HttpStatusCode.OK,
        Json = WriteJson(type, baseUrl, answers),
    };

    private static ReadOnlyMemory<byte> WriteJson(string type, string baseUrl, IReadOnlyList<Result<FhirResponse>> answers)
    {
        var body = new ArrayBufferWriter<byte>(1024 + (answers.Count * 256));
        using var json = new Utf8JsonWriter(body, Options);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Bundle"u8);
        json.WriteString("type"u8, type);
        if (answers.Count > 0)
        {
            json.WriteStartArray("entry"u8);
            foreach (Result<FhirResponse> answer in answers)
            {
                WriteEntry(json, baseUrl, answer);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteEntry(Utf8JsonWriter json, string baseUrl, Result<FhirResponse> answer)
    {
        json.WriteStartObject();
        if (answer.IsOk)
        {
            WriteAnswer(json, baseUrl, answer.Value);
        }
        else
        {
            json.WriteStartObject("response"u8);
            WriteStatus(json, Outcomes.StatusOf(answer.Error.Kind));
            WriteRaw(json, "outcome"u8, OperationOutcome.ToJson(answer.Error.Issues));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, string baseUrl, FhirResponse answer)
    {
        StoredVersion? version = answer.Version;
        if (!answer.Json.IsEmpty && !answer.IsOutcome)
        {
            if (version is not null)
            {
                json.WriteString("fullUrl"u8, $"{baseUrl}/{version.Key.Type}/{version.Key.Id}");
            }

            WriteResource(json, answer);
        }

        json.WriteStartObject("response"u8);
        WriteStatus(json, (int)answer.Status);
        if (answer.Location is not null)
        {
            json.WriteString("location"u8, answer.Location);
        }

        if (version is not null)
        {
            json.WriteString("etag"u8, EntityTags.Of(version.Version));
            json.WriteString("lastModified"u8, version.LastUpdated.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        }

        if (answer.IsOutcome)
        {
            WriteRaw(json, "outcome"u8, answer.Json);
        }

        json.WriteEndObject();
    }

    /// <summary>An entry holds a resource; what is none, such as the answer to <c>$graphql</c>, stands in a Binary, as R4 defines that operation's result.</summary>
    private static void WriteResource(Utf8JsonWriter json, FhirResponse answer)
    {
        if (answer.ContentType is not { } contentType)
        {
            WriteRaw(json, "resource"u8, answer.Json);
            return;
        }

        json.WriteStartObject("resource"u8);
        json.WriteString("resourceType"u8, "Binary"u8);
        json.WriteString("contentType"u8, contentType.Split(';')[0]);
        json.WriteBase64String("data"u8, answer.Json.Span);
        json.WriteEndObject();
    }

    /// <summary>"The status code SHALL start with a 3 digit HTTP code and may contain the standard HTTP description."</summary>
    private static void WriteStatus(Utf8JsonWriter json, int status) =>
        json.WriteString("status"u8, string.Create(CultureInfo.InvariantCulture, $"{status} {ReasonPhrases.GetReasonPhrase(status)}"));

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value.Span, skipInputValidation: true);
    }
}
