using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>A parameter has a literal reference to one resource of this server, or the canonical of a definition.</summary>
/// <param name="target">Hash of its type and id, or of its url.</param>
internal sealed class ReferenceCondition(ushort parameter, long target, IndexKeyKind kind = IndexKeyKind.Reference) : Condition
{
    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        foreach (ref readonly IndexKey key in candidate.Head.KeysOf(parameter))
        {
            if (key.Hash == target && key.Kind == kind)
            {
                return KeyAnswer.Yes;
            }
        }

        return KeyAnswer.No;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        bool isAll = patient?.FindValue(run.Snapshot, parameter, target, rids, limit) ?? run.Snapshot.FindValue(parameter, target, rids, limit);
        return !isAll ? Finding.TooMany : patient is null ? Finding.Exact : Finding.Superset;
    }
}

/// <summary>
/// A reference points at a resource that meets a condition, be it one that stands for itself or one that is contained in the referring resource
/// (https://hl7.org/fhir/R4/search.html#contained: "A chained condition will be evaluated inside contained resources").
/// </summary>
/// <param name="containing">Met by resources that contain one of the target types. What is contained is not indexed, so those are opened.</param>
/// <param name="urls">The parameters by which canonicals find targets; empty where targets have none.</param>
internal sealed class ChainCondition(ushort parameter, IReadOnlyList<TypeSchema> targets, Condition condition, Condition containing, IReadOnlyList<ushort> urls) : Condition
{
    private readonly TypeSet _targets = new(targets);
    private readonly List<long> _metUrls = [];
    private readonly Dictionary<long, KeyAnswer> _judged = [];
    private List<long>? _met;

    public override bool IsLink => true;

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        KeyAnswer answer = KeyAnswer.No;
        foreach (ref readonly IndexKey key in candidate.Head.KeysOf(parameter))
        {
            if (key.Kind is IndexKeyKind.Reference or IndexKeyKind.Uri)
            {
                KeyAnswer one = key.Kind == IndexKeyKind.Reference ? JudgeTarget(run, key.Hash, mayOpen) : JudgeUrl(run, key.Hash, mayOpen);
                answer = one > answer ? one : answer;
                if (answer == KeyAnswer.Yes)
                {
                    return answer;
                }
            }
        }

        KeyAnswer inside = JudgeContained(run, candidate, mayOpen);
        return inside > answer ? inside : answer;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        if (_met is null && !TryFindTargets(run, limit))
        {
            return Finding.TooMany;
        }

        int before = rids.Count;
        foreach (long hash in _met!.Concat(_metUrls))
        {
            int most = limit - Math.Min(limit, rids.Count - before);
            if (!(patient?.FindValue(run.Snapshot, parameter, hash, rids, most) ?? run.Snapshot.FindValue(parameter, hash, rids, most)))
            {
                return Finding.TooMany;
            }
        }

        int found = rids.Count;
        return containing.Find(run, patient, rids, limit - Math.Min(limit, found - before)) < Finding.Superset ? Finding.TooMany
            : patient is null && rids.Count == found ? Finding.Exact
            : Finding.Superset;
    }

    private KeyAnswer JudgeContained(SearchRun run, Candidate candidate, bool mayOpen)
    {
        if (containing.Judge(run, candidate, mayOpen: false) == KeyAnswer.No)
        {
            return KeyAnswer.No;
        }

        if (!mayOpen)
        {
            return KeyAnswer.Maybe;
        }

        KeyAnswer answer = KeyAnswer.No;
        foreach (Element contained in candidate.ContainedBy(run, parameter))
        {
            if (_targets.Contains(contained.Type.Id))
            {
                Candidate inner = run.RentContained(contained);
                answer = run.Meets(condition, inner) ? KeyAnswer.Yes : answer;
                run.Return(inner);
            }
        }

        return answer;
    }

    private bool TryFindTargets(SearchRun run, int limit)
    {
        List<long> rids = run.RentList();
        Finding finding = TypeScan.FindAll(run, targets, condition, rids, limit);
        bool isFound = finding >= Finding.Superset;
        if (isFound)
        {
            _met = [];
            Candidate target = run.Rent();
            for (int i = 0; i < rids.Count; i++)
            {
                run.Expect(rids, i);
                if (run.TryLoad(rids[i], target, _targets) && (finding == Finding.Exact || run.Meets(condition, target)))
                {
                    _met.Add(target.Head.Identity);
                    _metUrls.AddRange(Canonicals.UrlsOf(target.Head, urls));
                }
            }

            run.Return(target);
        }

        run.Return(rids);
        return isFound;
    }

    /// <summary>Many resources point at the same target, which is judged once.</summary>
    private KeyAnswer JudgeTarget(SearchRun run, long hash, bool mayOpen)
    {
        if (_judged.TryGetValue(hash, out KeyAnswer known) && (known != KeyAnswer.Maybe || !mayOpen))
        {
            return known;
        }

        Candidate target = run.Rent();
        KeyAnswer answer = run.TryLoadIdentity(hash, target, _targets)
            ? condition.Judge(run, target, mayOpen)
            : KeyAnswer.No;
        run.Return(target);
        _judged[hash] = answer;
        return answer;
    }

    /// <summary>A canonical leads to the definitions of that url, of whatever version.</summary>
    private KeyAnswer JudgeUrl(SearchRun run, long url, bool mayOpen)
    {
        KeyAnswer answer = KeyAnswer.No;
        List<long> rids = run.RentList();
        Canonicals.Find(run, urls, url, rids);
        Candidate target = run.Rent();
        foreach (long rid in rids)
        {
            if (answer != KeyAnswer.Yes && run.TryLoad(rid, target, _targets))
            {
                KeyAnswer one = condition.Judge(run, target, mayOpen);
                answer = one > answer ? one : answer;
            }
        }

        run.Return(target);
        run.Return(rids);
        return answer;
    }
}

/// <summary>A resource of a type that meets a condition points here (<c>_has</c>).</summary>
/// <param name="urls">The parameters by which canonicals find what is pointed at; empty where it has none.</param>
internal sealed class ReverseCondition(
    TypeSchema source, IndexedParameter reference, PatientMemberships memberships, Condition condition, IReadOnlyList<ushort> urls) : Condition
{
    /// <summary>Up to so many sources all are looked at once, rather than those of each candidate.</summary>
    private const int FewSources = 1024;

    private readonly TypeSchema[] _sources = [source];
    private readonly TypeSet _sourceTypes = new(source);
    private HashSet<long>? _pointedAt;
    private bool _areMany;

    public override bool IsLink => true;

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        if (_pointedAt is null && !_areMany)
        {
            _areMany = !TryFindSources(run, FewSources);
        }

        return _pointedAt is not null
            ? (IsPointedAt(candidate) ? KeyAnswer.Yes : KeyAnswer.No)
            : JudgeSources(run, candidate, mayOpen);
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        if (_pointedAt is null && !TryFindSources(run, limit))
        {
            return Finding.TooMany;
        }

        Candidate target = run.Rent();
        foreach (long hash in _pointedAt!)
        {
            if (run.TryLoadIdentity(hash, target))
            {
                rids.Add(target.Head.Rid);
            }
        }

        run.Return(target);
        foreach (long url in _pointedAt!)
        {
            Canonicals.Find(run, urls, url, rids);
        }

        return Finding.Exact;
    }

    private bool IsPointedAt(Candidate candidate)
    {
        if (_pointedAt!.Contains(candidate.Head.Identity))
        {
            return true;
        }

        return urls.Count > 0 && Canonicals.UrlsOf(candidate.Head, urls).Exists(_pointedAt.Contains);
    }

    private bool TryFindSources(SearchRun run, int limit)
    {
        List<long> rids = run.RentList();
        Finding finding = TypeScan.FindAll(run, _sources, condition, rids, limit);
        bool isFound = finding >= Finding.Superset;
        if (isFound)
        {
            _pointedAt = [];
            Candidate from = run.Rent();
            for (int i = 0; i < rids.Count; i++)
            {
                run.Expect(rids, i);
                if (run.TryLoad(rids[i], from, _sourceTypes) && (finding == Finding.Exact || run.Meets(condition, from)))
                {
                    AddTargets(from);
                }
            }

            run.Return(from);
        }

        run.Return(rids);
        return isFound;
    }

    private void AddTargets(Candidate from)
    {
        foreach (ref readonly IndexKey key in from.Head.KeysOf(reference.Id))
        {
            if (key.Kind is IndexKeyKind.Reference or IndexKeyKind.Uri)
            {
                _pointedAt!.Add(key.Hash);
            }
        }
    }

    private KeyAnswer JudgeSources(SearchRun run, Candidate candidate, bool mayOpen)
    {
        long here = candidate.Head.Identity;
        Condition pointing = new ReferenceCondition(reference.Id, here);
        if (urls.Count > 0)
        {
            pointing = new OneCondition([pointing, .. Canonicals.UrlsOf(candidate.Head, urls).Select(url => new ReferenceCondition(reference.Id, url, IndexKeyKind.Uri))]);
        }

        var both = new AllCondition([pointing, condition]);
        PatientFocus? focus = null;
        if (candidate.Head is { Type.Name: "Patient", Patient: not 0 } && memberships.IsMember(reference, source))
        {
            List<long> shared = [];
            run.Snapshot.FindValue(reference.Id, here, 0, shared);
            focus = new PatientFocus(here, candidate.Head.Patient, shared, _sources, memberships);
        }

        List<long> rids = run.RentList();
        both.Find(run, focus, rids, int.MaxValue);
        KeyAnswer answer = KeyAnswer.No;
        Candidate from = run.Rent();
        foreach (long rid in rids)
        {
            if (run.TryLoad(rid, from, _sourceTypes))
            {
                KeyAnswer one = both.Judge(run, from, mayOpen);
                answer = one > answer ? one : answer;
                if (answer == KeyAnswer.Yes)
                {
                    break;
                }
            }
        }

        run.Return(from);
        run.Return(rids);
        return answer;
    }
}

/// <summary>Canonicals: references to definitions by their url (https://hl7.org/fhir/R4/references.html#canonical).</summary>
internal static class Canonicals
{
    /// <summary>Adds the resources that have the url under one of the parameters.</summary>
    public static void Find(SearchRun run, IReadOnlyList<ushort> parameters, long url, List<long> rids)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            run.Snapshot.FindValue(parameters[i], url, rids);
        }
    }

    /// <summary>The urls that a resource has under the parameters.</summary>
    public static List<long> UrlsOf(Head head, IReadOnlyList<ushort> parameters)
    {
        List<long> urls = [];
        for (int i = 0; i < parameters.Count; i++)
        {
            foreach (ref readonly IndexKey key in head.KeysOf(parameters[i]))
            {
                if (key.Kind == IndexKeyKind.Uri)
                {
                    urls.Add(key.Hash);
                }
            }
        }

        return urls;
    }
}
