using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Finds where to look: through an index where one leads to fewer resources than there are of the types, else through all of them.</summary>
internal static class TypeScan
{
    /// <summary>Looking into all resources of a small type costs less than thinking about it.</summary>
    private const int FewResources = 16;

    /// <summary>Adds all resources of the types that may meet a condition; false when that would be more than the limit.</summary>
    public static bool TryFind(SearchRun run, IReadOnlyList<TypeSchema> types, Condition condition, List<long> rids, int limit) =>
        Find(run, types, condition, null, rids, limit) is Finding.Superset or Finding.Exact;

    public static Finding Find(
        SearchRun run, IReadOnlyList<TypeSchema> types, Condition condition, PatientFocus? patient, List<long> rids, int limit)
    {
        long all = CountAll(run, types);
        int most = (int)Math.Min(limit, Math.Max(FewResources, all));
        int before = rids.Count;
        Finding finding = condition.Find(run, patient, rids, most);
        if (finding >= Finding.Superset)
        {
            return finding;
        }

        rids.RemoveRange(before, rids.Count - before);
        if (all > limit)
        {
            return Finding.TooMany;
        }

        AddAll(run, types, rids);
        return Finding.Superset;
    }

    public static long CountAll(SearchRun run, IReadOnlyList<TypeSchema> types)
    {
        long all = 0;
        foreach (TypeSchema type in types)
        {
            all += run.Snapshot.CountCurrent(type.Id);
        }

        return all;
    }

    private static void AddAll(SearchRun run, IReadOnlyList<TypeSchema> types, List<long> rids)
    {
        foreach (TypeSchema type in types)
        {
            run.Snapshot.FindType(type.Id, 0, rids);
        }
    }
}
