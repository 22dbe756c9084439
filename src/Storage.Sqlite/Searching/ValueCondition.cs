using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>A search parameter has one of the values.</summary>
internal sealed class ValueCondition(HasValue criterion, KeyQuery query, bool isLastUpdated) : Condition
{
    public HasValue Criterion => criterion;

    public KeyQuery Query => query;

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        KeyAnswer answer = query.Ask(candidate.Head.KeysOf(query.Parameter));
        if (answer != KeyAnswer.Maybe || !mayOpen)
        {
            return answer;
        }

        return candidate.Root(run).Exists && SearchMatcher.Matches(candidate.Values(run), criterion.Parameter.Id, criterion.Modifier, criterion.Alternatives)
            ? KeyAnswer.Yes
            : KeyAnswer.No;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        // The order of versions stands for an index of when they were made; see TypeScan.
        if (query.Entries is null || isLastUpdated)
        {
            return Finding.None;
        }

        int before = rids.Count;
        bool isExact = query.AreEntriesExact;
        foreach (KeyLookup entry in query.Entries)
        {
            int most = limit - Math.Min(limit, rids.Count - before);
            if (!Find(run, patient, entry, rids, most))
            {
                return Finding.TooMany;
            }

            // Tuples are found by their hash alone, whatever their ends.
            isExact &= entry.Kind != IndexKeyKind.Tuple || entry.Bounds == KeyBounds.Any;
        }

        return isExact && patient is null ? Finding.Exact : Finding.Superset;
    }

    private static bool Find(SearchRun run, PatientFocus? patient, KeyLookup entry, List<long> rids, int limit)
    {
        if (entry.Kind is IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.Position)
        {
            (long lowFrom, long lowTo, long highFrom, long highTo) = entry.Bounds;
            return run.Snapshot.FindRange(entry.Parameter, new RangeQuery(lowFrom, lowTo, highFrom, highTo, entry.Hash), rids, limit);
        }

        return patient?.FindValue(run.Snapshot, entry.Parameter, entry.Hash, rids, limit)
            ?? run.Snapshot.FindValue(entry.Parameter, entry.Hash, rids, limit);
    }
}
