using System.Collections.Concurrent;

namespace HealthChain.Fhir.Definitions;

/// <summary>The generated snapshots of one <see cref="DefinitionSet"/>, each made when first asked for.</summary>
internal sealed class SnapshotCache
{
    private readonly ConcurrentDictionary<StructureDefinition, SnapshotResult> _results = new(ReferenceEqualityComparer.Instance);

    public IEnumerable<Issue> Issues => _results.Values.SelectMany(result => result.Issues);

    /// <summary>The structure with a snapshot, made by that generator when it has none.</summary>
    public StructureDefinition Complete(StructureDefinition structure, SnapshotGenerator generator)
    {
        if (structure.Snapshot.Count > 0 || structure.Differential.Count == 0)
        {
            return structure;
        }

        // Two threads may generate the same snapshot; all get the one that was stored first.
        SnapshotResult result = _results.TryGetValue(structure, out SnapshotResult? known)
            ? known
            : _results.GetOrAdd(structure, generator.Generate(structure));
        return result.Structure;
    }
}
