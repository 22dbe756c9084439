using System.Collections.Concurrent;
using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// To what the resources refer that consents name together with all that is related to them: https://hl7.org/fhir/R4/valueset-consent-data-meaning.html.
/// Those are few, so what they refer to is kept in memory. Thread-safe.
/// </summary>
internal sealed class RelatedInstances(Vocabulary vocabulary, string? serverBase)
{
    private readonly ConcurrentDictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _generation;

    /// <summary>Another number once one of them refers to something else.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <param name="reference">Such as <c>CarePlan/7</c>.</param>
    public IReadOnlyCollection<string> ReferencesOf(string reference) => _instances.GetValueOrDefault(reference, Instance.Unread).References;

    /// <summary>Takes note of those that a consent names; from now on commits tell of them.</summary>
    /// <returns>Those that are to be read, since it is not known to what they refer.</returns>
    public IEnumerable<ResourceKey> Note(IReadOnlyCollection<string> named)
    {
        foreach (string reference in named)
        {
            if (reference.Split('/') is [var type, var id] && ResourceTypes.Find(type) is not null && _instances.GetOrAdd(reference, Instance.Unread).Sequence == 0)
            {
                yield return new ResourceKey(type, id);
            }
        }
    }

    /// <summary>Takes note of a version, if there is one and consents name its resource so.</summary>
    public void Apply(StoredVersion? version)
    {
        if (version is null || _instances.IsEmpty || !_instances.ContainsKey(version.Key.ToString()))
        {
            return;
        }

        IReadOnlyCollection<string> references = version.IsDeleted ? [] : [.. new ElementFacts(FhirJson.Read(version.Json).Root, vocabulary, serverBase).References];
        Set(version.Key.ToString(), new Instance(version.Sequence, references), before => before.Sequence < version.Sequence);
    }

    /// <summary>Forgets to what those refer that were erased.</summary>
    public void Forget(Predicate<string> isErased)
    {
        foreach (string reference in _instances.Keys)
        {
            if (isErased(reference))
            {
                Set(reference, Instance.Unread, _ => true);
            }
        }
    }

    private void Set(string reference, Instance now, Predicate<Instance> isBehind)
    {
        lock (_lock)
        {
            Instance before = _instances[reference];
            if (isBehind(before))
            {
                _instances[reference] = now;
                Volatile.Write(ref _generation, now.References.ToHashSet().SetEquals(before.References) ? _generation : _generation + 1);
            }
        }
    }

    /// <param name="Sequence">Place of the version in the order of all commits.</param>
    private sealed record Instance(long Sequence, IReadOnlyCollection<string> References)
    {
        public static Instance Unread { get; } = new(0, []);
    }
}
