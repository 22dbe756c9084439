using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>
/// Answers one request: walks its selections over resources. https://hl7.org/fhir/R4/graphql.html
/// </summary>
/// <remarks>Faults are thrown as <see cref="FhirException"/> and caught by <see cref="GraphQlService"/>.</remarks>
internal sealed partial class GraphQlRun
{
    private static readonly string[] DataDirectives = ["flatten", "first", "singleton", "slice"];

    private readonly GraphQlService _service;
    private readonly FhirRequest _request;
    private readonly GraphQlDocument _document;
    private readonly Variables _variables;
    private readonly GraphQlLimits _limits;
    private readonly Dictionary<ResourceKey, Element> _resources = [];
    private readonly List<StoredVersion> _disclosed = [];
    private int _fields;
    private int _reads;
    private int _searches;

    public GraphQlRun(GraphQlService service, FhirRequest request, GraphQlDocument document, Variables variables)
    {
        _service = service;
        _request = request;
        _document = document;
        _variables = variables;
        _limits = service.Limits;
    }

    /// <summary>The versions that were read for the answer.</summary>
    public IReadOnlyList<StoredVersion> Disclosed => _disclosed;

    /// <summary>The fields of a resource.</summary>
    public async ValueTask<OutputObject> OfResourceAsync(Element resource, IReadOnlyList<Selection> selections, CancellationToken cancellationToken)
    {
        var output = new OutputObject();
        await SelectAsync(output, resource, new Place(selections, "", false, 1), cancellationToken);
        return output;
    }

    /// <summary>What is selected of an element, and how it goes into the answer.</summary>
    /// <param name="Suffix">What slices around it add to the names of members.</param>
    /// <param name="IsList">Whether a flattened list is around it, so that every member is one.</param>
    private readonly record struct Place(IReadOnlyList<Selection> Selections, string Suffix, bool IsList, int Depth)
    {
        public Place Into(Field field, string suffix, bool isList) => new(field.Selections, suffix, isList, Depth + 1);
    }

    private async ValueTask SelectAsync(OutputObject output, Element element, Place place, CancellationToken cancellationToken)
    {
        CheckDepth(place.Depth);
        foreach (Field field in Collect(place.Selections, element.Type))
        {
            Count();
            if (place.Depth == 1 && Introspect(output, field, element.Type.Name))
            {
                continue;
            }

            if (ResourceSearch.Find(field.Name) is { } search && element.Type.IsResource)
            {
                await SearchAsync(output, field, search, element, place, cancellationToken);
            }
            else if (field.Name == "resource" && element.Type.Name == "Reference")
            {
                await ResolveAsync(output, field, element, place, cancellationToken);
            }
            else if (field.Name is "resourceType" or "__typename")
            {
                bool fits = field.Name == "__typename" || element.Type.IsResource;
                output.Add(field.Key + place.Suffix, OutputValue.Of(fits ? NodeJson.Of(field.Name == "__typename" ? SchemaTypes.NameOf(element.Type) : element.Type.Name) : throw Unknown(field, element.Type)), place.IsList, field.Has("singleton"), null);
            }
            else
            {
                await SelectElementAsync(output, field, element, place, cancellationToken);
            }
        }
    }

    private async ValueTask SelectElementAsync(OutputObject output, Field field, Element parent, Place place, CancellationToken cancellationToken)
    {
        // JSON's way for primitives: the value under the name, id and extensions under the name with an underscore.
        bool isUnderscored = field.Name.StartsWith('_');
        string name = isUnderscored ? field.Name[1..] : field.Name;
        if (!parent.Type.TryGetMember(Encoding.UTF8.GetBytes(name), out Member member) || (isUnderscored && !member.Type.IsPrimitive))
        {
            throw Unknown(field, parent.Type);
        }

        bool isScalar = member.Type.IsPrimitive && !isUnderscored;
        if (isScalar != (field.Selections.Count == 0))
        {
            throw Lexer.Fault(field.Location, isScalar ? $"'{field.Name}' has no fields to select" : $"'{field.Name}' needs a selection of its fields");
        }

        if (isScalar && field.Arguments.Count > 0)
        {
            throw Lexer.Fault(field.Location, $"'{field.Name}' is a primitive and takes no arguments");
        }

        List<Element> values = parent.ChildrenOf(member.Element).ToList();
        values.RemoveAll(value => (member.Element.IsChoice && value.Type != member.Type) || (isScalar ? !value.HasValue : isUnderscored && !value.HasChildren));
        values = Filtered(field, values, member.Type);
        if (values.Count == 0)
        {
            // What is not there has no fields that could turn out to be wrong; the request is wrong all the same.
            Check(field.Selections, member.Type, place.Depth + 1);
        }

        bool isList = member.Element.IsList || place.IsList;
        for (int i = 0; i < values.Count; i++)
        {
            string suffix = place.Suffix + SliceOf(field, values[i], i);
            if (field.Has("flatten"))
            {
                await SelectAsync(output, values[i], place.Into(field, suffix, isList), cancellationToken);
                continue;
            }

            output.Add(
                field.Key + suffix,
                isScalar ? OutputValue.Of(FhirJson.ToBytes(values[i])) : OutputValue.Of(await NestedAsync(field, values[i], place, cancellationToken)),
                isList,
                field.Has("singleton"),
                values[i].Type);
        }
    }

    /// <summary>Checks that a type has the fields selected.</summary>
    private void Check(IReadOnlyList<Selection> selections, TypeSchema type, int depth)
    {
        CheckDepth(depth);
        if (type.IsAbstract)
        {
            return;
        }

        foreach (Field field in Collect(selections, type))
        {
            Count();
            string name = field.Name.TrimStart('_');
            bool isComputed = field.Name is "resourceType" or "__typename" || (field.Name == "resource" && type.Name == "Reference") || (type.IsResource && ResourceSearch.Find(field.Name) is not null);
            if (isComputed)
            {
                continue;
            }

            if (!type.TryGetMember(Encoding.UTF8.GetBytes(name), out Member member))
            {
                throw Unknown(field, type);
            }

            Check(field.Selections, member.Type, depth + 1);
        }
    }

    private async ValueTask<OutputObject> NestedAsync(Field field, Element element, Place place, CancellationToken cancellationToken)
    {
        var nested = new OutputObject();
        await SelectAsync(nested, element, new Place(field.Selections, "", false, place.Depth + 1), cancellationToken);
        return nested;
    }

    /// <summary>Applies the arguments of a list: <c>fhirpath</c>, values of fields, <c>_offset</c> and <c>_count</c>; then <c>@first</c>.</summary>
    private List<Element> Filtered(Field field, List<Element> values, TypeSchema type)
    {
        int offset = 0;
        int count = int.MaxValue;
        foreach (Argument argument in field.Arguments)
        {
            string text = _variables.Text(argument) ?? throw Lexer.Fault(field.Location, $"'{argument.Name}' needs a value");
            switch (argument.Name)
            {
                case "fhirpath":
                    FhirPathExpression expression = Compile(field, text);
                    values = values.FindAll(value => Holds(expression, value));
                    break;
                case "_offset":
                    offset = Number(field, argument.Name, text);
                    break;
                case "_count":
                    count = Number(field, argument.Name, text);
                    break;
                default:
                    if (!type.TryGetMember(Encoding.UTF8.GetBytes(argument.Name), out Member member) || !member.Type.IsPrimitive)
                    {
                        throw Lexer.Fault(field.Location, $"'{argument.Name}' is no argument of '{field.Name}': there are fhirpath, _offset, _count and its primitive fields");
                    }

                    values = values.FindAll(value => value.ChildrenOf(member.Element).ToList().Exists(child => child.HasValue && child.Text == text));
                    break;
            }
        }

        values = [.. values.Skip(offset).Take(count)];
        return field.Has("first") ? [.. values.Take(1)] : values;
    }

    /// <summary>What a slice adds to the name for an element: a dot and what its path says, as text.</summary>
    private string SliceOf(Field field, Element value, int index)
    {
        if (field.Directives.FirstOrDefault(directive => directive.Name == "slice") is not { } slice)
        {
            return "";
        }

        // R4 writes "@slice(fhirpath)" in its heading and "@slice(path: ...)" in its examples.
        if (slice.Arguments is not [{ Name: "path" or "fhirpath" } argument] || _variables.Text(argument) is not { } path)
        {
            throw Lexer.Fault(slice.Location, "@slice needs a 'path'");
        }

        // The index of the element in its list is known here and not within the expression.
        if (path == "$index")
        {
            return $".{index}";
        }

        return Evaluate(Compile(field, path), value) is [var single] ? $".{single}" : "";
    }

    private static FhirPathExpression Compile(Field field, string text)
    {
        Result<FhirPathExpression> expression = FhirPathExpression.Compile(text);
        return expression.IsOk ? expression.Value : throw Lexer.Fault(field.Location, $"the FHIRPath of '{field.Name}' is wrong: {expression.Error.Issues[0].Message.TrimEnd('.')}");
    }

    private IReadOnlyList<FhirPathValue> Evaluate(FhirPathExpression expression, Element element) => expression.Evaluate(element, _service.Evaluation);

    private bool Holds(FhirPathExpression expression, Element element) => Evaluate(expression, element) is [{ Kind: FhirPathKind.Boolean, Boolean: true }] or [{ IsElement: true, Element: { HasValue: true, IsText: false, Text: "true" } }];

    private static int Number(Field field, string name, string text) =>
        int.TryParse(text, out int number) && number >= 0 ? number : throw Lexer.Fault(field.Location, $"'{name}' must be a whole number, 0 or more");

    /// <summary>
    /// The fields of selections in order, fragments that fit the type put in their places, and fields of one name merged
    /// (https://spec.graphql.org/October2021/#CollectFields()).
    /// </summary>
    private List<Field> Collect(IReadOnlyList<Selection> selections, TypeSchema? type) => CollectWhere(selections, (condition, location) => Applies(condition, type, location));

    /// <param name="applies">Whether a fragment with that condition fits what is at hand.</param>
    private List<Field> CollectWhere(IReadOnlyList<Selection> selections, Func<string?, Location, bool> applies)
    {
        var fields = new List<Field>();
        Collect(selections, applies, fields, 0);
        return fields;
    }

    private void Collect(IReadOnlyList<Selection> selections, Func<string?, Location, bool> applies, List<Field> fields, int depth)
    {
        CheckDepth(depth);
        foreach (Selection selection in selections.Where(IsIncluded))
        {
            switch (selection)
            {
                case Field field:
                    Merge(fields, field);
                    break;
                case InlineFragment fragment when applies(fragment.Type, fragment.Location):
                    Collect(fragment.Selections, applies, fields, depth + 1);
                    break;
                case FragmentSpread spread:
                    FragmentDefinition definition = _document.Fragments.GetValueOrDefault(spread.Name) ?? throw Lexer.Fault(spread.Location, $"there is no fragment '{spread.Name}'");
                    if (applies(definition.Type, spread.Location) && definition.Directives.All(IsIncluded))
                    {
                        Collect(definition.Selections, applies, fields, depth + 1);
                    }

                    break;
            }
        }
    }

    private static void Merge(List<Field> fields, Field field)
    {
        int index = field.Has("flatten") ? -1 : fields.FindIndex(other => other.Key == field.Key && !other.Has("flatten"));
        if (index < 0)
        {
            fields.Add(field);
            return;
        }

        Field other = fields[index];
        if (other.Name != field.Name || !other.Arguments.SequenceEqual(field.Arguments) || !other.Directives.Select(directive => directive.Name).SequenceEqual(field.Directives.Select(directive => directive.Name)))
        {
            throw Lexer.Fault(field.Location, $"'{field.Key}' stands for two different things; give one of them an alias");
        }

        fields[index] = other with { Selections = [.. other.Selections, .. field.Selections] };
    }

    private bool IsIncluded(Selection selection) => selection.Directives.All(IsIncluded);

    private bool IsIncluded(Directive directive) => directive.Name switch
    {
        "skip" => !_variables.IsTrue(directive),
        "include" => _variables.IsTrue(directive),
        var name when DataDirectives.Contains(name) => true,
        _ => throw Lexer.Fault(directive.Location, $"there is no directive @{directive.Name}"),
    };

    /// <param name="condition">The type of a fragment; null for any.</param>
    /// <param name="type">The type at hand; null at the root of a query.</param>
    private static bool Applies(string? condition, TypeSchema? type, Location location)
    {
        if (condition is null)
        {
            return true;
        }

        if (type is null)
        {
            return condition == "Query";
        }

        // Anonymous types go by names such as PatientContact, which R4's schemas for GraphQL give them.
        TypeSchema? wanted = FhirSchema.R4.Type(condition);
        return wanted is not null ? type.Is(wanted)
            : type.Name.Contains('.', StringComparison.Ordinal) && SchemaTypes.NameOf(type) == condition
                || (FhirSchema.R4.Types.Any(known => SchemaTypes.NameOf(known) == condition) ? false : throw Lexer.Fault(location, $"there is no type '{SearchPath.Shown(condition)}'"));
    }

    private static FhirException Unknown(Field field, TypeSchema type) => Lexer.Fault(field.Location, $"{type.Name} has no field '{SearchPath.Shown(field.Name)}'");

    private void Count()
    {
        if (++_fields > _limits.MaxFields)
        {
            throw TooCostly($"would have more than {_limits.MaxFields} fields");
        }
    }

    private void CheckDepth(int depth)
    {
        if (depth > _limits.MaxDepth)
        {
            throw TooCostly($"is more than {_limits.MaxDepth} levels deep");
        }
    }

    private static FhirException TooCostly(string what) => new(FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The answer to this GraphQL request {what}; ask for less."));
}
