using System.Collections.Concurrent;

namespace HealthChain.Fhir.Definitions;

/// <summary>The generated snapshots of one <see cref="DefinitionSet"/>, each made when first asked for.</summary>
internal sealed class SnapshotCache
{
    private readonly ConcurrentDictionary<StructureDefinition, SnapshotResult> _results = new(ReferenceEqualityComparer.Instance);

    public IEnumerable<Issue> Issues => _results.Values.SelectMany(result => result.Issues);

    /// <summary>The structure with a snapshot, which that generator makes if nobody did before.</summary>
    public StructureDefinition Complete(StructureDefinition structure, SnapshotGenerator generator)
    {
        // Two threads may generate the same snapshot; all get the one that was stored first.
        SnapshotResult result = _results.TryGetValue(structure, out SnapshotResult? known)
            ? known
            : _results.GetOrAdd(structure, generator.Generate(structure));
        return result.Structure;
    }
}
