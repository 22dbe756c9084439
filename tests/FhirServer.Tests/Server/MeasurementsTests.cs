using System.Diagnostics;
using System.Diagnostics.Metrics;
using HealthChain.FhirServer.Server;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

public sealed class MeasurementsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/fhir/metadata", "capabilities", null, 200)]
    [InlineData("GET", "/fhir/Patient/secret-id", "read", "Patient", 404)]
    [InlineData("GET", "/fhir/Patient/secret-id/_history/3", "vread", "Patient", 404)]
    [InlineData("GET", "/fhir/secret-path", "unknown", null, 404)]
    [InlineData("GET", "/fhir/Patient/$secret-operation", "operation", "Patient", 404)]
    public async Task A_request_is_measured_by_what_it_does_not_by_whom_it_is_about(string method, string path, string interaction, string? type, int status)
    {
        var measured = new List<Dictionary<string, object?>>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "healthchain.request.duration")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            lock (measured)
            {
                measured.Add(new Dictionary<string, object?>(tags.ToArray()));
            }
        });
        listener.Start();
        await using var server = new ServerFactory();
        using var client = server.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await client.SendAsync(request, Cancel);

        // Other tests may run other servers meanwhile.
        List<Dictionary<string, object?>> all = Copy(measured);
        Assert.Contains(all, tags => (string?)tags["fhir.interaction"] == interaction && (string?)tags["fhir.type"] == type && (int)tags["http.response.status_code"]! == status);
        Assert.DoesNotContain(all, tags => tags.Values.Any(value => value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true));
    }

    [Fact]
    public async Task A_trace_continues_that_of_the_caller()
    {
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var seen = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Measurements.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (seen)
                {
                    seen.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = new ServerFactory();
        using var client = server.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/Patient/secret-id?name=secret") { Headers = { { "traceparent", $"00-{Trace}-00f067aa0ba902b7-01" } } };

        using var response = await client.SendAsync(request, Cancel);

        var activity = Assert.Single(Copy(seen), activity => activity.TraceId.ToString() == Trace);
        Assert.Equal("read Patient", activity.DisplayName);
        Assert.Equal("00f067aa0ba902b7", activity.ParentSpanId.ToString());
        Assert.DoesNotContain(activity.TagObjects, tag => tag.Value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true);
    }

    private static List<T> Copy<T>(List<T> seen)
    {
        lock (seen)
        {
            return [.. seen];
        }
    }
}
