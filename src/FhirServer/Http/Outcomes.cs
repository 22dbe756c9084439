using System.Collections.Frozen;
using HealthChain.Fhir;

namespace HealthChain.FhirServer.Http;

/// <summary>The one table from kinds of error to HTTP statuses, and the one place that answers with an error.</summary>
/// <remarks>https://hl7.org/fhir/R4/http.html#Status-Codes</remarks>
internal static class Outcomes
{
    private static readonly FrozenDictionary<ErrorKind, int> Statuses = new Dictionary<ErrorKind, int>
    {
        [ErrorKind.Invalid] = StatusCodes.Status400BadRequest,
        [ErrorKind.Unauthenticated] = StatusCodes.Status401Unauthorized,
        [ErrorKind.Forbidden] = StatusCodes.Status403Forbidden,
        [ErrorKind.NotFound] = StatusCodes.Status404NotFound,
        [ErrorKind.Unsupported] = StatusCodes.Status400BadRequest,
        [ErrorKind.Conflict] = StatusCodes.Status409Conflict,
        [ErrorKind.Gone] = StatusCodes.Status410Gone,
        [ErrorKind.PreconditionFailed] = StatusCodes.Status412PreconditionFailed,
        [ErrorKind.Unprocessable] = StatusCodes.Status422UnprocessableEntity,
        [ErrorKind.TooCostly] = StatusCodes.Status422UnprocessableEntity,
        [ErrorKind.TooLarge] = StatusCodes.Status413PayloadTooLarge,
        [ErrorKind.MethodNotAllowed] = StatusCodes.Status405MethodNotAllowed,
        [ErrorKind.UnsupportedMediaType] = StatusCodes.Status415UnsupportedMediaType,
        [ErrorKind.NotAcceptable] = StatusCodes.Status406NotAcceptable,
        [ErrorKind.Throttled] = StatusCodes.Status429TooManyRequests,
        [ErrorKind.Busy] = StatusCodes.Status503ServiceUnavailable,
    }.ToFrozenDictionary();

    public static int StatusOf(ErrorKind kind) => Statuses[kind];

    /// <summary>Answers with the status that belongs to the error's kind, and an OperationOutcome of its issues.</summary>
    public static Task WriteAsync(HttpContext context, FhirError error, ResponseForm? form = null)
    {
        // https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3: whoever knows better has set it.
        if (error.Kind is ErrorKind.Busy or ErrorKind.Throttled && context.Response.Headers.RetryAfter.Count == 0)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return WriteAsync(context, StatusOf(error.Kind), error.Issues, form);
    }

    /// <summary>The client accepts no form that the server has.</summary>
    public static FhirError NotAcceptable { get; } = FhirError.Of(
        ErrorKind.NotAcceptable,
        IssueType.NotSupported,
        "The server speaks application/fhir+json and application/fhir+xml of FHIR 4.0; Accept or _format asks for something else.");

    /// <summary>
    /// Middleware: every failure that left no body of its own gets an OperationOutcome. Those are refusals by the web server
    /// (unknown path, wrong method, broken request) and bugs.
    /// </summary>
    public static async Task AnswerFailures(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException refused) when (!context.Response.HasStarted)
        {
            bool isTooLong = refused.StatusCode == StatusCodes.Status413PayloadTooLarge;
            await WriteAsync(context, refused.StatusCode, [Issue.Error(isTooLong ? IssueType.TooLong : IssueType.Invalid, refused.Message)]);
            return;
        }
        catch (Exception bug) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            // A bug or broken infrastructure: the log has the details, the client only what finds them there (STYLE §5).
            Log.RequestFailed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Outcomes)), context.TraceIdentifier, bug);
            var issue = new Issue(IssueSeverity.Fatal, IssueType.Exception, $"The server failed. Its log has the cause under {context.TraceIdentifier}.");
            await WriteAsync(context, StatusCodes.Status500InternalServerError, [issue]);
            return;
        }

        if (context.Response is { HasStarted: false, ContentType: null, StatusCode: >= 400 })
        {
            await WriteAsync(context, context.Response.StatusCode, [Refusal(context)]);
        }
    }

    private static Issue Refusal(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound =>
            Issue.Error(IssueType.NotFound, "There is nothing at this path. The FHIR base is /fhir; /fhir/metadata says what it offers."),
        StatusCodes.Status405MethodNotAllowed =>
            Issue.Error(IssueType.NotSupported, $"This path does not support the method; it allows {context.Response.Headers.Allow}."),
        var status => Issue.Error(IssueType.Processing, $"The request was refused with status {status}."),
    };

    private static Task WriteAsync(HttpContext context, int status, IReadOnlyList<Issue> issues, ResponseForm? form = null)
    {
        context.Response.StatusCode = status;
        ResponseWriter.WriteSafety(context.Response.Headers);

        // A client that accepts neither form still learns in JSON what went wrong.
        return ResponseWriter.WriteAsync(context, OperationOutcome.ToJson(issues), form ?? Formats.AskedOrDefault(context.Request));
    }
}
