using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// A profile, compiled: the rules on the root and, below it, those on its elements. It holds only what the profile adds to the
/// types it constrains, because the rules of the types are always applied too.
/// </summary>
internal sealed class ProfileSchema(StructureDefinition structure, TypeSchema type, StructureTree tree)
{
    public StructureDefinition Structure { get; } = structure;
    public string Canonical { get; } = structure.ToString();

    /// <summary>The type that an element must have to meet the profile.</summary>
    public TypeSchema Type { get; } = type;

    /// <summary>The definitions it was compiled from, for slicings of other profiles that look into it.</summary>
    public StructureTree Tree { get; } = tree;

    public ElementRules Root { get; internal set; } = null!;

    public override string ToString() => Canonical;
}

/// <summary>
/// What one definition of an element (or slice) demands beyond the schema. Several can apply to one element: that of its type,
/// those of profiles, those of slices; each is checked, none knows of the others.
/// </summary>
[DebuggerDisplay("{Definition.Id}")]
internal sealed class ElementRules(ElementDefinition definition, string source)
{
    public ElementDefinition Definition { get; } = definition;

    /// <summary>Canonical of the definition that says so; the key of its issues.</summary>
    public string Source { get; } = source;

    /// <summary>FHIRPath name within the parent.</summary>
    public string Name { get; set; } = "";

    /// <summary>For a rule written on one type of a choice (<c>valueQuantity</c>): occurrences of other types do not count.</summary>
    public TypeSchema? OnlyType { get; set; }

    public int Min { get; set; }
    public int Max { get; set; } = int.MaxValue;

    /// <summary>The types left of a choice; null when not narrowed.</summary>
    public TypeSchema[]? Types { get; set; }

    /// <summary>Profiles on the value, by its type.</summary>
    public TypeProfiles[] Profiles { get; set; } = [];

    public ReferenceRules? References { get; set; }
    public BindingRules? Binding { get; set; }

    /// <summary>Fixed value, pattern and bounds as small trees; they do not exist where nothing is said.</summary>
    public Element Fixed { get; set; }

    public Element Pattern { get; set; }
    public Element MinValue { get; set; }
    public Element MaxValue { get; set; }
    public int MaxLength { get; set; } = int.MaxValue;
    public Invariant[] Invariants { get; set; } = [];
    public SliceSet? Slicing { get; set; }
    public ChildRules? Children { get; set; }

    /// <summary>True when nothing is demanded of the element's own value (cardinality and slicing are checked from its parent).</summary>
    public bool HasNoValueRules =>
        Types is null && Profiles.Length == 0 && References is null && Binding is null && !Fixed.Exists && !Pattern.Exists
        && !MinValue.Exists && !MaxValue.Exists && MaxLength == int.MaxValue && Invariants.Length == 0;

    /// <summary>True when it demands nothing at all and need not be kept.</summary>
    public bool IsEmpty => HasNoValueRules && Min == 0 && Max == int.MaxValue && Slicing is null && Children is null;
}

/// <summary>The profiles of which a value of one type must meet at least one.</summary>
internal readonly record struct TypeProfiles(TypeSchema Type, string[] Canonicals);

/// <summary>Rules on the children of an element, found by the position of the child in the type at hand.</summary>
internal sealed class ChildRules
{
    private volatile TypeMap? _map;

    public ChildRules(ElementRules[] items)
    {
        Items = items;
        foreach (ElementRules item in items)
        {
            Counters = item.Slicing?.Place(Counters) ?? Counters;
        }
    }

    public ElementRules[] Items { get; }

    /// <summary>How many counters the slicings among the children need together.</summary>
    public int Counters { get; }

    /// <summary>The rules by <see cref="ElementSchema.Index"/> of the elements of <paramref name="type"/>; null entries where there are none.</summary>
    public ElementRules[]?[] For(TypeSchema type)
    {
        TypeMap? map = _map;
        if (map is null || !ReferenceEquals(map.Type, type))
        {
            _map = map = new TypeMap(type, Items);
        }

        return map.Rules;
    }

    private sealed class TypeMap
    {
        public TypeMap(TypeSchema type, ElementRules[] items)
        {
            Type = type;
            Rules = new ElementRules[type.Elements.Count][];
            foreach (ElementRules item in items)
            {
                if (type.Element(item.Name) is { } element)
                {
                    Rules[element.Index] = Rules[element.Index] is { } others ? [.. others, item] : [item];
                }
            }
        }

        public TypeSchema Type { get; }
        public ElementRules[]?[] Rules { get; }
    }
}
