using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Goes through the candidates of one search.</summary>
/// <param name="newest">Sequence number of the newest commit when the search began: what was created later does not exist for it.</param>
internal sealed class MatchCollector(SearchRun run, TypeSchema[] types, Condition condition, ConditionCompiler compiler, long newest)
{
    /// <summary>Resources taken from a type at a time, when not all will be needed.</summary>
    private const int ChunkSize = 128;

    /// <summary>Versions that are looked through to tell what was created since the search began.</summary>
    private const int MaxLookedThrough = 4096;

    private readonly TypeSet _types = new(types);
    private bool _areMatches;

    private bool IsForAll => condition is AllCondition { Parts.Count: 0 } && run.Scope.SeesEverything;

    /// <summary>Hands matches to the page and counts them.</summary>
    /// <param name="countAll">Otherwise it ends when the page is full.</param>
    /// <param name="isNewestFirst">The page is in the order of versions, the newest first.</param>
    /// <returns>How many there are; only when all were to be counted.</returns>
    public long Collect(PageBuilder page, bool countAll, bool isNewestFirst)
    {
        long? known = countAll && IsForAll ? CountOfTypes() : null;
        bool needsAll = countAll && known is null;
        long total = 0;
        List<long> rids = run.RentList();
        Finding finding = TypeScan.Find(run, types, condition, compiler.FocusOf(condition, types, run), rids, int.MaxValue);
        bool Take(Candidate candidate)
        {
            total++;
            page.Offer(run, candidate);
            return needsAll || !page.IsComplete;
        }

        if (finding == Finding.None && !needsAll && page.IsUnsorted && types.Length == 1)
        {
            VisitInChunks(types[0], page.AfterRid, Take);
        }
        else if (finding == Finding.None && !needsAll && isNewestFirst && types.Length == 1)
        {
            VisitNewestFirst(types[0], candidate => Take(candidate) && !page.IsBehind(candidate));
        }
        else if (finding != Finding.None || needsAll || types.Length != 1 || !TryVisitByDate(page))
        {
            if (finding == Finding.None)
            {
                AddTypes(page, needsAll, rids);
            }

            _areMatches = finding == Finding.Exact;
            Visit(rids, Take);
        }

        run.Return(rids);
        return known ?? total;
    }

    /// <summary>Visits each match in the order of first versions until the visitor says that it has seen enough.</summary>
    public void Visit(Func<Candidate, bool> visit)
    {
        List<long> rids = run.RentList();
        Finding finding = TypeScan.Find(run, types, condition, compiler.FocusOf(condition, types, run), rids, int.MaxValue);
        if (finding == Finding.None)
        {
            TypeScan.AddAll(run, types, rids);
        }

        _areMatches = finding == Finding.Exact;
        Visit(rids, visit);
        run.Return(rids);
    }

    private void Visit(List<long> rids, Func<Candidate, bool> visit)
    {
        rids.Sort();
        Candidate candidate = run.Rent();
        long last = 0;
        for (int i = 0; i < rids.Count; i++)
        {
            run.Expect(rids, i);
            if (rids[i] != last && IsMatch(rids[i], candidate) && !visit(candidate))
            {
                break;
            }

            last = rids[i];
        }

        run.Return(candidate);
    }

    private bool IsMatch(long rid, Candidate candidate) =>
        run.TryLoad(rid, candidate, _types)
        && candidate.Head.First <= newest
        && (_areMatches || run.Meets(condition, candidate));

    /// <summary>When all match, a page needs no more of each type than it has room for.</summary>
    private void AddTypes(PageBuilder page, bool needsAll, List<long> rids)
    {
        if (needsAll || !page.IsUnsorted || !IsForAll)
        {
            TypeScan.AddAll(run, types, rids);
            return;
        }

        foreach (TypeSchema type in types)
        {
            run.Snapshot.FindType(type.Id, page.AfterRid, rids, page.Count);
        }
    }

    private void VisitInChunks(TypeSchema type, long after, Func<Candidate, bool> visit)
    {
        List<long> rids = run.RentList();
        Candidate candidate = run.Rent();
        bool isLast = false;
        bool wantsMore = true;
        while (!isLast && wantsMore)
        {
            rids.Clear();
            isLast = run.Snapshot.FindType(type.Id, after, rids, ChunkSize);
            for (int i = 0; i < rids.Count && wantsMore; i++)
            {
                after = rids[i];
                wantsMore = !IsMatch(after, candidate) || visit(candidate);
            }
        }

        run.Return(candidate);
        run.Return(rids);
    }

    /// <summary>Fills the page in the order of a date; false when it stays empty in part, or the order is another.</summary>
    private bool TryVisitByDate(PageBuilder page)
    {
        if (page.BandsOf(run) is not { } bands)
        {
            return false;
        }

        var seen = new HashSet<long>();
        List<long> rids = run.RentList();
        Candidate candidate = run.Rent();
        while (!page.IsFull && bands.TryNext(rids))
        {
            rids.Sort();
            foreach (long rid in rids)
            {
                if (seen.Add(rid) && IsMatch(rid, candidate))
                {
                    page.Offer(run, candidate);
                }
            }

            rids.Clear();
        }

        run.Return(candidate);
        run.Return(rids);
        if (!page.IsFull)
        {
            // Resources without a date come last, and no index leads to them.
            page.Clear();
        }

        return page.IsFull;
    }

    private void VisitNewestFirst(TypeSchema type, Func<Candidate, bool> visit)
    {
        var versions = new List<(long Rid, long Sequence)>(ChunkSize);
        Candidate candidate = run.Rent();
        long before = long.MaxValue;
        bool isLast = false;
        bool wantsMore = true;
        while (!isLast && wantsMore)
        {
            versions.Clear();
            isLast = run.Snapshot.NewestFirst(type.Id, before, versions, ChunkSize);
            for (int i = 0; i < versions.Count && wantsMore; i++)
            {
                before = versions[i].Sequence;
                wantsMore = !IsMatch(versions[i].Rid, candidate) || candidate.Head.Newest != before || visit(candidate);
            }
        }

        run.Return(candidate);
    }

    /// <summary>How many resources there are of the types, without those created since the search began; null when that is not told quickly.</summary>
    private long? CountOfTypes()
    {
        long all = TypeScan.CountAll(run, types);
        if (run.Snapshot.Newest == newest)
        {
            return all;
        }

        var versions = new List<(long Rid, long Sequence)>();
        var created = new HashSet<long>();
        Candidate candidate = run.Rent();
        bool isTold = true;
        for (int i = 0; isTold && i < types.Length; i++)
        {
            versions.Clear();
            isTold = run.Snapshot.NewestFirst(types[i].Id, long.MaxValue, versions, MaxLookedThrough / types.Length, after: newest);
            foreach ((long rid, _) in versions)
            {
                if (run.TryLoad(rid, candidate) && candidate.Head.First > newest)
                {
                    created.Add(rid);
                }
            }
        }

        run.Return(candidate);
        return isTold ? all - created.Count : null;
    }
}
