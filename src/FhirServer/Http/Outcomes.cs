using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;

namespace HealthChain.FhirServer.Http;

/// <summary>Why a request is not answered as asked: the closed list that all parts of the server use.</summary>
internal enum FailureKind
{
    Invalid,
    NotFound,
    NotAcceptable,
    MethodNotAllowed,
    TooLarge,
    Internal,
}

/// <summary>The one table from failures to HTTP statuses and OperationOutcome issue codes, and the one writer of such answers.</summary>
/// <remarks>https://hl7.org/fhir/R4/http.html#Status-Codes and https://hl7.org/fhir/R4/valueset-issue-type.html</remarks>
internal static class Outcomes
{
    public const string FhirJson = "application/fhir+json; charset=utf-8";

    private readonly record struct Answer(int Status, string IssueCode);

    private static readonly FrozenDictionary<FailureKind, Answer> Table = new Dictionary<FailureKind, Answer>
    {
        [FailureKind.Invalid] = new(StatusCodes.Status400BadRequest, "invalid"),
        [FailureKind.NotFound] = new(StatusCodes.Status404NotFound, "not-found"),
        [FailureKind.MethodNotAllowed] = new(StatusCodes.Status405MethodNotAllowed, "not-supported"),
        [FailureKind.NotAcceptable] = new(StatusCodes.Status406NotAcceptable, "not-supported"),
        [FailureKind.TooLarge] = new(StatusCodes.Status413PayloadTooLarge, "too-long"),
        [FailureKind.Internal] = new(StatusCodes.Status500InternalServerError, "exception"),
    }.ToFrozenDictionary();

    public static int StatusOf(FailureKind kind) => Table[kind].Status;

    /// <summary>Answers with the status that belongs to the kind, and an OperationOutcome that says what was wrong.</summary>
    public static Task WriteAsync(HttpContext context, FailureKind kind, string diagnostics)
    {
        var answer = Table[kind];
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "OperationOutcome"u8);
            json.WriteStartArray("issue"u8);
            json.WriteStartObject();
            json.WriteString("severity"u8, kind == FailureKind.Internal ? "fatal"u8 : "error"u8);
            json.WriteString("code"u8, answer.IssueCode);
            json.WriteString("diagnostics"u8, diagnostics);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = FhirJson;
        context.Response.ContentLength = body.WrittenCount;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted).AsTask();
    }

    /// <summary>Gives every failure that left no body of its own an OperationOutcome: unknown paths, wrong methods, and bugs.</summary>
    public static async Task AnswerFailures(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException refused) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, refused.StatusCode == StatusOf(FailureKind.TooLarge) ? FailureKind.TooLarge : FailureKind.Invalid, refused.Message);
            return;
        }
        catch (Exception bug) when (!context.Response.HasStarted && bug is not OperationCanceledException)
        {
            // A bug or broken infrastructure: the log has the details, the client only what finds them there (STYLE §5).
            Log.RequestFailed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Outcomes)), context.TraceIdentifier, bug);
            await WriteAsync(context, FailureKind.Internal, $"The server failed. Its log has the cause under {context.TraceIdentifier}.");
            return;
        }

        if (context.Response is { HasStarted: false, ContentType: null })
        {
            switch (context.Response.StatusCode)
            {
                case StatusCodes.Status404NotFound:
                    await WriteAsync(context, FailureKind.NotFound, "There is nothing at this path. The FHIR base is /fhir; /fhir/metadata says what it offers.");
                    break;
                case StatusCodes.Status405MethodNotAllowed:
                    await WriteAsync(context, FailureKind.MethodNotAllowed, $"This path does not support the method; it allows {context.Response.Headers.Allow}.");
                    break;
            }
        }
    }
}
