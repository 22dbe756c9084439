using System.Collections.Frozen;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations;

/// <summary>All operations of the server by name.</summary>
internal sealed class OperationTable(IEnumerable<IOperation> operations)
{
    private readonly FrozenDictionary<string, IOperation> _byName = operations.ToFrozenDictionary(operation => operation.Name);

    public IReadOnlyList<IOperation> All => _byName.Values;

    /// <summary>The operation that may be called there with that verb: GET only where nothing changes.</summary>
    public IOperation? Find(in RequestTarget target, HttpVerb verb)
    {
        if (!_byName.TryGetValue(target.Name!, out IOperation? operation)
            || (operation.Levels & LevelOf(target)) == 0
            || (target.Type is { } type && operation.Types.Count > 0 && !operation.Types.Contains(type.Name)))
        {
            return null;
        }

        return verb == HttpVerb.Post || (verb is HttpVerb.Get or HttpVerb.Head && !operation.AffectsState) ? operation : null;
    }

    private static OperationLevels LevelOf(in RequestTarget target) => target switch
    {
        { Version: not null } => OperationLevels.Version,
        { Id: not null } => OperationLevels.Instance,
        { Type: not null } => OperationLevels.Type,
        _ => OperationLevels.System,
    };
}
