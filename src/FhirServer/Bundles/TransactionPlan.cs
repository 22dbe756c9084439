using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Bundles;

/// <summary>A conditional create that finds what another entry of the same transaction creates.</summary>
/// <param name="Entry">Number of that entry.</param>
internal sealed record SamePlan(ResourceKey Key, int Entry, IReadOnlyList<Guard> Guards) : WritePlan(Guards);

/// <summary>What the entries of a transaction want together, on the present state.</summary>
/// <param name="ByEntry">The plan of each entry; null for entries that only read.</param>
/// <param name="Written">By which entry a resource is put or deleted.</param>
internal sealed record TransactionPlan(
    IReadOnlyList<RequestEntry> Entries, IReadOnlyList<WritePlan?> ByEntry, Identities Identities, IReadOnlyDictionary<ResourceKey, int> Written)
{
    /// <summary>Adds up the plans of the entries.</summary>
    public static Result<TransactionPlan> Of(IReadOnlyList<RequestEntry> entries, WritePlan?[] plans, LocalMatch local)
    {
        var faults = new Faults();
        FindSame(entries, plans, local, faults);
        var written = new Dictionary<ResourceKey, int>();
        var identities = new Identities();
        for (int i = 0; i < plans.Length; i++)
        {
            IReadOnlyList<ResourceKey> keys = plans[i] switch
            {
                PutPlan put => [put.Key],
                DeletePlan delete => delete.Keys,
                _ => [],
            };
            foreach (ResourceKey key in keys)
            {
                // "If any resource identities (including resolved identities from conditional update/delete) overlap in steps 1-3, then
                // the transaction SHALL fail."
                if (!written.TryAdd(key, i))
                {
                    faults.Add(entries[i], Overlap(written[key]));
                }
            }

            if (entries[i].FullUrl is { } fullUrl && KeyOf(plans[i]) is { } identity)
            {
                identities.Add(fullUrl, identity);
            }
        }

        // Deletions come first, so a conditional create that found what is deleted should not have found it.
        for (int i = 0; i < plans.Length; i++)
        {
            if (plans[i] is FoundPlan found && written.TryGetValue(found.Version.Key, out int deletion) && plans[deletion] is DeletePlan)
            {
                faults.Add(entries[i], Overlap(deletion));
            }
        }

        return faults.Error is { } error ? error : new TransactionPlan(entries, plans, identities, written);
    }

    /// <summary>The resource that an entry's full url means; null for deletions.</summary>
    public static ResourceKey? KeyOf(WritePlan? plan) => plan switch
    {
        PutPlan put => put.Key,
        FoundPlan found => found.Version.Key,
        SamePlan same => same.Key,
        _ => null,
    };

    /// <summary>
    /// Entries with the same criteria, which match nothing yet, mean the same resource. The second conditional create must find what the
    /// first creates; an update would write it twice.
    /// </summary>
    private static void FindSame(IReadOnlyList<RequestEntry> entries, WritePlan?[] plans, LocalMatch local, Faults faults)
    {
        var creating = new Dictionary<(string Type, string Criteria), int>();
        foreach (RequestEntry entry in entries.OrderBy(entry => Batch.OrderOf(entry.Request.Value.Verb)))
        {
            FhirRequest request = entry.Request.Value;
            if (plans[entry.Number] is not PutPlan { Guards: [Finds { Keys.Count: 0 } finds, ..] })
            {
                continue;
            }

            string criteria = request.Verb == HttpVerb.Post ? request.Conditions.IfNoneExist! : string.Join('&', request.Query.Select(parameter => $"{parameter.Name}={parameter.Value}"));
            if (creating.TryAdd((finds.Type, criteria), entry.Number))
            {
                continue;
            }

            int before = creating[(finds.Type, criteria)];
            var first = (PutPlan)plans[before]!;
            if (LocalMatch.Meets(local.ValuesOf(first.Resource), finds.Criterion) != true)
            {
                continue;
            }

            if (request.Verb == HttpVerb.Post)
            {
                plans[entry.Number] = new SamePlan(first.Key, before, [finds]);
            }
            else
            {
                faults.Add(entry, Overlap(before));
            }
        }
    }

    private static FhirError Overlap(int other) => FhirError.Of(
        ErrorKind.Invalid, IssueType.Duplicate, $"The entry is about the same resource as entry {other}; a resource can appear in a transaction once.");
}
