using System.Collections.Concurrent;

namespace HealthChain.Consent.Rules;

/// <summary>
/// The consents of a patient whose word depends on the resource. A few are asked one by one; of many, what they say of a type is worked out when it is first
/// asked for. Thread-safe.
/// </summary>
internal sealed class DependingConsents
{
    private const int Many = 16;

    private readonly ResidualConsent[] _consents;
    private readonly ConcurrentDictionary<string, TypeConsents>? _byType;

    /// <param name="hasKeys">Whether their terms have keys.</param>
    public DependingConsents(IReadOnlyCollection<ResidualConsent> consents, bool hasKeys)
    {
        _consents = [.. consents];
        _byType = hasKeys && consents.Count >= Many ? new ConcurrentDictionary<string, TypeConsents>(StringComparer.Ordinal) : null;
    }

    public bool IsNone => _consents.Length == 0;

    /// <summary>What they say, or <paramref name="known"/> where that is higher.</summary>
    public Verdict Judge<T>(in T facts, Verdict known)
        where T : IResourceFacts, allows ref struct
    {
        if (_byType is null)
        {
            return ResidualConsent.Judge(_consents, facts, known);
        }

        // There are no more of these than types.
        string type = facts.Type;
        return (_byType.TryGetValue(type, out TypeConsents? consents) ? consents : _byType.GetOrAdd(type, new TypeConsents(_consents, type))).Judge(facts, known);
    }
}
