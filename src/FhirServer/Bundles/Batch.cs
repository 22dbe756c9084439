using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// Requests that have nothing to do with each other: https://hl7.org/fhir/R4/http.html#brules. Each is answered as if it had come by itself,
/// in the order of a transaction.
/// </summary>
internal sealed class Batch(Lazy<FhirService> service)
{
    /// <summary>Entries that are worked on at once, so that their commits can share a flush.</summary>
    private const int Parallelism = 32;

    public async ValueTask<Result<FhirResponse>[]> AnswerAsync(IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        var answers = new Result<FhirResponse>[entries.Count];
        foreach (IGrouping<int, RequestEntry> step in entries.GroupBy(entry => entry.Request.IsOk ? OrderOf(entry.Request.Value.Verb) : 0).OrderBy(step => step.Key))
        {
            foreach (RequestEntry[] chunk in step.Chunk(Parallelism))
            {
                Task<Result<FhirResponse>>[] running = [.. chunk.Select(entry => AnswerAsync(entry, cancellationToken).AsTask())];
                await Task.WhenAll(running);
                for (int i = 0; i < chunk.Length; i++)
                {
                    answers[chunk[i].Number] = await running[i];
                }
            }
        }

        return answers;
    }

    /// <summary>"Process any DELETE interactions, any POST interactions, any PUT or PATCH interactions, any GET or HEAD interactions"</summary>
    public static int OrderOf(HttpVerb verb) => verb switch
    {
        HttpVerb.Delete => 0,
        HttpVerb.Post => 1,
        HttpVerb.Put or HttpVerb.Patch => 2,
        _ => 3,
    };

    private async ValueTask<Result<FhirResponse>> AnswerAsync(RequestEntry entry, CancellationToken cancellationToken)
    {
        Result<FhirResponse> answer = entry.Request.IsOk
            ? await service.Value.AnswerAsync(entry.Request.Value, cancellationToken)
            : entry.Request.Error;
        return Within(entry, answer);
    }

    /// <summary>An answer as that of an entry: a HEAD has no resource, issues are those of the bundle.</summary>
    public static Result<FhirResponse> Within(RequestEntry entry, Result<FhirResponse> answer) =>
        !answer.IsOk ? entry.Locate(answer.Error)
        : entry.Request.Value.Verb == HttpVerb.Head ? answer.Value with { Json = default, Bundle = null }
        : answer;
}
