namespace HealthChain.Fhir.Definitions;

/// <summary>How much of a code system a definition holds (CodeSystem.content).</summary>
public enum CodeSystemContent : byte
{
    NotPresent,
    Example,
    Fragment,
    Complete,
    Supplement,
}

/// <summary>The part of a CodeSystem that terminology work needs.</summary>
public sealed record CodeSystem : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public string? Name { get; init; }
    public string? Title { get; init; }
    public string? Status { get; init; }
    public bool IsExperimental { get; init; }

    /// <summary>FHIR's default when absent is unknown; then codes are compared with case.</summary>
    public bool IsCaseSensitive { get; init; } = true;

    public CodeSystemContent Content { get; init; }

    /// <summary>CodeSystem.hierarchyMeaning; <c>is-a</c> where concepts nest and nothing is said.</summary>
    public string? HierarchyMeaning { get; init; }

    /// <summary>Canonical of the value set of all its codes.</summary>
    public string? ValueSet { get; init; }

    /// <summary>For supplements: canonical of the code system it adds to.</summary>
    public string? Supplements { get; init; }

    public string? Language { get; init; }
    public IReadOnlyList<PropertyDefinition> Properties { get; init; } = [];
    public IReadOnlyList<FilterDefinition> Filters { get; init; } = [];

    /// <summary>Identifiers such as <c>urn:oid:2.16.840.1.113883.6.96</c>.</summary>
    public IReadOnlyList<string> Identifiers { get; init; } = [];

    /// <summary>Every concept, depth first; the hierarchy is in <see cref="Concept.Parent"/>.</summary>
    public IReadOnlyList<Concept> Concepts { get; init; } = [];

    DefinitionKind IDefinition.Kind => DefinitionKind.CodeSystem;
    IEnumerable<string> IDefinition.Aliases => Identifiers;

    public override string ToString() => Version is null ? Url : $"{Url}|{Version}";
}

/// <param name="Parent">Index in <see cref="CodeSystem.Concepts"/> of the concept it is nested in, or -1.</param>
public sealed record Concept(string Code, string? Display, string? Definition, int Parent)
{
    public IReadOnlyList<Designation> Designations { get; init; } = [];
    public IReadOnlyList<ConceptProperty> Properties { get; init; } = [];
}

public sealed record Designation(string? Language, Coding? Use, string Value);

/// <param name="Type"><c>code</c>, <c>Coding</c>, <c>string</c>, <c>integer</c>, <c>boolean</c>, <c>dateTime</c> or <c>decimal</c>.</param>
public sealed record ConceptProperty(string Code, string Type, string Value, Coding? Coding = null);

public sealed record PropertyDefinition(string Code, string? Uri, string? Description, string Type);

public sealed record FilterDefinition(string Code, IReadOnlyList<string> Operators, string? Value);

/// <summary>A code in a system, as definitions and terminology answers use it.</summary>
public sealed record Coding(string? System, string? Code, string? Display = null, string? Version = null);

/// <summary>The part of a ValueSet that terminology work needs.</summary>
public sealed record ValueSet : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public string? Name { get; init; }
    public string? Title { get; init; }
    public string? Status { get; init; }
    public bool IsExperimental { get; init; }

    /// <summary>Identifiers such as <c>urn:oid:2.16.840.1.113883.4.642.3.1</c>.</summary>
    public IReadOnlyList<string> Identifiers { get; init; } = [];

    public bool HasCompose { get; init; }

    /// <summary>compose.inactive: whether inactive codes belong to it; null when not said.</summary>
    public bool? IncludesInactive { get; init; }

    public IReadOnlyList<ConceptSet> Includes { get; init; } = [];
    public IReadOnlyList<ConceptSet> Excludes { get; init; } = [];

    /// <summary>The stored expansion, flattened; null when the resource has none.</summary>
    public IReadOnlyList<ExpansionConcept>? Expansion { get; init; }

    /// <summary>expansion.total when the stored expansion is only a page of it.</summary>
    public int? ExpansionTotal { get; init; }

    DefinitionKind IDefinition.Kind => DefinitionKind.ValueSet;
    IEnumerable<string> IDefinition.Aliases => Identifiers;

    public override string ToString() => Version is null ? Url : $"{Url}|{Version}";
}

/// <summary>One include or exclude of a value set.</summary>
public sealed record ConceptSet(
    string? System,
    string? Version,
    IReadOnlyList<ConceptReference> Concepts,
    IReadOnlyList<ConceptFilter> Filters,
    IReadOnlyList<string> ValueSets);

public sealed record ConceptReference(string Code, string? Display, IReadOnlyList<Designation> Designations);

/// <param name="Operator"><c>=</c>, <c>is-a</c>, <c>descendent-of</c>, <c>is-not-a</c>, <c>regex</c>, <c>in</c>, <c>not-in</c>, <c>generalizes</c>, <c>exists</c>.</param>
public readonly record struct ConceptFilter(string Property, string Operator, string Value);

/// <param name="Parent">Index in the expansion of the entry that contains it, or -1.</param>
public sealed record ExpansionConcept(string? System, string? Version, string? Code, string? Display, bool IsAbstract, bool IsInactive, int Parent)
{
    public IReadOnlyList<Designation> Designations { get; init; } = [];
}

/// <summary>The part of a ConceptMap that $translate needs.</summary>
public sealed record ConceptMap : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public string? Name { get; init; }
    public string? Status { get; init; }

    /// <summary>Canonicals of the value sets it maps from and to.</summary>
    public string? Source { get; init; }

    public string? Target { get; init; }
    public IReadOnlyList<ConceptMapGroup> Groups { get; init; } = [];

    DefinitionKind IDefinition.Kind => DefinitionKind.ConceptMap;
    IEnumerable<string> IDefinition.Aliases => [];
}

public sealed record ConceptMapGroup(
    string? Source,
    string? SourceVersion,
    string? Target,
    string? TargetVersion,
    IReadOnlyList<ConceptMapElement> Elements,
    ConceptMapUnmapped? Unmapped);

public sealed record ConceptMapElement(string? Code, string? Display, IReadOnlyList<ConceptMapTarget> Targets);

public sealed record ConceptMapTarget(
    string? Code,
    string? Display,
    string Equivalence,
    string? Comment,
    IReadOnlyList<ConceptMapDependency> DependsOn,
    IReadOnlyList<ConceptMapDependency> Products);

public sealed record ConceptMapDependency(string Property, string? System, string Value, string? Display);

/// <param name="Mode"><c>provided</c>, <c>fixed</c> or <c>other-map</c>.</param>
public sealed record ConceptMapUnmapped(string Mode, string? Code, string? Display, string? Url);

/// <summary>Names one thing has in several worlds, such as a code system's url and OID.</summary>
/// <param name="Use">What it names: <c>codesystem</c>, <c>identifier</c> or <c>root</c>.</param>
public sealed record NamingSystem(string? Url, string Name, string Use, IReadOnlyList<NamingSystemId> Ids) : IDefinition
{
    DefinitionKind IDefinition.Kind => DefinitionKind.NamingSystem;
    string? IDefinition.Version => null;
    IEnumerable<string> IDefinition.Aliases => Ids.Select(id => id.Uri);

    /// <summary>The uri that systems should use: the preferred one, or else the first; null when it has none.</summary>
    public string? PreferredUri =>
        Ids.Where(id => id.Kind == "uri").OrderByDescending(id => id.IsPreferred).Select(id => id.Value).FirstOrDefault();
}

/// <param name="Kind"><c>oid</c>, <c>uuid</c>, <c>uri</c> or <c>other</c>.</param>
public readonly record struct NamingSystemId(string Kind, string Value, bool IsPreferred)
{
    /// <summary>The name as a <c>Coding.system</c> would have it: OIDs and UUIDs with their urn prefix.</summary>
    public string Uri => Kind switch
    {
        "oid" when !Value.StartsWith("urn:", StringComparison.Ordinal) => "urn:oid:" + Value,
        "uuid" when !Value.StartsWith("urn:", StringComparison.Ordinal) => "urn:uuid:" + Value,
        _ => Value,
    };
}
