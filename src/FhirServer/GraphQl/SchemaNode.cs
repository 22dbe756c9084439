namespace HealthChain.FhirServer.GraphQl;

/// <summary>
/// What introspection shows: an object with fields whose values are texts, truth values, further nodes, lists of these, or null.
/// https://spec.graphql.org/October2021/#sec-Schema-Introspection
/// </summary>
internal abstract class SchemaNode(string type)
{
    /// <summary>The name of its type, by which fragments choose: <c>__Type</c>.</summary>
    public string Type { get; } = type;

    /// <summary>The value of a field; <see cref="Unknown"/> when the type has none of that name.</summary>
    public abstract object? Get(string field);

    public static object Unknown { get; } = new();
}

/// <summary><c>__Schema</c></summary>
internal sealed class RootNode(SchemaTypes types, TypeNode query) : SchemaNode("__Schema")
{
    public override object? Get(string field) => field switch
    {
        "description" => "FHIR R4: https://hl7.org/fhir/R4/graphql.html",
        "types" => types.All,
        "queryType" => query,
        "mutationType" or "subscriptionType" => null,
        "directives" => SchemaTypes.Directives,
        _ => Unknown,
    };
}

/// <summary><c>__Type</c>: a named type, or a list or non-null around another.</summary>
/// <param name="fields">Fields, or input fields; null for types without.</param>
internal sealed class TypeNode(string kind, string? name, Func<string?>? describe = null, Func<IReadOnlyList<FieldNode>>? fields = null) : SchemaNode("__Type")
{
    public string? Name => name;

    public TypeNode? OfType { get; private init; }

    public IReadOnlyList<TypeNode> Interfaces { get; init; } = [];

    public Func<IReadOnlyList<TypeNode>>? PossibleTypes { get; init; }

    public IReadOnlyList<string> EnumValues { get; init; } = [];

    public TypeNode NonNull() => new("NON_NULL", null) { OfType = this };

    public TypeNode List() => new("LIST", null) { OfType = this };

    public override object? Get(string field) => field switch
    {
        "kind" => kind,
        "name" => name,
        "description" => describe?.Invoke(),
        "fields" => fields?.Invoke(),
        "interfaces" => kind is "OBJECT" or "INTERFACE" ? Interfaces : null,
        "possibleTypes" => PossibleTypes?.Invoke(),
        "enumValues" => kind == "ENUM" ? EnumValues.Select(value => new NamedNode("__EnumValue", value)).ToArray() : null,
        "inputFields" or "specifiedByURL" => null,
        "ofType" => OfType,
        _ => Unknown,
    };
}

/// <summary><c>__Field</c></summary>
internal sealed class FieldNode(string name, TypeNode type, IReadOnlyList<InputNode>? arguments = null, Func<string?>? describe = null) : SchemaNode("__Field")
{
    public override object? Get(string field) => field switch
    {
        "name" => name,
        "description" => describe?.Invoke(),
        "args" => arguments ?? [],
        "type" => type,
        "isDeprecated" => false,
        "deprecationReason" => null,
        _ => Unknown,
    };
}

/// <summary><c>__InputValue</c></summary>
internal sealed class InputNode(string name, TypeNode type, string? description = null) : SchemaNode("__InputValue")
{
    public override object? Get(string field) => field switch
    {
        "name" => name,
        "description" => description,
        "type" => type,
        "defaultValue" => null,
        "isDeprecated" => false,
        "deprecationReason" => null,
        _ => Unknown,
    };
}

/// <summary><c>__EnumValue</c>, which has a name alone here.</summary>
internal sealed class NamedNode(string type, string name) : SchemaNode(type)
{
    public override object? Get(string field) => field switch
    {
        "name" => name,
        "description" or "deprecationReason" => null,
        "isDeprecated" => false,
        _ => Unknown,
    };
}

/// <summary><c>__Directive</c></summary>
internal sealed class DirectiveNode(string name, string description, IReadOnlyList<string> locations, IReadOnlyList<InputNode> arguments) : SchemaNode("__Directive")
{
    public override object? Get(string field) => field switch
    {
        "name" => name,
        "description" => description,
        "locations" => locations,
        "args" => arguments,
        "isRepeatable" => false,
        _ => Unknown,
    };
}
