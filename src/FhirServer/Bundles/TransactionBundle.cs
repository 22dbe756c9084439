using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Operations;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Bundles;

/// <summary>
/// Requests that are done together or not at all: https://hl7.org/fhir/R4/http.html#trules. The plans of the entries become one commit;
/// entries that read are answered after it.
/// </summary>
internal sealed class TransactionBundle(
    WritePlanners planners,
    OperationTable operations,
    ConditionalSearch search,
    IResourceStore store,
    LocalMatch local,
    Content content,
    Commits commits,
    Lazy<FhirService> service)
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest outer, IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        if (Refuse(entries) is { } error)
        {
            return error;
        }

        Result<IReadOnlyList<RequestEntry>> allowed = await DecideAsync(entries, cancellationToken);
        if (!allowed.IsOk)
        {
            return allowed.Error;
        }

        FhirRequest whole = outer with { Requester = await Admission.ForTransactionAsync(outer.Requester, cancellationToken) };
        return await commits.CommitAsync(whole, token => ThinkAsync(whole, allowed.Value, token), cancellationToken);
    }

    /// <summary>Each entry as its requester may make it; those that read are judged once more when they are answered.</summary>
    private async ValueTask<Result<IReadOnlyList<RequestEntry>>> DecideAsync(IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        var decided = new List<RequestEntry>(entries.Count);
        foreach (RequestEntry entry in entries)
        {
            FhirRequest request = entry.Request.Value;
            Result<FhirRequest> allowed = await Admission.DecideAsync(request, cancellationToken);
            if (!allowed.IsOk)
            {
                faults.Add(entry, allowed.Error);
            }

            decided.Add(planners.Find(request.Target, request.Verb) is null ? entry : entry with { Request = allowed });
        }

        return faults.Error is { } error ? error : decided;
    }

    /// <summary>What is wrong with the bundle, whatever the store holds.</summary>
    private FhirError? Refuse(IReadOnlyList<RequestEntry> entries)
    {
        var faults = new Faults();
        var fullUrls = new HashSet<string>(StringComparer.Ordinal);
        foreach (RequestEntry entry in entries)
        {
            if (!entry.Request.IsOk)
            {
                faults.Add(entry, entry.Request.Error);
            }
            else if (RefuseRequest(entry.Request.Value) is { } refusal)
            {
                faults.Add(entry, refusal);
            }
            else if (entry.FullUrl is { } fullUrl && RefuseUrl(entry, fullUrl, fullUrls) is { } misnamed)
            {
                faults.Add(entry, misnamed);
            }
        }

        return faults.Error;
    }

    private FhirError? RefuseRequest(FhirRequest request) =>
        planners.Find(request.Target, request.Verb) is not null ? null
        : request.Target.Kind == TargetKind.Operation && operations.Find(request.Target, request.Verb) is { AffectsState: true }
            ? FhirError.Unsupported($"${request.Target.Name} changes what is stored and cannot be part of a transaction; call it by itself, or in a batch.")
        : service.Value.Allowed(request.Target).Contains(request.Verb) ? null
        : FhirError.Unsupported($"{request.Verb.ToString().ToUpperInvariant()} is not supported at this url; metadata lists what is.");

    /// <summary>https://hl7.org/fhir/R4/bundle.html#bdl-7, and "fullUrl SHALL NOT disagree with the id in the resource".</summary>
    private static FhirError? RefuseUrl(RequestEntry entry, string fullUrl, HashSet<string> before)
    {
        if (!before.Add(fullUrl))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Duplicate, "Another entry has the same fullUrl.", $"Bundle.entry[{entry.Number}].fullUrl");
        }

        RequestBody body = entry.Request.Value.Body;
        return Identities.IdOf(fullUrl) is { } id && body.Resource.Exists && Content.IdOf(body.Resource) is { } own && own != id
            ? FhirError.Invalid($"The id {id} of the fullUrl is not the resource's id {own}.", $"Bundle.entry[{entry.Number}].fullUrl")
            : null;
    }

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest outer, IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        Result<TransactionPlan> planned = await PlanAsync(entries, cancellationToken);
        if (!planned.IsOk)
        {
            return planned.Error;
        }

        TransactionPlan plan = planned.Value;
        var links = new TransactionLinks(outer, plan, search, store, local);
        if (await links.ResolveAsync(cancellationToken) is { } unresolved)
        {
            return unresolved;
        }

        var writes = new List<Write>(entries.Count);
        var first = new int[entries.Count];
        var issues = new IReadOnlyList<Issue>[entries.Count];
        var faults = new Faults();
        foreach (RequestEntry entry in entries.OrderBy(entry => Batch.OrderOf(entry.Request.Value.Verb)))
        {
            first[entry.Number] = writes.Count;
            switch (plan.ByEntry[entry.Number])
            {
                case DeletePlan delete:
                    writes.AddRange(delete.Keys.Select(key => new Storage.Delete(key)));
                    break;
                case PutPlan put:
                    Result<CheckedPut> write = content.ToPut(put, links.EditOf(entry.Number), outer);
                    if (!write.IsOk)
                    {
                        faults.Add(entry, write.Error);
                        break;
                    }

                    writes.Add(write.Value.Put);
                    issues[entry.Number] = write.Value.Issues;
                    break;
            }
        }

        Guard[] guards = [.. plan.ByEntry.SelectMany(entry => entry?.Guards ?? []), .. links.Guards];
        return faults.Error is { } error
            ? error
            : new Draft(new Transaction(writes, guards), versions => AnswerAsync(outer, new WrittenEntries(plan, first, versions, issues), cancellationToken))
            {
                Disclosed = [.. plan.ByEntry.OfType<FoundPlan>().Select(found => found.Version)],
                NewPatients = [.. plan.ByEntry.OfType<PutPlan>().Select(put => put.NewPatient).OfType<ResourceKey>()],
            };
    }

    private async ValueTask<Result<TransactionPlan>> PlanAsync(IReadOnlyList<RequestEntry> entries, CancellationToken cancellationToken)
    {
        var plans = new WritePlan?[entries.Count];
        var faults = new Faults();
        foreach (RequestEntry entry in entries)
        {
            FhirRequest request = entry.Request.Value;
            if (planners.Find(request.Target, request.Verb) is not { } planner)
            {
                continue;
            }

            Result<WritePlan> plan = await planner.PlanAsync(request, cancellationToken);
            if (plan.IsOk)
            {
                plans[entry.Number] = plan.Value;
            }
            else
            {
                faults.Add(entry, plan.Error);
            }
        }

        return faults.Error is { } error ? error : TransactionPlan.Of(entries, plans, local);
    }

    /// <param name="First">Where the writes of each entry start among all.</param>
    private sealed record WrittenEntries(TransactionPlan Plan, int[] First, IReadOnlyList<StoredVersion?> Versions, IReadOnlyList<Issue>[] Issues);

    private async ValueTask<FhirResponse> AnswerAsync(FhirRequest outer, WrittenEntries written, CancellationToken cancellationToken)
    {
        var answers = new Result<FhirResponse>[written.First.Length];
        foreach (RequestEntry entry in written.Plan.Entries)
        {
            FhirRequest request = entry.Request.Value;
            int first = written.First[entry.Number];
            answers[entry.Number] = written.Plan.ByEntry[entry.Number] switch
            {
                PutPlan => WriteAnswers.OfPut(request, written.Versions[first]!, written.Issues[entry.Number]),
                DeletePlan delete => WriteAnswers.OfDeletion(request, [.. written.Versions.Skip(first).Take(delete.Keys.Count)]),
                FoundPlan found => WriteAnswers.OfFound(request, found.Version),
                SamePlan same => WriteAnswers.OfFound(request, written.Versions[written.First[same.Entry]]!),
                _ => Batch.Within(entry, await service.Value.AnswerAsync(request, cancellationToken)),
            };
        }

        return BundleWriter.Write("transaction-response", outer.BaseUrl, answers);
    }
}
