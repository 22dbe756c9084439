using System.Diagnostics;
using System.Diagnostics.Metrics;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;

namespace HealthChain.FhirServer.Server;

/// <summary>
/// Metrics and traces of requests: by interaction, resource type and status, never by anything that tells one resource or person from another.
/// Costs a comparison per request while nobody listens.
/// </summary>
internal sealed class Measurements : IDisposable
{
    public const string Name = "HealthChain";

    private readonly Meter _meter = new(Name);
    private readonly ActivitySource _traces = new(Name);
    private readonly Histogram<double> _duration;
    private readonly OperationTable _operations;

    public Measurements(RequestLimits limits, OperationTable operations)
    {
        _operations = operations;
        _duration = _meter.CreateHistogram<double>(
            "healthchain.request.duration",
            "s",
            "Time from a request's headers to the end of its answer.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10] });
        _meter.CreateObservableUpDownCounter("healthchain.request.in_flight", () => limits.InFlight, "{request}", "Requests that have begun and not ended.");
    }

    /// <summary>Middleware below the FHIR base.</summary>
    public Task MeasureAsync(HttpContext context, RequestDelegate next) =>
        _duration.Enabled || _traces.HasListeners() ? MeasureEnabledAsync(context, next) : next(context);

    public void Dispose()
    {
        _meter.Dispose();
        _traces.Dispose();
    }

    private async Task MeasureEnabledAsync(HttpContext context, RequestDelegate next)
    {
        long start = Stopwatch.GetTimestamp();
        RequestTarget? target = RequestTarget.Read(context.Request.Path.Value);
        string interaction = target is { } known ? InteractionOf(known, context.Request.Method) : "unknown";
        string? type = target?.Type?.Name;
        using Activity? activity = StartTrace(context, interaction, type);
        try
        {
            await next(context);
        }
        finally
        {
            int status = context.Response.StatusCode;
            TagList tags = default;
            tags.Add("fhir.interaction", interaction);
            tags.Add("fhir.type", type);
            tags.Add("http.response.status_code", status);
            _duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, tags);
            activity?.SetTag("http.response.status_code", status);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                activity?.SetStatus(ActivityStatusCode.Error);
            }
        }
    }

    /// <summary>Continues the caller's trace: https://www.w3.org/TR/trace-context/</summary>
    private Activity? StartTrace(HttpContext context, string interaction, string? type)
    {
        if (!_traces.HasListeners())
        {
            return null;
        }

        _ = ActivityContext.TryParse(context.Request.Headers.TraceParent, context.Request.Headers.TraceState, isRemote: true, out ActivityContext parent);
        Activity? activity = _traces.StartActivity(type is null ? interaction : $"{interaction} {type}", ActivityKind.Server, parent);
        activity?.SetTag("fhir.interaction", interaction);
        activity?.SetTag("fhir.type", type);
        return activity;
    }

    /// <summary>The codes of https://hl7.org/fhir/R4/valueset-type-restful-interaction.html and <c>system-restful-interaction</c>.</summary>
    private string InteractionOf(in RequestTarget target, string method) => (target.Kind, method) switch
    {
        (TargetKind.Capabilities, _) => "capabilities",
        (TargetKind.Instance, "GET" or "HEAD") => "read",
        (TargetKind.Version, _) => "vread",
        (TargetKind.Instance or TargetKind.Type, "PUT") => "update",
        (TargetKind.Instance or TargetKind.Type, "PATCH") => "patch",
        (TargetKind.Instance or TargetKind.Type or TargetKind.System, "DELETE") => "delete",
        (TargetKind.Type, "POST") => "create",
        (TargetKind.System, "POST") => "transaction",
        (TargetKind.InstanceHistory, _) => "history-instance",
        (TargetKind.TypeHistory, _) => "history-type",
        (TargetKind.SystemHistory, _) => "history-system",
        (TargetKind.Type or TargetKind.TypeSearch, _) => "search-type",
        (TargetKind.System or TargetKind.SystemSearch, _) => "search-system",
        (TargetKind.Compartment or TargetKind.CompartmentSearch, _) => "search-compartment",

        // A name that the client made up must not become a series of its own.
        (TargetKind.Operation, _) => _operations.Find(target, HttpVerb.Post) is { } operation ? "$" + operation.Name : "operation",
        _ => "unknown",
    };
}
