using System.Collections.Concurrent;
using System.Net;
using System.Text;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_and_traces_reach_a_collector_without_telling_whom_they_are_about()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        using var collector = new Collector();
        await using var server = await ServerProcess.StartAsync(
            "--telemetry-endpoint", collector.Address, "--telemetry-transport", "http", "--telemetry-trace-percent", "100", "--telemetry-metric-interval", "1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/Patient/id-of-somebody?name=Lovelace")
        {
            Headers = { { "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" } },
        };
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        using var patient = new StringContent("""{"resourceType":"Patient","name":[{"family":"Lovelace"}]}""", Encoding.UTF8, "application/fhir+json");
        using var created = await server.Client.PostAsync("/fhir/Patient", patient, TestContext.Current.CancellationToken);
        using var found = await server.Client.GetAsync("/fhir/Patient?name=Lovelace", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);

        // What is sent for the first time takes long on a busy machine, and at the end the server does not wait for it forever.
        for (int tries = 0; tries < 600 && !collector.Received("/v1/metrics").Contains("healthchain.store.queue", StringComparison.Ordinal); tries++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        // What was measured last is sent before the process ends.
        var finished = await server.StopAsync();

        Assert.Equal(0, finished.ExitCode);
        string metrics = collector.Received("/v1/metrics");
        Assert.Contains("healthchain.request.duration", metrics);
        Assert.Contains("fhir.interaction", metrics);
        Assert.Contains("dotnet.gc.collections", metrics);
        Assert.Contains("healthchain.store.commit.resources", metrics);
        Assert.Contains("healthchain.store.search.examined", metrics);
        Assert.Contains("healthchain.store.queue", metrics);
        Assert.Contains("read Patient", collector.Received("/v1/traces"));
        Assert.DoesNotContain("id-of-somebody", metrics + collector.Received("/v1/traces"));
        Assert.DoesNotContain("Lovelace", metrics + collector.Received("/v1/traces"));
    }

    /// <summary>Takes what an exporter posts, on a free port of this machine.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly ConcurrentQueue<(string Path, string Body)> _received = [];

        public Collector()
        {
            Address = $"http://127.0.0.1:{Ports.Take()}";
            _listener.Prefixes.Add(Address + "/");
            _listener.Start();
            _ = ReceiveAsync();
        }

        public string Address { get; }

        /// <summary>All bodies to a path, one letter per byte; texts in Protobuf stand as they are.</summary>
        public string Received(string path) => string.Concat(_received.Where(body => body.Path == path).Select(body => body.Body));

        public void Dispose() => _listener.Close();

        private async Task ReceiveAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                try
                {
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    _received.Enqueue((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
                    context.Response.Close();
                }
                catch (Exception gone) when (gone is HttpListenerException or IOException)
                {
                    // Who sent it did not wait; there is a next one.
                }
            }
        }
    }
}
