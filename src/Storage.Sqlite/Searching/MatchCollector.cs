using HealthChain.Fhir.Schema;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Goes through the candidates of one search in the order of their first versions.</summary>
/// <param name="newest">Sequence number of the newest commit when the search began: what was created later does not exist for it.</param>
internal sealed class MatchCollector(SearchRun run, TypeSchema[] types, Condition condition, ConditionCompiler compiler, long newest)
{
    private readonly HashSet<TypeSchema> _types = [.. types];

    /// <summary>Hands matches to the page and counts them.</summary>
    /// <param name="countAll">Otherwise it ends when the page is full.</param>
    public long Collect(PageBuilder page, bool countAll)
    {
        long total = 0;
        Visit(candidate =>
        {
            total++;
            page.Offer(run, candidate);
            return countAll || !page.IsComplete;
        });
        return total;
    }

    /// <summary>Visits each match until the visitor says that it has seen enough.</summary>
    public void Visit(Func<Candidate, bool> visit)
    {
        List<long> rids = run.RentList();
        Candidate candidate = run.Rent();
        TypeScan.Find(run, types, condition, compiler.FocusOf(condition, types, run), rids, int.MaxValue);
        rids.Sort();
        long last = 0;
        foreach (long rid in rids)
        {
            if (rid == last)
            {
                continue;
            }

            last = rid;
            if (run.TryLoad(rid, candidate)
                && candidate.Head.First <= newest
                && _types.Contains(candidate.Head.Type)
                && run.Meets(condition, candidate)
                && !visit(candidate))
            {
                break;
            }
        }

        run.Return(candidate);
        run.Return(rids);
    }
}
