using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>Follows references from the matches of a page, and from what was included where that iterates.</summary>
internal sealed class IncludeWalk(SearchParameterSet parameters, PatientMemberships memberships, SearchRun run, SearchRequest request)
{
    /// <summary>The parameter of definitions by which canonicals find them.</summary>
    private const string Url = "url";

    private static readonly int[] Limits = [8, 128, int.MaxValue];

    private readonly List<long> _included = [];
    private readonly HashSet<long> _seen = [];
    private readonly Queue<(long Rid, bool IsMatch)> _waiting = [];
    private readonly Dictionary<Include, IndexedParameter[]> _references = [];

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
            TypeSet? targets = SetOf(include.Target);
            foreach (ref readonly IndexKey key in include.Reference is { } reference ? from.Head.KeysOf(reference.Id) : from.Head.Keys)
            {
                if (key.Kind == IndexKeyKind.Reference && !IsTruncated)
                {
                    Candidate target = run.Rent();
                    Add(run.TryLoadIdentity(key.Hash, target, targets), target);
                    run.Return(target);
                }
                else if (key.Kind == IndexKeyKind.Uri && parameters.Parameters[key.Parameter].Type == SearchParameterType.Reference)
                {
                    FollowCanonical(parameters.Parameters[key.Parameter], key.Hash, include.Target);
                }
            }
        }
    }

    /// <summary>A canonical leads to the definitions of that url (https://hl7.org/fhir/R4/references.html#canonical), of whatever version.</summary>
    private void FollowCanonical(IndexedParameter reference, long url, TypeSchema? target)
    {
        IEnumerable<TypeSchema> types = target is not null ? [target] : reference.Targets.Count > 0 ? reference.Targets : FhirSchema.R4.Types;
        List<long> rids = run.RentList();
        foreach (IndexedParameter parameter in types.Select(type => parameters.Find(type, Url)).OfType<IndexedParameter>().Distinct())
        {
            run.Snapshot.FindValue(parameter.Id, url, rids);
        }

        rids.Sort();
        AddAll(rids, target);
        run.Return(rids);
    }

    private void FollowBack(Candidate from, Include include)
    {
        List<long> sources = run.RentList();
        IndexedParameter[] references = ReferencesOf(include);
        foreach (IndexedParameter reference in references)
        {
            AddSources(from.Head, reference, include.Source, sources);
        }

        if (parameters.Find(from.Head.Type, Url) is { } url)
        {
            foreach (ref readonly IndexKey key in from.Head.KeysOf(url.Id))
            {
                if (key.Kind == IndexKeyKind.Uri)
                {
                    foreach (IndexedParameter reference in references)
                    {
                        run.Snapshot.FindValue(reference.Id, key.Hash, sources);
                    }
                }
            }
        }

        sources.Sort();
        AddAll(sources, include.Source);
        run.Return(sources);
    }

    /// <summary>Adds all resources of a type that point at one by a reference, and maybe such of other types.</summary>
    private void AddSources(Head target, IndexedParameter reference, TypeSchema source, List<long> rids)
    {
        if (target is not { Type.Name: "Patient", Patient: not 0 } || !memberships.IsMember(reference, source))
        {
            run.Snapshot.FindValue(reference.Id, target.Identity, rids);
            return;
        }

        // What is in several compartments stands apart.
        run.Snapshot.FindValue(reference.Id, target.Identity, 0, rids);

        // Types share parameters: what points at a patient is mostly of other types than the one asked for, and all that the patient has of
        // one type is known too. Whichever comes to an end first leads.
        List<long> found = run.RentList();
        foreach (int limit in Limits)
        {
            if (run.Snapshot.FindValue(reference.Id, target.Identity, target.Patient, found, limit))
            {
                rids.AddRange(found);
                break;
            }

            found.Clear();
            if (run.Snapshot.FindMembers(source.Id, target.Patient, found, limit))
            {
                AddPointing(found, reference, target.Identity, rids);
                break;
            }

            found.Clear();
        }

        run.Return(found);
    }

    private void AddPointing(List<long> members, IndexedParameter reference, long target, List<long> rids)
    {
        Candidate member = run.Rent();
        foreach (long rid in members)
        {
            if (run.TryLoad(rid, member))
            {
                foreach (ref readonly IndexKey key in member.Head.KeysOf(reference.Id))
                {
                    if (key.Kind == IndexKeyKind.Reference && key.Hash == target)
                    {
                        rids.Add(rid);
                        break;
                    }
                }
            }
        }

        run.Return(member);
    }

    private void AddAll(List<long> rids, TypeSchema? type)
    {
        TypeSet? types = SetOf(type);
        Candidate candidate = run.Rent();
        for (int i = 0; i < rids.Count && !IsTruncated; i++)
        {
            if (!_seen.Contains(rids[i]))
            {
                Add(run.TryLoad(rids[i], candidate, types), candidate);
            }
        }

        run.Return(candidate);
    }

    /// <summary>The parameters that an include follows backwards.</summary>
    private IndexedParameter[] ReferencesOf(Include include)
    {
        if (!_references.TryGetValue(include, out IndexedParameter[]? references))
        {
            references = include.Reference is { } one
                ? [one]
                : [.. parameters.Of(include.Source).Where(parameter => parameter.Type == SearchParameterType.Reference)];
            _references.Add(include, references);
        }

        return references;
    }

    private static TypeSet? SetOf(TypeSchema? type) => type is null ? null : new TypeSet(type);

    private void Add(bool exists, Candidate candidate)
    {
        if (!exists || _seen.Contains(candidate.Head.Rid))
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
