using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>Checks that hang on a type and are written in C#.</summary>
internal enum TypeCheck : byte
{
    None,
    Extension,
    Reference,
    Narrative,
    Attachment,
    Coding,
    CodeableConcept,
    Quantity,
    Identifier,
    ElementDefinition,
    Date,
    Resource,
    DomainResource,
}

/// <summary>
/// What the specification's own definition of a type demands of every value of it, beyond the schema: which elements must be
/// there, their bindings, references and invariants. Every element is checked against these first; profiles add to them.
/// </summary>
internal sealed class TypeRules
{
    public required TypeSchema Type { get; init; }
    public required TypeCheck Check { get; init; }

    /// <summary>Invariants on the value as a whole.</summary>
    public required Invariant[] Invariants { get; init; }

    /// <summary>The definitions of its elements, by <see cref="ElementSchema.Index"/>.</summary>
    public required ElementDefinition?[] Definitions { get; init; }

    /// <summary>Rules on the values of its elements, by <see cref="ElementSchema.Index"/>; null where nothing is demanded.</summary>
    public required ElementRules?[] Elements { get; init; }

    /// <summary>Greatest number of occurrences, by <see cref="ElementSchema.Index"/>.</summary>
    public required int[] Max { get; init; }

    /// <summary>Positions of the elements that must be there.</summary>
    public required int[] Required { get; init; }
}

/// <summary>Makes <see cref="TypeRules"/> of the definitions of the specification.</summary>
internal sealed class TypeRulesCompiler(DefinitionSet definitions, RuleParts parts)
{
    public TypeRules Compile(TypeSchema type)
    {
        int dot = type.Name.IndexOf('.');
        StructureDefinition? structure = definitions.Type(dot < 0 ? type.Name : type.Name[..dot]);
        int count = type.Elements.Count;
        var found = new ElementDefinition?[count];
        ElementDefinition? root = null;
        foreach (ElementDefinition definition in structure?.Snapshot ?? [])
        {
            if (definition.Path == type.Name)
            {
                root = definition;
            }
            else if (ChildOf(type, definition.Path) is { } element)
            {
                found[element.Index] ??= definition;
            }
        }

        var rules = new ElementRules?[count];
        int[] max = new int[count];
        var required = new List<int>();
        foreach (ElementSchema element in type.Elements)
        {
            max[element.Index] = element.Max;
            if (element.Min > 0)
            {
                required.Add(element.Index);
            }

            if (structure is not null && found[element.Index] is { } definition)
            {
                rules[element.Index] = Element(element, definition, structure.Url);
            }
        }

        return new TypeRules
        {
            Type = type,
            Check = CheckOf(type),
            Invariants = root is null || structure is null ? [] : parts.Invariants(root, structure.Url, without: null),
            Definitions = found,
            Elements = rules,
            Max = max,
            Required = [.. required],
        };
    }

    private ElementRules? Element(ElementSchema element, ElementDefinition definition, string source)
    {
        var rules = new ElementRules(definition, source)
        {
            Name = element.Name,
            Binding = parts.Binding(definition),
            References = parts.References(definition),
            MaxLength = definition.MaxLength ?? int.MaxValue,
            MinValue = RuleParts.ReadValue(definition.MinValue),
            MaxValue = RuleParts.ReadValue(definition.MaxValue),
        };

        // The invariants of an anonymous type are written on the element that introduces it, and hold wherever the type is used.
        if (element.Types.Count != 1 || element.Types[0].Type.Kind != TypeKind.Backbone)
        {
            rules.Invariants = parts.Invariants(definition, source, without: null);
        }

        return rules.HasNoValueRules ? null : rules;
    }

    private static ElementSchema? ChildOf(TypeSchema type, string path)
    {
        int prefix = type.Name.Length;
        if (path.Length <= prefix + 1 || path[prefix] != '.' || path.IndexOf('.', prefix + 1) >= 0
            || !path.StartsWith(type.Name, StringComparison.Ordinal))
        {
            return null;
        }

        string name = path[(prefix + 1)..];
        return type.Element(name.EndsWith("[x]", StringComparison.Ordinal) ? name[..^3] : name);
    }

    private static TypeCheck CheckOf(TypeSchema type) => type.Name switch
    {
        "Extension" => TypeCheck.Extension,
        "Reference" => TypeCheck.Reference,
        "Narrative" => TypeCheck.Narrative,
        "Attachment" => TypeCheck.Attachment,
        "Coding" => TypeCheck.Coding,
        "CodeableConcept" => TypeCheck.CodeableConcept,
        "Quantity" or "Age" or "Count" or "Distance" or "Duration" or "SimpleQuantity" => TypeCheck.Quantity,
        "Identifier" => TypeCheck.Identifier,
        "ElementDefinition" => TypeCheck.ElementDefinition,
        "date" or "dateTime" or "instant" => TypeCheck.Date,
        _ when !type.IsResource => TypeCheck.None,
        _ => type.Element("contained") is null ? TypeCheck.Resource : TypeCheck.DomainResource,
    };
}
