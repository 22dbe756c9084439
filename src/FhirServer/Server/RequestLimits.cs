using HealthChain.Fhir;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Server;

/// <summary>Bounds how many requests are worked on at the same time, so that overload is refused early instead of failing late.</summary>
internal sealed class RequestLimits(ServerOptions options)
{
    private static readonly FhirError Overload = FhirError.Of(ErrorKind.Busy, IssueType.Throttled, "The server works on as many requests as it may; try again soon.");

    private int _inFlight;

    /// <summary>Requests that have begun and not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Middleware: lets a request pass when there is room.</summary>
    public async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _inFlight) > options.Limits.RequestsInFlight)
            {
                await Outcomes.WriteAsync(context, Overload);
                return;
            }

            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
