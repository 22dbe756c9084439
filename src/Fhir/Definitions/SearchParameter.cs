namespace HealthChain.Fhir.Definitions;

public enum SearchParameterType : byte
{
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// <summary>A SearchParameter as the specification or a package defines it.</summary>
public sealed record SearchParameter : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public string? Status { get; init; }

    /// <summary>The name in a query: <c>birthdate</c>.</summary>
    public required string Code { get; init; }

    /// <summary>Resource types it applies to; may be abstract (<c>Resource</c>, <c>DomainResource</c>).</summary>
    public required IReadOnlyList<string> Bases { get; init; }

    public required SearchParameterType Type { get; init; }
    public string? Expression { get; init; }
    public string? XPathUsage { get; init; }

    /// <summary>For references: the resource types that may be pointed at.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    public bool? MultipleOr { get; init; }
    public bool? MultipleAnd { get; init; }
    public IReadOnlyList<string> Comparators { get; init; } = [];
    public IReadOnlyList<string> Modifiers { get; init; } = [];
    public IReadOnlyList<string> Chains { get; init; } = [];
    public IReadOnlyList<SearchParameterComponent> Components { get; init; } = [];

    DefinitionKind IDefinition.Kind => DefinitionKind.SearchParameter;
    IEnumerable<string> IDefinition.Aliases => [];

    public override string ToString() => Url;
}

/// <param name="Definition">Canonical of the parameter that the part behaves like.</param>
/// <param name="Expression">FHIRPath relative to each item of the composite's own expression.</param>
public readonly record struct SearchParameterComponent(string Definition, string Expression);

/// <summary>Which resources belong to whom, and through which search parameters.</summary>
/// <param name="Code">The type of resource at its heart: <c>Patient</c>.</param>
public sealed record CompartmentDefinition(string Url, string? Version, string Code, IReadOnlyList<CompartmentResource> Resources) : IDefinition
{
    DefinitionKind IDefinition.Kind => DefinitionKind.CompartmentDefinition;
    IEnumerable<string> IDefinition.Aliases => [Code];
}

/// <param name="Type">Resource type.</param>
/// <param name="Parameters">Codes of reference parameters (or <c>{def}</c>) that link it to the compartment; empty when it is not in it.</param>
public sealed record CompartmentResource(string Type, IReadOnlyList<string> Parameters);

/// <summary>An operation as the specification defines it.</summary>
public sealed record OperationDefinition : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public required string Name { get; init; }
    public required string Code { get; init; }

    /// <summary><c>operation</c>, or <c>query</c> for a named query.</summary>
    public string? OperationKind { get; init; }

    public bool? AffectsState { get; init; }
    public IReadOnlyList<string> ResourceTypes { get; init; } = [];
    public bool OnSystem { get; init; }
    public bool OnType { get; init; }
    public bool OnInstance { get; init; }
    public IReadOnlyList<OperationParameter> Parameters { get; init; } = [];

    DefinitionKind IDefinition.Kind => DefinitionKind.OperationDefinition;
    IEnumerable<string> IDefinition.Aliases => [];
}

public sealed record OperationParameter(
    string Name,
    bool IsInput,
    int Min,
    int Max,
    string? Type,
    string? SearchType,
    IReadOnlyList<string> TargetProfiles,
    Binding? Binding,
    IReadOnlyList<OperationParameter> Parts);
