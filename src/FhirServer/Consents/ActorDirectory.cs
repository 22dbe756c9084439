using HealthChain.Consent;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>As whom consents may name somebody, at a moment.</summary>
/// <param name="References">The person, the organisations, and the groups that these are in.</param>
/// <param name="Until">When that may change without anybody writing anything; ticks of UTC.</param>
internal sealed record Names(HashSet<string> References, HashSet<ConsentCode> Identifiers, long Until);

/// <summary>
/// Identifiers of those who ask, what their organisations are part of, and what groups they are in. In memory, so that a question costs no look into
/// the store. Thread-safe.
/// </summary>
internal sealed class ActorDirectory(string? serverBase)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Actor> _actors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _groupsOf = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private int _generation;

    /// <summary>Another number once the names of anybody who was asked for may be others.</summary>
    public int Generation => Volatile.Read(ref _generation);

    public void Apply(StoredVersion version)
    {
        Actor now = Actor.Read(version, serverBase);
        string reference = version.Key.ToString();
        lock (_lock)
        {
            Actor? before = _actors.GetValueOrDefault(reference);
            if (before?.Sequence >= now.Sequence)
            {
                return;
            }

            Replace(reference, before, now);
        }
    }

    /// <summary>Forgets who was erased.</summary>
    public void Forget(Predicate<string> isErased)
    {
        lock (_lock)
        {
            foreach ((string reference, Actor before) in _actors.Where(actor => isErased(actor.Key)).ToList())
            {
                Replace(reference, before, Actor.Nobody);
                _actors.Remove(reference);
            }
        }
    }

    private void Replace(string reference, Actor? before, Actor now)
    {
        _actors[reference] = now;
        bool concerns = before?.Says(now) != true && _asked.Contains(reference);
        foreach (Membership member in before?.Members ?? [])
        {
            _groupsOf[member.Member].Remove(reference);
            concerns |= _asked.Contains(member.Member);
        }

        foreach (Membership member in now.Members)
        {
            if (!_groupsOf.TryGetValue(member.Member, out List<string>? groups))
            {
                _groupsOf[member.Member] = groups = [];
            }

            groups.Add(reference);
            concerns |= _asked.Contains(member.Member);
        }

        if (concerns)
        {
            Volatile.Write(ref _generation, _generation + 1);
        }
    }

    /// <param name="person">Such as <c>Practitioner/7</c>, or an organisation that asks itself; null for a system.</param>
    /// <param name="organisation">For which it acts; null for none.</param>
    /// <param name="now">Ticks of UTC.</param>
    public Names NamesOf(string? person, string? organisation, long now)
    {
        var names = new Names([], [], long.MaxValue);
        lock (_lock)
        {
            AddWithAbove(names, person);
            AddWithAbove(names, organisation);
            names = AddGroups(names, now);
            foreach (string reference in names.References)
            {
                _asked.Add(reference);
                names.Identifiers.UnionWith(_actors.GetValueOrDefault(reference)?.Identifiers ?? []);
            }
        }

        return names;
    }

    /// <summary>A person has nobody above, but an organisation may ask itself. Whatever is part of itself ends at itself.</summary>
    private void AddWithAbove(Names names, string? own)
    {
        for (string? at = own; at is not null && names.References.Add(at);)
        {
            at = _actors.GetValueOrDefault(at)?.PartOf;
        }
    }

    private Names AddGroups(Names names, long now)
    {
        long until = long.MaxValue;
        var open = new Queue<string>(names.References);
        while (open.TryDequeue(out string? member))
        {
            foreach (string group in _groupsOf.GetValueOrDefault(member) ?? [])
            {
                foreach (Membership membership in _actors[group].Members)
                {
                    if (membership.Member != member)
                    {
                        continue;
                    }

                    bool isIn = membership.From <= now && now < membership.Until;
                    long change = now < membership.From ? membership.From : isIn ? membership.Until : long.MaxValue;
                    until = Math.Min(until, change);
                    if (isIn && names.References.Add(group))
                    {
                        open.Enqueue(group);
                    }
                }
            }
        }

        return names with { Until = until };
    }
}
