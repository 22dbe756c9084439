using System.Collections.Concurrent;
using System.Collections.Frozen;
using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// To what the resources refer that consents name together with all that is related to them: https://hl7.org/fhir/R4/valueset-consent-data-meaning.html.
/// Those are few, so what they refer to is kept in memory. Thread-safe.
/// </summary>
internal sealed class RelatedInstances(IResourceStore store, Vocabulary vocabulary, string? serverBase)
{
    private static readonly AccessScope Scope = AccessScope.System("what is related to what consents name");

    private readonly ConcurrentDictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _generation;

    /// <summary>Another number once one of them refers to something else.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <param name="reference">Such as <c>CarePlan/7</c>.</param>
    public IReadOnlyCollection<string> ReferencesOf(string reference) => _instances.GetValueOrDefault(reference, Instance.Unread).References;

    /// <summary>Looks up those that a consent names, unless it is known what they refer to.</summary>
    public async ValueTask NoteAsync(IReadOnlyCollection<string> named, CancellationToken cancellationToken)
    {
        foreach (string reference in named)
        {
            // From now on commits tell of it, so nothing is missed while it is read.
            if (reference.Split('/') is [var type, var id] && ResourceTypes.Find(type) is not null
                && _instances.GetOrAdd(reference, Instance.Unread).Sequence == 0
                && await store.ReadAsync(Scope, new ResourceKey(type, id), cancellationToken) is { } version)
            {
                Apply(version);
            }
        }
    }

    /// <summary>Takes note of a version, if consents name its resource so.</summary>
    public void Apply(StoredVersion version)
    {
        if (_instances.IsEmpty || !_instances.ContainsKey(version.Key.ToString()))
        {
            return;
        }

        FrozenSet<string> references = version.IsDeleted ? [] : [.. new ElementFacts(FhirJson.Read(version.Json).Root, vocabulary, serverBase).References];
        lock (_lock)
        {
            Instance before = _instances[version.Key.ToString()];
            if (before.Sequence < version.Sequence)
            {
                _instances[version.Key.ToString()] = new Instance(version.Sequence, references);
                Volatile.Write(ref _generation, references.SetEquals(before.References) ? _generation : _generation + 1);
            }
        }
    }

    /// <param name="Sequence">Place of the version in the order of all commits.</param>
    private sealed record Instance(long Sequence, IReadOnlyCollection<string> References)
    {
        public static Instance Unread { get; } = new(0, []);
    }
}
