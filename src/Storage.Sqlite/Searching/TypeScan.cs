using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Finds where to look: through an index where one leads to fewer resources than there are of the types, else through all of them.</summary>
internal static class TypeScan
{
    /// <summary>Looking into all resources of a small type costs less than thinking about it.</summary>
    private const int FewResources = 16;

    /// <summary>Adds the resources to which an index leads; None when all of the types are to be looked at, as no index leads to fewer.</summary>
    public static Finding Find(SearchRun run, IReadOnlyList<TypeSchema> types, Condition condition, PatientFocus? patient, List<long> rids, int limit)
    {
        long all = CountAll(run, types);
        int before = rids.Count;
        Finding finding = condition.Find(run, patient, rids, (int)Math.Min(limit, Math.Max(FewResources, all)));
        if (finding >= Finding.Superset)
        {
            return finding;
        }

        rids.RemoveRange(before, rids.Count - before);
        return all > limit ? Finding.TooMany : Finding.None;
    }

    /// <summary>Adds all resources of the types that may meet a condition, by an index or without.</summary>
    public static Finding FindAll(SearchRun run, IReadOnlyList<TypeSchema> types, Condition condition, List<long> rids, int limit)
    {
        Finding finding = Find(run, types, condition, null, rids, limit);
        if (finding != Finding.None)
        {
            return finding;
        }

        AddAll(run, types, rids);
        return Finding.Superset;
    }

    public static void AddAll(SearchRun run, IReadOnlyList<TypeSchema> types, List<long> rids)
    {
        foreach (TypeSchema type in types)
        {
            run.Snapshot.FindType(type.Id, 0, rids);
        }
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
}
