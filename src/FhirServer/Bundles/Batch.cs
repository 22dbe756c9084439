using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// Requests that have nothing to do with each other: https://hl7.org/fhir/R4/http.html#brules. Each is answered as if it had come by itself,
/// in the order of a transaction, and each leaves its own access record.
/// </summary>
internal sealed class Batch(Lazy<FhirService> service, AccessLog log)
{
    /// <summary>Entries that are worked on at once, so that their commits can share a flush.</summary>
    private const int Parallelism = 32;

    /// <summary>Answers whose records may wait for their flush together: few of what the store lets wait.</summary>
    private const int MaxUnrecorded = 1024;

    public async ValueTask<Result<FhirResponse>[]> AnswerAsync(FhirRequest batch, IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        var answers = new Result<FhirResponse>[entries.Count];
        var unrecorded = new List<(RequestEntry Entry, RecordedAnswer Answer)>();
        foreach (IGrouping<int, RequestEntry> step in entries.GroupBy(entry => entry.Request.IsOk ? OrderOf(entry.Request.Value.Verb) : 0).OrderBy(step => step.Key))
        {
            foreach (RequestEntry[] chunk in step.Chunk(Parallelism))
            {
                Task<RecordedAnswer>[] running = [.. chunk.Select(entry => BeginAsync(batch, entry, cancellationToken).AsTask())];
                await Task.WhenAll(running);
                for (int i = 0; i < chunk.Length; i++)
                {
                    unrecorded.Add((chunk[i], await running[i]));
                }

                if (unrecorded.Count >= MaxUnrecorded)
                {
                    await EndAsync();
                }
            }
        }

        await EndAsync();
        return answers;

        async ValueTask EndAsync()
        {
            foreach ((RequestEntry entry, RecordedAnswer answer) in unrecorded)
            {
                answers[entry.Number] = Within(entry, await answer.EndAsync());
            }

            unrecorded.Clear();
        }
    }

    /// <summary>"Process any DELETE interactions, any POST interactions, any PUT or PATCH interactions, any GET or HEAD interactions"</summary>
    public static int OrderOf(HttpVerb verb) => verb switch
    {
        HttpVerb.Delete => 0,
        HttpVerb.Post => 1,
        HttpVerb.Put or HttpVerb.Patch => 2,
        _ => 3,
    };

    private async ValueTask<RecordedAnswer> BeginAsync(FhirRequest batch, RequestEntry entry, CancellationToken cancellationToken) => entry.Request.IsOk
        ? await service.Value.BeginAsync(entry.Request.Value, cancellationToken)
        : new RecordedAnswer(entry.Request.Error, log.AppendAsync(batch.Requester, batch.Access, $"entry {entry.Number} of a batch", entry.Request.Error));

    /// <summary>An answer as that of an entry: a HEAD has no resource, issues are those of the bundle.</summary>
    public static Result<FhirResponse> Within(RequestEntry entry, Result<FhirResponse> answer) =>
        !answer.IsOk ? entry.Locate(answer.Error)
        : entry.Request.Value.Verb == HttpVerb.Head ? answer.Value with { Json = default, Bundle = null }
        : answer;
}
