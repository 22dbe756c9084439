namespace HealthChain.Fhir.Definitions;

/// <summary>The sorts of definitions that the core works with.</summary>
public enum DefinitionKind : byte
{
    StructureDefinition,
    ValueSet,
    CodeSystem,
    ConceptMap,
    SearchParameter,
    OperationDefinition,
    CompartmentDefinition,
    NamingSystem,
}

/// <summary>What all definitions have in common.</summary>
public interface IDefinition
{
    DefinitionKind Kind { get; }

    /// <summary>The canonical without a version; null for naming systems, which have none in R4.</summary>
    string? Url { get; }

    string? Version { get; }

    /// <summary>Further names under which it is found, such as <c>urn:oid:2.16.840.1.113883.6.1</c> or a compartment's code.</summary>
    IEnumerable<string> Aliases { get; }
}

/// <summary>Something that definitions come from: one package, compiled into this assembly or read from a folder.</summary>
/// <remarks>Immutable and safe to share. Each definition is decoded when first asked for and then kept.</remarks>
public interface IDefinitionSource
{
    /// <summary>The definitions of one kind in the order of the package.</summary>
    IEnumerable<IDefinition> All(DefinitionKind kind);

    /// <summary>The definitions of one kind with that url or alias: several when the package holds several versions.</summary>
    IEnumerable<IDefinition> Find(DefinitionKind kind, string name);
}
