using HealthChain.FhirServer.Cli;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Subscriptions;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace HealthChain.FhirServer.Server;

/// <summary>Sends what is measured to an OpenTelemetry collector; made only when there is one.</summary>
internal sealed class Telemetry : IDisposable
{
    // The platform's own: garbage collection, threads, memory; connections.
    private static readonly string[] Meters = [Measurements.Name, "HealthChain.Storage", LedgerWatch.MeterName, SubscriptionMeter.Name, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel"];

    private static readonly TimeSpan LastExport = TimeSpan.FromSeconds(5);

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    private Telemetry(MeterProvider metrics, TracerProvider traces)
    {
        _metrics = metrics;
        _traces = traces;
    }

    /// <summary>Begins to export; null when no collector is configured.</summary>
    public static Telemetry? Start(TelemetryOptions options, IHostApplicationLifetime lifetime)
    {
        if (options.Endpoint is null)
        {
            return null;
        }

        MeterProvider metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(Meters)
            .AddOtlpExporter((exporter, reader) =>
            {
                Address(exporter, options, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricInterval.TotalMilliseconds;
            })
            .Build();
        TracerProvider traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(Describe)
            .AddSource(Measurements.Name)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TracePercent / 100.0)))
            .AddOtlpExporter(exporter => Address(exporter, options, "v1/traces"))
            .Build();

        // While what is measured is still there: a store that is closed has no queue.
        lifetime.ApplicationStopped.Register(() => metrics.ForceFlush((int)LastExport.TotalMilliseconds));
        return new Telemetry(metrics, traces);
    }

    /// <summary>Sends what was measured last and ends.</summary>
    public void Dispose()
    {
        _metrics.Dispose();
        _traces.Dispose();
    }

    private static void Describe(ResourceBuilder resource) => resource.AddService("healthchain", serviceVersion: CommandLine.Version);

    private static void Address(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        exporter.Protocol = options.Transport == OtlpTransport.Http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;

        // https://opentelemetry.io/docs/specs/otlp/#otlphttp-request: over HTTP each signal has its path.
        exporter.Endpoint = options.Transport == OtlpTransport.Http ? new Uri(options.Endpoint!.ToString().TrimEnd('/') + "/" + path) : options.Endpoint!;
    }
}
