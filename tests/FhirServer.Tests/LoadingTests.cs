using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using HealthChain.FhirServer.Generation;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class LoadingTests
{
    private static readonly DateOnly Until = new(2026, 1, 31);

    /// <summary>A server that keeps what it is sent and answers as it is told.</summary>
    private sealed class Receiver(Func<int, HttpResponseMessage> answer) : HttpMessageHandler
    {
        private int _count;
        private int _now;

        public ConcurrentQueue<string> Bundles { get; } = [];

        public int MostAtOnce { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (Bundles)
            {
                MostAtOnce = Math.Max(MostAtOnce, ++_now);
            }

            await Task.Yield();
            var response = answer(Interlocked.Increment(ref _count));
            if (response.IsSuccessStatusCode)
            {
                Bundles.Enqueue(await request.Content!.ReadAsStringAsync(cancellationToken));
            }

            lock (Bundles)
            {
                _now--;
            }

            return response;
        }
    }

    private static HttpResponseMessage Ok() => new(HttpStatusCode.OK);

    private static async Task<long> LoadAsync(Receiver receiver, long patients, int inFlight, Action<long>? onLoaded = null)
    {
        using var client = new HttpClient(receiver) { BaseAddress = new Uri("http://localhost/fhir") };
        var loading = new Loading(client, TimeProvider.System);
        await loading.RunAsync(7, Until, patients, inFlight, onLoaded, TestContext.Current.CancellationToken);
        return loading.Resources;
    }

    [Fact]
    public async Task The_server_gets_the_same_bundles_as_a_file_the_shared_one_first()
    {
        using var receiver = new Receiver(_ => Ok());
        var expected = new GenerationSample(7, 5);

        var resources = await LoadAsync(receiver, 5, inFlight: 3);

        var lines = Encoding.UTF8.GetString(expected.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines[0], receiver.Bundles.First().TrimEnd());
        Assert.Equal(lines.Order(StringComparer.Ordinal), receiver.Bundles.Select(bundle => bundle.TrimEnd()).Order(StringComparer.Ordinal));
        Assert.Equal(expected.ResourceCount, resources);
        Assert.InRange(receiver.MostAtOnce, 1, 3);
    }

    [Fact]
    public async Task Progress_is_told_patient_by_patient()
    {
        using var receiver = new Receiver(_ => Ok());
        var told = new List<long>();

        await LoadAsync(receiver, 4, inFlight: 4, told.Add);

        Assert.Equal([1, 2, 3, 4], told);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task A_busy_server_is_asked_again(HttpStatusCode status)
    {
        using var receiver = new Receiver(n => n % 2 == 1 ? new HttpResponseMessage(status) { Headers = { { "Retry-After", "0" } } } : Ok());

        await LoadAsync(receiver, 2, inFlight: 1);

        Assert.Equal(3, receiver.Bundles.Count);
    }

    [Fact]
    public async Task A_refusal_ends_the_loading_with_its_reason()
    {
        var outcome = JsonSerializer.Serialize(new { resourceType = "OperationOutcome", issue = new[] { new { code = "invalid", details = new { text = "No, thank you." }, expression = new[] { "Bundle.entry[3]" } } } });
        using var receiver = new Receiver(n => n == 2 ? new HttpResponseMessage(HttpStatusCode.UnprocessableEntity) { Content = new StringContent(outcome) } : Ok());

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => LoadAsync(receiver, 3, inFlight: 1));

        Assert.Equal("the server answered 422: No, thank you. (Bundle.entry[3])", failure.Message);
        Assert.Single(receiver.Bundles);
    }

    [Theory]
    [InlineData("generate", "--patients", "1", "--post", "localhost")]
    [InlineData("generate", "--patients", "1", "--post", "http://localhost/fhir", "--output", "x")]
    [InlineData("generate", "--patients", "1", "--post", "http://localhost/fhir", "--in-flight", "0")]
    public void Wrong_usage_is_explained(params string[] arguments)
    {
        using var command = new CommandRun();

        Assert.Equal(2, command.Run(arguments));
        Assert.StartsWith("healthchain generate: --", command.Errors);
    }

    [Fact]
    public void A_server_that_cannot_be_reached_is_named()
    {
        using var command = new CommandRun();

        Assert.Equal(2, command.Run("generate", "--patients", "1", "--post", "http://127.0.0.1:1/fhir"));
        Assert.Contains("http://127.0.0.1:1/fhir", command.Errors);
    }
}
