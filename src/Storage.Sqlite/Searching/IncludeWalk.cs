using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Follows references from the matches of a page, and from what was included where that iterates.</summary>
internal sealed class IncludeWalk(SearchParameterSet parameters, SearchRun run, SearchRequest request)
{
    private readonly List<long> _included = [];
    private readonly HashSet<long> _seen = [];
    private readonly Queue<(long Rid, bool IsMatch)> _waiting = [];
    private readonly Dictionary<Include, ushort[]> _references = [];

    /// <summary>More would have been included than the request allows.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Sequence numbers of the included versions.</summary>
    public List<long> Walk(List<Ranked> matches)
    {
        foreach (Ranked match in matches)
        {
            _seen.Add(match.Rid);
            _waiting.Enqueue((match.Rid, true));
        }

        Candidate from = run.Rent();
        while (!IsTruncated && _waiting.TryDequeue(out (long Rid, bool IsMatch) next))
        {
            if (run.TryLoad(next.Rid, from))
            {
                foreach (Include include in request.Includes)
                {
                    if (next.IsMatch || include.Iterates)
                    {
                        Follow(from, include);
                    }
                }
            }
        }

        run.Return(from);
        return _included;
    }

    private void Follow(Candidate from, Include include)
    {
        if (include.IsReverse)
        {
            if (include.Target is null || include.Target == from.Head.Type)
            {
                FollowBack(from, include);
            }
        }
        else if (from.Head.Type == include.Source)
        {
            foreach (ref readonly IndexKey key in include.Reference is { } reference ? from.Head.KeysOf(reference.Id) : from.Head.Keys)
            {
                if (key.Kind == IndexKeyKind.Reference && !IsTruncated)
                {
                    Candidate target = run.Rent();
                    Add(run.TryLoadIdentity(key.Hash, target), target, include.Target);
                    run.Return(target);
                }
            }
        }
    }

    private void FollowBack(Candidate from, Include include)
    {
        List<long> sources = run.RentList();
        foreach (ushort reference in ReferencesOf(include))
        {
            run.Snapshot.FindValue(reference, from.Head.Identity, sources);
        }

        sources.Sort();
        Candidate candidate = run.Rent();
        foreach (long source in sources)
        {
            if (!IsTruncated && !_seen.Contains(source))
            {
                Add(run.TryLoad(source, candidate), candidate, include.Source);
            }
        }

        run.Return(candidate);
        run.Return(sources);
    }

    /// <summary>The parameters that an include follows backwards.</summary>
    private ushort[] ReferencesOf(Include include)
    {
        if (!_references.TryGetValue(include, out ushort[]? references))
        {
            references = include.Reference is { } one
                ? [one.Id]
                : [.. parameters.Of(include.Source).Where(parameter => parameter.Type == SearchParameterType.Reference).Select(parameter => parameter.Id)];
            _references.Add(include, references);
        }

        return references;
    }

    private void Add(bool exists, Candidate candidate, Fhir.Schema.TypeSchema? type)
    {
        if (!exists || (type is not null && candidate.Head.Type != type) || _seen.Contains(candidate.Head.Rid))
        {
            return;
        }

        if (_included.Count == request.MaxIncluded)
        {
            IsTruncated = true;
            return;
        }

        _seen.Add(candidate.Head.Rid);
        _included.Add(candidate.Head.Newest);
        _waiting.Enqueue((candidate.Head.Rid, false));
    }
}
