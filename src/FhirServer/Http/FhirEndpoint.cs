using System.Buffers;
using System.Globalization;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.Http;

/// <summary>
/// Turns requests of HTTP into <see cref="FhirRequest"/>s and <see cref="FhirResponse"/>s into responses; the only place that knows both.
/// </summary>
internal sealed class FhirEndpoint(FhirService service, Requesters requesters, ServerOptions options)
{
    public const string Path = "/fhir";

    /// <summary>Answers a request below <see cref="Path"/>.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        if (Formats.Asked(context.Request) is not { } format)
        {
            await Outcomes.WriteAsync(context, Outcomes.NotAcceptable);
            return;
        }

        Result<FhirRequest> request = await ReadAsync(context);
        if (!request.IsOk)
        {
            await Outcomes.WriteAsync(context, request.Error);
            return;
        }

        Result<FhirResponse> response = await service.AnswerAsync(request.Value, context.RequestAborted);
        if (!response.IsOk)
        {
            if (response.Error.Kind == ErrorKind.MethodNotAllowed)
            {
                context.Response.Headers.Allow = string.Join(", ", service.Allowed(request.Value.Target).Select(verb => verb.ToString().ToUpperInvariant()));
            }

            await Outcomes.WriteAsync(context, response.Error);
            return;
        }

        await WriteAsync(context, response.Value, format);
    }

    private async ValueTask<Result<FhirRequest>> ReadAsync(HttpContext context)
    {
        if (VerbOf(context.Request.Method) is not { } verb || RequestTarget.Read(context.Request.Path.Value) is not { } target)
        {
            return FhirError.NotFound("There is nothing at this path. The FHIR base is /fhir; /fhir/metadata says what it offers.");
        }

        Result<Requester> requester = target.Kind == TargetKind.Capabilities ? Requesters.Anybody : requesters.Identify(context);
        if (!requester.IsOk)
        {
            return requester.Error;
        }

        RequestBody body = verb is HttpVerb.Post or HttpVerb.Put or HttpVerb.Patch
            ? new RequestBody(await ReadBodyAsync(context), MediaTypeOf(context.Request.ContentType))
            : default;
        return new FhirRequest
        {
            Verb = verb,
            Target = target,
            Query = Parameters(context.Request.QueryString.Value),
            Conditions = ConditionsOf(context.Request.Headers),
            Prefer = PreferOf(context.Request.Headers),
            Body = body,
            Requester = requester.Value,
            BaseUrl = options.BaseUrl ?? $"{context.Request.Scheme}://{context.Request.Host}{Path}",
        };
    }

    private static HttpVerb? VerbOf(string method) => method switch
    {
        "GET" => HttpVerb.Get,
        "HEAD" => HttpVerb.Head,
        "POST" => HttpVerb.Post,
        "PUT" => HttpVerb.Put,
        "PATCH" => HttpVerb.Patch,
        "DELETE" => HttpVerb.Delete,
        _ => null,
    };

    private static List<QueryParameter> Parameters(string? query)
    {
        List<QueryParameter> parameters = QueryText.Read(query);
        parameters.RemoveAll(parameter => parameter.Name is "_format" or "_pretty");
        return parameters;
    }

    private static string MediaTypeOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) ? type.MediaType.Value!.ToLowerInvariant() : "";

    private static Preconditions ConditionsOf(IHeaderDictionary headers)
    {
        string? ifModifiedSince = headers.IfModifiedSince;
        return new Preconditions(
            NullIfEmpty(headers.IfMatch),
            NullIfEmpty(headers.IfNoneMatch),
            HeaderUtilities.TryParseDate(ifModifiedSince, out DateTimeOffset since) ? since : null,
            NullIfEmpty(headers["If-None-Exist"]));
    }

    private static string? NullIfEmpty(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();

    /// <summary>https://hl7.org/fhir/R4/http.html#ops (return) and https://hl7.org/fhir/R4/search.html#errors (handling)</summary>
    private static Preferences PreferOf(IHeaderDictionary headers)
    {
        if (headers["Prefer"] is not { Count: > 0 } values)
        {
            return Preferences.None;
        }

        Preferences preferences = Preferences.None;
        foreach (string preference in values.ToString().Split([',', ';'], StringSplitOptions.TrimEntries))
        {
            preferences = preference.Replace(" ", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal) switch
            {
                "return=minimal" => preferences with { Return = ReturnPreference.Minimal },
                "return=representation" => preferences with { Return = ReturnPreference.Representation },
                "return=OperationOutcome" => preferences with { Return = ReturnPreference.OperationOutcome },
                "handling=strict" => preferences with { Handling = SearchHandling.Strict },
                "handling=lenient" => preferences with { Handling = SearchHandling.Lenient },
                _ => preferences,
            };
        }

        return preferences;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        System.IO.Pipelines.PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            System.IO.Pipelines.ReadResult result = await reader.ReadAsync(context.RequestAborted);
            if (result.IsCompleted)
            {
                byte[] bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static async Task WriteAsync(HttpContext context, FhirResponse answer, FhirFormat format)
    {
        HttpResponse response = context.Response;
        response.StatusCode = (int)answer.Status;
        if (answer.Version is { } version)
        {
            response.Headers.ETag = EntityTags.Of(version.Version);
            response.Headers.LastModified = version.LastUpdated.ToString("R", CultureInfo.InvariantCulture);
        }

        if (answer.Location is not null)
        {
            response.Headers.Location = answer.Location;
        }

        if (answer.Json.IsEmpty)
        {
            return;
        }

        ReadOnlyMemory<byte> body = answer.ContentType is null ? Render(answer.Json, format, IsPretty(context.Request)) : answer.Json;
        response.ContentType = answer.ContentType ?? Formats.ContentType(format);
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(body, context.RequestAborted);
        }
    }

    private static bool IsPretty(HttpRequest request) => request.Query.TryGetValue("_pretty", out var pretty) && pretty == "true";

    /// <summary>The bytes of the store go out as they are, unless the client asks for another form.</summary>
    private static ReadOnlyMemory<byte> Render(ReadOnlyMemory<byte> json, FhirFormat format, bool isPretty)
    {
        if (format == FhirFormat.Json && !isPretty)
        {
            return json;
        }

        Element root = FhirJson.Read(json).Root;
        return format == FhirFormat.Xml ? FhirXml.ToBytes(root, isPretty).Value : FhirJson.ToBytes(root, isPretty);
    }
}
