namespace HealthChain.FhirServer.GraphQl;

/// <summary>Where in the text something stands, counted from 1.</summary>
internal readonly record struct Location(int Line, int Column);

/// <summary>A request in the GraphQL language: https://spec.graphql.org/October2021/#sec-Document</summary>
internal sealed record GraphQlDocument(IReadOnlyList<GraphQlOperation> Operations, IReadOnlyDictionary<string, FragmentDefinition> Fragments);

/// <param name="Kind"><c>query</c>, <c>mutation</c> or <c>subscription</c>.</param>
internal sealed record GraphQlOperation(string Kind, string? Name, IReadOnlyList<VariableDefinition> Variables, IReadOnlyList<Directive> Directives, IReadOnlyList<Selection> Selections);

internal sealed record VariableDefinition(string Name, bool IsRequired, GraphQlValue? Default);

internal sealed record FragmentDefinition(string Name, string Type, IReadOnlyList<Directive> Directives, IReadOnlyList<Selection> Selections);

internal abstract record Selection(IReadOnlyList<Directive> Directives, Location Location);

/// <param name="Alias">The name in the answer; null for that of the field.</param>
internal sealed record Field(
    string? Alias, string Name, IReadOnlyList<Argument> Arguments, IReadOnlyList<Directive> Directives, IReadOnlyList<Selection> Selections, Location Location)
    : Selection(Directives, Location)
{
    public string Key => Alias ?? Name;

    public bool Has(string directive) => Directives.Any(candidate => candidate.Name == directive);
}

internal sealed record FragmentSpread(string Name, IReadOnlyList<Directive> Directives, Location Location) : Selection(Directives, Location);

/// <param name="Type">Null when it applies to whatever type.</param>
internal sealed record InlineFragment(string? Type, IReadOnlyList<Directive> Directives, IReadOnlyList<Selection> Selections, Location Location) : Selection(Directives, Location);

internal sealed record Directive(string Name, IReadOnlyList<Argument> Arguments, Location Location);

internal sealed record Argument(string Name, GraphQlValue Value);

internal abstract record GraphQlValue;

/// <summary>A number, a string, true, false, or a name (an enum value): FHIR's arguments are texts whatever they look like.</summary>
/// <param name="IsString">Whether it stood between quotes.</param>
internal sealed record TextValue(string Text, bool IsString) : GraphQlValue;

internal sealed record NullValue : GraphQlValue;

internal sealed record VariableValue(string Name) : GraphQlValue;

internal sealed record ListValue(IReadOnlyList<GraphQlValue> Items) : GraphQlValue;

internal sealed record ObjectValue(IReadOnlyList<Argument> Members) : GraphQlValue;

/// <summary>What a request may ask for at most.</summary>
internal sealed record GraphQlLimits
{
    public static GraphQlLimits Default { get; } = new();

    public int MaxLength { get; init; } = 64 * 1024;

    /// <summary>How deep selections and values may nest, fragments counted where they are used.</summary>
    public int MaxDepth { get; init; } = 24;

    /// <summary>Fields in the answer, counted over all resources.</summary>
    public int MaxFields { get; init; } = 200_000;

    /// <summary>References resolved.</summary>
    public int MaxReads { get; init; } = 2_000;

    public int MaxSearches { get; init; } = 200;

    /// <summary>What may be told of the schema; the whole of it takes about half.</summary>
    public int MaxIntrospected { get; init; } = 2_000_000;

    /// <summary>Most resources of one list; a connection gives more, page by page.</summary>
    public int MaxListed { get; init; } = 1_000;
}
