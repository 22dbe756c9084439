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
            ReadOnlySpan<IndexKey> keys = from.Head.Keys;
            foreach (ref readonly IndexKey key in include.Reference is { } reference ? keys.Of(reference.Id) : keys)
            {
                if (key.Kind == IndexKeyKind.Reference && run.Snapshot.FindIdentity(key.Hash) is var rid and not 0)
                {
                    Add(rid, include.Target);
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
        foreach (long source in sources)
        {
            Add(source, include.Source);
        }

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

    private void Add(long rid, Fhir.Schema.TypeSchema? type)
    {
        if (IsTruncated || _seen.Contains(rid))
        {
            return;
        }

        Candidate candidate = run.Rent();
        if (run.TryLoad(rid, candidate) && (type is null || candidate.Head.Type == type))
        {
            if (_included.Count == request.MaxIncluded)
            {
                IsTruncated = true;
            }
            else
            {
                _seen.Add(rid);
                _included.Add(candidate.Head.Newest);
                _waiting.Enqueue((rid, false));
            }
        }

        run.Return(candidate);
    }
}
