namespace HealthChain.FhirServer.Http;

/// <summary>Log lines carry no path, query, or content: those may name a patient (STYLE §7).</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Request {TraceIdentifier} failed")]
    public static partial void RequestFailed(ILogger logger, string traceIdentifier, Exception exception);
}
