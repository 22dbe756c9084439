using System.Collections.Frozen;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Definitions;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>
/// The types of the GraphQL schema, made from FHIR's definitions and from the search parameters that are served:
/// https://hl7.org/fhir/R4/graphql.html#schema. Fields are made whenever they are asked for, so that what is kept are the names alone.
/// </summary>
internal sealed class SchemaTypes
{
    private static readonly TypeNode Text = new("SCALAR", "String");
    private static readonly TypeNode Number = new("SCALAR", "Int");
    private static readonly TypeNode Flag = new("SCALAR", "Boolean");

    private static readonly InputNode[] Common =
        [new("_count", Number), new("_sort", Text), new("fhirpath", Text, "Only resources of the page for which it is true.")];

    private readonly SearchParameterSet _parameters;
    private readonly DefinitionSet _definitions;
    private readonly Lazy<FrozenDictionary<string, TypeNode>> _byName;
    private readonly Lazy<ILookup<TypeSchema, TypeSchema>> _pointers;

    public SchemaTypes(SearchParameterSet parameters, DefinitionSet definitions)
    {
        _parameters = parameters;
        _definitions = definitions;
        _byName = new(() => Make().ToFrozenDictionary(type => type.Name!));
        _pointers = new(() => ResourceTypes.All
            .SelectMany(source => parameters.Of(source).Where(parameter => parameter is { Type: SearchParameterType.Reference, IsExtracted: true })
                .SelectMany(parameter => parameter.Targets).Distinct().Select(target => (Source: source, Target: target)))
            .ToLookup(pair => pair.Target, pair => pair.Source));
    }

    public IReadOnlyList<TypeNode> All => _byName.Value.Values;

    public static IReadOnlyList<DirectiveNode> Directives { get; } =
    [
        Directive("include", "Only if the condition holds.", ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"], new InputNode("if", Flag.NonNull())),
        Directive("skip", "Not if the condition holds.", ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"], new InputNode("if", Flag.NonNull())),
        Directive("flatten", "The fields take the place of the element.", ["FIELD"]),
        Directive("first", "Only the first of the elements.", ["FIELD"]),
        Directive("singleton", "There is at most one, so it is no list.", ["FIELD"]),
        Directive("slice", "The value of a FHIRPath expression goes into the name.", ["FIELD"], new InputNode("path", Text.NonNull())),
    ];

    /// <summary>The type of that name; null when there is none.</summary>
    public TypeNode? Find(string name) => _byName.Value.GetValueOrDefault(name);

    /// <summary>The name of a type: <c>PatientContact</c> for <c>Patient.contact</c>.</summary>
    public static string NameOf(TypeSchema type) => type.Primitive switch
    {
        PrimitiveKind.Boolean => "Boolean",
        PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt => "Int",
        PrimitiveKind.String => "String",
        _ => type.Name.Contains('.', StringComparison.Ordinal) ? string.Concat(type.Name.Split('.').Select(part => char.ToUpperInvariant(part[0]) + part[1..])) : type.Name,
    };

    private static DirectiveNode Directive(string name, string description, string[] locations, params InputNode[] arguments) => new(name, description, locations, arguments);

    private IEnumerable<TypeNode> Make()
    {
        yield return Text;
        yield return Number;
        yield return Flag;
        yield return new TypeNode("OBJECT", "Query", null, QueryFields);
        foreach (TypeNode type in MetaTypes())
        {
            yield return type;
        }

        var resource = new TypeNode("INTERFACE", "Resource", () => Describe(FhirSchema.R4.Type("Resource")!), () => Fields(FhirSchema.R4.Type("Resource")!))
        {
            PossibleTypes = () => [.. ResourceTypes.All.Select(type => Node(type))],
        };
        yield return resource;
        foreach (TypeSchema type in Reachable())
        {
            if (type.IsPrimitive)
            {
                if (NameOf(type) == type.Name)
                {
                    yield return new TypeNode("SCALAR", type.Name, () => Describe(type));
                }

                continue;
            }

            yield return new TypeNode("OBJECT", NameOf(type), () => Describe(type), () => Fields(type)) { Interfaces = type.IsResource ? [resource] : [] };
            if (type.IsResource)
            {
                yield return new TypeNode("OBJECT", type.Name + "Connection", () => $"A page of {type.Name} resources.", () => ConnectionFields(type));
                yield return new TypeNode("OBJECT", type.Name + "Edge", () => $"A {type.Name} resource on a page.", () => EdgeFields(type));
            }
        }
    }

    /// <summary>Resource types and all that they are made of.</summary>
    private static HashSet<TypeSchema> Reachable()
    {
        var reached = new HashSet<TypeSchema>();
        var waiting = new Queue<TypeSchema>([.. ResourceTypes.All, FhirSchema.R4.Type("Element")!, FhirSchema.R4.Type("decimal")!, FhirSchema.R4.Type("code")!, FhirSchema.R4.Type("id")!]);
        while (waiting.TryDequeue(out TypeSchema? type))
        {
            if (!(type.IsResource && type.IsAbstract) && reached.Add(type))
            {
                foreach (ElementType next in type.Elements.SelectMany(element => element.Types))
                {
                    waiting.Enqueue(next.Type);
                }
            }
        }

        return reached;
    }

    private TypeNode Node(TypeSchema type) => Node(type is { IsResource: true, IsAbstract: true } ? "Resource" : NameOf(type));

    private TypeNode Node(string name) => _byName.Value[name];

    private List<FieldNode> Fields(TypeSchema type)
    {
        var fields = new List<FieldNode>();
        if (type.IsResource)
        {
            fields.Add(new FieldNode("resourceType", Text));
        }

        var descriptions = new Lazy<Dictionary<string, string?>>(() => DescriptionsIn(type));
        foreach (ElementSchema element in type.Elements)
        {
            Func<string?> describe = () => descriptions.Value.GetValueOrDefault(element.Path);
            foreach (ElementType choice in element.Types)
            {
                AddElement(fields, element, choice, describe);
            }
        }

        if (type.Name == "Reference")
        {
            fields.Add(new FieldNode("resource", Node("Resource"), [new InputNode("optional", Flag, "Pass over what cannot be resolved."), new InputNode("type", Node("code"), "Only a resource of that type.")]));
        }

        // Those that may point at anything would be fields of everything, and all parameters would make the schema several times as long; asked for
        // by name both work all the same.
        foreach (TypeSchema source in _pointers.Value[type])
        {
            InputNode reference = new("_reference", Text.NonNull(), "The search parameter by which they point here.");
            fields.Add(new FieldNode(source.Name + "List", Node(source).List(), [reference, new InputNode("_filter", Text), .. Common]));
        }

        return fields;
    }

    private void AddElement(List<FieldNode> fields, ElementSchema element, ElementType choice, Func<string?> describe)
    {
        string name = Encoding.UTF8.GetString(choice.JsonName);
        TypeNode type = Node(choice.Type);
        InputNode[] arguments = element.IsList && !choice.Type.IsPrimitive ? ListArguments(choice.Type) : [];
        fields.Add(new FieldNode(name, element.IsList ? type.List() : type, arguments, describe));
        if (choice.Type.IsPrimitive && choice.Type.Primitive != PrimitiveKind.Xhtml)
        {
            fields.Add(new FieldNode("_" + name, element.IsList ? Node("Element").List() : Node("Element")));
        }
    }

    private InputNode[] ListArguments(TypeSchema type) =>
    [
        new InputNode("fhirpath", Text, "Only elements for which it is true."), new InputNode("_offset", Number), new InputNode("_count", Number),
        .. type.Elements.SelectMany(element => element.Types).Where(choice => choice.Type.IsPrimitive)
            .Select(choice => new InputNode(Encoding.UTF8.GetString(choice.JsonName), Node(choice.Type))),
    ];

    private List<FieldNode> QueryFields()
    {
        var fields = new List<FieldNode>();
        foreach (TypeSchema type in ResourceTypes.All)
        {
            InputNode[] searches = Searches(type);
            fields.Add(new FieldNode(type.Name, Node(type), [new InputNode("id", Node("id").NonNull())]));
            fields.Add(new FieldNode(type.Name + "List", Node(type).List(), searches));
            fields.Add(new FieldNode(type.Name + "Connection", Node(type.Name + "Connection"), [new InputNode("_cursor", Text, "Of another page, and then alone."), .. searches]));
        }

        return fields;
    }

    /// <summary>GraphQL has no hyphens in names.</summary>
    private InputNode[] Searches(TypeSchema type) =>
    [
        .. _parameters.Of(type).Where(parameter => ServedDefinitions.IsServed(_parameters, parameter)).OrderBy(parameter => parameter.Code, StringComparer.Ordinal)
            .Select(parameter => new InputNode(parameter.Code.Replace('-', '_'), Text.List(), parameter.Definition.Description)),
        .. Common,
    ];

    private List<FieldNode> ConnectionFields(TypeSchema type) =>
    [
        new("count", Number), new("offset", Number), new("pagesize", Number), new("edges", Node(type.Name + "Edge").List()),
        new("first", Text), new("previous", Text), new("next", Text), new("last", Text),
    ];

    private List<FieldNode> EdgeFields(TypeSchema type) => [new("mode", Node("code")), new("score", Node("decimal")), new("resource", Node(type))];

    private string? Describe(TypeSchema type) => DescriptionsIn(type).GetValueOrDefault(type.Name);

    /// <summary>What the definition of a type says of its elements in a few words, by their paths.</summary>
    private Dictionary<string, string?> DescriptionsIn(TypeSchema type) =>
        (_definitions.Type(type.Name.Split('.')[0])?.Snapshot ?? []).DistinctBy(element => element.Path).ToDictionary(element => element.Path, element => element.Short);

    /// <summary>Introspection shows its own types too; what each of their fields holds, only they say.</summary>
    private IEnumerable<TypeNode> MetaTypes()
    {
        (string Name, string Fields)[] types =
        [
            ("__Schema", "description:String types:[__Type] queryType:__Type mutationType:__Type subscriptionType:__Type directives:[__Directive]"),
            ("__Type", "kind:__TypeKind name:String description:String specifiedByURL:String fields:[__Field] interfaces:[__Type] possibleTypes:[__Type] enumValues:[__EnumValue] inputFields:[__InputValue] ofType:__Type"),
            ("__Field", "name:String description:String args:[__InputValue] type:__Type isDeprecated:Boolean deprecationReason:String"),
            ("__InputValue", "name:String description:String type:__Type defaultValue:String isDeprecated:Boolean deprecationReason:String"),
            ("__EnumValue", "name:String description:String isDeprecated:Boolean deprecationReason:String"),
            ("__Directive", "name:String description:String locations:[__DirectiveLocation] args:[__InputValue] isRepeatable:Boolean"),
        ];
        foreach ((string name, string fields) in types)
        {
            yield return new TypeNode("OBJECT", name, null, () => [.. fields.Split(' ').Select(MetaField)]);
        }

        yield return new TypeNode("ENUM", "__TypeKind") { EnumValues = ["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT", "LIST", "NON_NULL"] };
        yield return new TypeNode("ENUM", "__DirectiveLocation") { EnumValues = ["QUERY", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"] };
    }

    private FieldNode MetaField(string text)
    {
        string[] parts = text.Split(':');
        TypeNode type = Node(parts[1].Trim('[', ']'));
        InputNode[] arguments = parts[0] is "fields" or "enumValues" ? [new InputNode("includeDeprecated", Flag)] : [];
        return new FieldNode(parts[0], parts[1][0] == '[' ? type.List() : type, arguments);
    }
}
