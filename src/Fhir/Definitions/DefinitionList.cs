namespace HealthChain.Fhir.Definitions;

/// <summary>Definitions in memory, such as profiles that were stored on a server.</summary>
public sealed class DefinitionList : IDefinitionSource
{
    private readonly ILookup<DefinitionKind, IDefinition> _byKind;
    private readonly ILookup<(DefinitionKind, string), IDefinition> _byName;

    public DefinitionList(IReadOnlyList<IDefinition> definitions)
    {
        _byKind = definitions.ToLookup(definition => definition.Kind);
        _byName = definitions
            .SelectMany(definition => DefinitionBinary.NamesOf(definition).Distinct(), (definition, name) => (definition, name))
            .ToLookup(pair => (pair.definition.Kind, pair.name), pair => pair.definition);
    }

    public IEnumerable<IDefinition> All(DefinitionKind kind) => _byKind[kind];

    public IEnumerable<IDefinition> Find(DefinitionKind kind, string name) => _byName[(kind, name)];
}
