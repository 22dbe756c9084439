namespace HealthChain.Fhir.Definitions;

/// <summary>A structure with its snapshot, and what was wrong with its differential; the snapshot is as complete as the faults allow.</summary>
public sealed record SnapshotResult(StructureDefinition Structure, IReadOnlyList<Issue> Issues);

/// <summary>
/// Makes snapshots: applies a structure's differential to the snapshot of its base (https://hl7.org/fhir/R4/profiling.html#snapshot).
/// Elements of data types are unfolded where the differential goes into them.
/// </summary>
/// <remarks>For one structure and those that it builds on; not shared between threads.</remarks>
public sealed class SnapshotGenerator
{
    private readonly DefinitionSet _definitions;
    private readonly HashSet<StructureDefinition> _inProgress = new(ReferenceEqualityComparer.Instance);

    public SnapshotGenerator(DefinitionSet definitions) => _definitions = definitions;

    /// <summary>The structure with a snapshot made from its differential, whether or not it has one already.</summary>
    public SnapshotResult Generate(StructureDefinition structure)
    {
        if (!_inProgress.Add(structure))
        {
            return Failed(structure, $"{structure} builds on itself, directly or through its base or its types.");
        }

        try
        {
            return Build(structure);
        }
        finally
        {
            _inProgress.Remove(structure);
        }
    }

    /// <summary>A structure with its snapshot, which is generated when it is missing; null when it is unknown.</summary>
    internal StructureDefinition? Resolve(string canonical) => _definitions.Structure(canonical, this);

    private SnapshotResult Build(StructureDefinition structure)
    {
        SnapshotNode? changes = SnapshotNode.Tree(structure.Differential);
        SnapshotNode root;
        if (structure.BaseDefinition is null)
        {
            root = new SnapshotNode(RootName(structure), null, RootName(structure));
        }
        else if (Resolve(structure.BaseDefinition) is not { } baseStructure)
        {
            return Failed(structure, $"{structure} cannot be used: its base {structure.BaseDefinition} is not among the loaded definitions.");
        }
        else if (SnapshotNode.Tree(baseStructure.Snapshot) is not { } baseTree)
        {
            return Failed(structure, $"{structure} cannot be used: no snapshot could be made for its base {baseStructure}.");
        }
        else
        {
            root = structure.IsConstraint ? baseTree : baseTree.Copy(RootName(structure), null);
        }

        var merge = new SnapshotMerge(structure, this);
        if (changes is not null)
        {
            merge.Apply(changes, root);
        }

        var elements = new List<ElementDefinition>();
        root.WriteTo(elements);
        return new SnapshotResult(structure with { Snapshot = elements }, merge.Issues);
    }

    private static SnapshotResult Failed(StructureDefinition structure, string message) =>
        new(structure, [Issue.Error(IssueType.Processing, message, "StructureDefinition.baseDefinition", structure.Url)]);

    // Paths of logical models start with the last part of their type, which is a url.
    private static string RootName(StructureDefinition structure) => structure.Type[(structure.Type.LastIndexOf('/') + 1)..];
}
