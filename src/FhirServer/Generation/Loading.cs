using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace HealthChain.FhirServer.Generation;

/// <summary>Sends sample patients to a FHIR server, one transaction each, several in flight. Memory is bounded by the bundles in flight.</summary>
/// <param name="client">Its base address is the server's FHIR base.</param>
internal sealed class Loading(HttpClient client, TimeProvider time)
{
    private const int MaxTries = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private long _patients;

    /// <summary>Resources that the server has taken.</summary>
    public long Resources => Volatile.Read(ref _resources);

    private long _resources;

    /// <param name="onLoaded">Called with the number of patients after each, by one thread at a time.</param>
    /// <exception cref="HttpRequestException">The server cannot be reached or refused a bundle; the message says why.</exception>
    public async Task RunAsync(ulong seed, DateOnly until, long patients, int inFlight, Action<long>? onLoaded, CancellationToken cancellationToken)
    {
        var gate = new Lock();
        using IEnumerator<Bundle> bundles = Bundles(seed, until, patients).GetEnumerator();

        // What all patients refer to must be there first.
        bundles.MoveNext();
        await SendAsync(bundles.Current, cancellationToken);
        await Parallel.ForEachAsync(
            Rest(bundles),
            new ParallelOptions { MaxDegreeOfParallelism = inFlight, CancellationToken = cancellationToken },
            async (bundle, cancel) =>
            {
                await SendAsync(bundle, cancel);
                lock (gate)
                {
                    onLoaded?.Invoke(++_patients);
                }
            });
    }

    private static IEnumerable<Bundle> Rest(IEnumerator<Bundle> bundles)
    {
        while (bundles.MoveNext())
        {
            yield return bundles.Current;
        }
    }

    private static IEnumerable<Bundle> Bundles(ulong seed, DateOnly until, long patients)
    {
        byte[] line = [];
        using var output = new BundleOutput(written => line = written.ToArray());
        var generator = new Generator(seed, until, output);
        generator.WriteShared();
        yield return new Bundle(line, output.Count);
        for (long number = 1; number <= patients; number++)
        {
            long before = output.Count;
            generator.WritePatient(number);
            yield return new Bundle(line, output.Count - before);
        }
    }

    private async ValueTask SendAsync(Bundle bundle, CancellationToken cancellationToken)
    {
        for (int tried = 1; ; tried++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = new ByteArrayContent(bundle.Json) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
            request.Headers.Add("Prefer", "return=minimal");
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                Interlocked.Add(ref _resources, bundle.Resources);
                return;
            }

            bool isBusy = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
            if (!isBusy || tried == MaxTries)
            {
                string reason = await ReasonAsync(response, cancellationToken);
                throw new HttpRequestException($"the server answered {(int)response.StatusCode}: {reason}", null, response.StatusCode);
            }

            await Task.Delay(response.Headers.RetryAfter?.Delta ?? Pause, time, cancellationToken);
        }
    }

    /// <summary>What the OperationOutcome says first.</summary>
    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            using JsonDocument outcome = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            JsonElement issue = outcome.RootElement.GetProperty("issue")[0];
            string place = issue.TryGetProperty("expression", out JsonElement expression) ? $" ({expression[0]})" : "";
            return issue.GetProperty("details").GetProperty("text") + place;
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return response.ReasonPhrase ?? "no reason given";
        }
    }

    private readonly record struct Bundle(byte[] Json, long Resources);
}
