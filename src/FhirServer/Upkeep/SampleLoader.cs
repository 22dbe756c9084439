using System.Text.Json;
using HealthChain.FhirServer.Generation;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Upkeep;

/// <summary>Loads sample patients into an empty server, through the front door as any client would.</summary>
internal sealed class SampleLoader(ServerOptions options, TimeProvider time, ILogger<SampleLoader> logger)
{
    private const int InFlight = 4;

    /// <summary>Begins when the server listens; says how far it is, ten times in all.</summary>
    public async Task RunAsync(string address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address.TrimEnd('/') + FhirEndpoint.Path), Timeout = TimeSpan.FromMinutes(10) };
        try
        {
            if (await CountPatientsAsync(client, cancellationToken) > 0)
            {
                ServerLog.SampleSkipped(logger);
                return;
            }

            long start = time.GetTimestamp();
            var loading = new Loading(client, time);
            long step = Math.Max(1, options.Sample / 10);
            void Tell(long done)
            {
                if (done % step == 0 || done == options.Sample)
                {
                    double seconds = time.GetElapsedTime(start).TotalSeconds;
                    ServerLog.SampleLoaded(logger, done, options.Sample, loading.Resources, seconds);
                }
            }

            await loading.RunAsync(seed: 1, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime), options.Sample, InFlight, Tell, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            ServerLog.SampleFailed(logger, failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process stops; what was loaded stays.
        }
    }

    private static async Task<long> CountPatientsAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using JsonDocument bundle = JsonDocument.Parse(await client.GetByteArrayAsync($"{client.BaseAddress}/Patient?_summary=count", cancellationToken));
        return bundle.RootElement.GetProperty("total").GetInt64();
    }
}
