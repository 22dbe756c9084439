using System.Collections.Frozen;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations;

/// <summary>All operations of the server by name. Several may share one, as <c>$everything</c> of Patient and of Encounter do.</summary>
internal sealed class OperationTable(IEnumerable<IOperation> operations)
{
    private readonly FrozenDictionary<string, IOperation[]> _byName =
        operations.GroupBy(operation => operation.Name).ToFrozenDictionary(group => group.Key, group => group.ToArray());

    public IReadOnlyList<IOperation> All { get; } = [.. operations];

    /// <summary>The operation that may be called there with that verb: GET only where nothing changes.</summary>
    public IOperation? Find(in RequestTarget target, HttpVerb verb)
    {
        foreach (IOperation operation in _byName.GetValueOrDefault(target.Name!, []))
        {
            if (IsOffered(operation, target) && (verb == HttpVerb.Post || (verb is HttpVerb.Get or HttpVerb.Head && !operation.AffectsState)))
            {
                return operation;
            }
        }

        return null;
    }

    private static bool IsOffered(IOperation operation, in RequestTarget target) =>
        (operation.Levels & LevelOf(target)) != 0
        && (target.Type is not { } type || operation.Types.Count == 0 || operation.Types.Contains(type.Name));

    private static OperationLevels LevelOf(in RequestTarget target) => target switch
    {
        { Version: not null } => OperationLevels.Version,
        { Id: not null } => OperationLevels.Instance,
        { Type: not null } => OperationLevels.Type,
        _ => OperationLevels.System,
    };
}
