using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Makes a <see cref="ProfileSchema"/> of a StructureDefinition's snapshot. What the snapshot repeats from the type's own
/// definition is left out: the type's rules are applied to every element anyway, and so a fault is reported once, by its owner.
/// </summary>
internal sealed class ProfileCompiler(Validator validator, RuleParts parts, ProfileSchema profile)
{
    private readonly Dictionary<StructureNode, ElementRules> _done = [];
    private readonly List<(ElementRules Rules, string Target)> _contentReferences = [];

    /// <summary>Compiles a definition; null when it has no snapshot or is of a type that R4 does not know.</summary>
    public static ProfileSchema? Compile(StructureDefinition structure, Validator validator, RuleParts parts)
    {
        TypeSchema? type = FhirSchema.R4.Type(structure.Type) ?? RuleParts.CoreType(structure.Type);
        var tree = new StructureTree(structure);
        if (type is null || tree.Root is null)
        {
            return null;
        }

        var profile = new ProfileSchema(structure, type, tree);
        profile.Root = new ProfileCompiler(validator, parts, profile).CompileRoot(tree.Root, type);
        return profile;
    }

    private ElementRules CompileRoot(StructureNode root, TypeSchema type)
    {
        var rules = new ElementRules(root.Definition, profile.Canonical)
        {
            Name = root.Name,
            Invariants = parts.Invariants(root.Definition, profile.Canonical, validator.RootConstraints(type)),
            Fixed = RuleParts.ReadValue(root.Definition.Fixed),
            Pattern = RuleParts.ReadValue(root.Definition.Pattern),
        };
        _done[root] = rules;
        rules.Children = Children(root, type);

        // An element that repeats the content of another one is bound by that one's rules; all of them are known only now.
        foreach ((ElementRules referring, string target) in _contentReferences)
        {
            int hash = target.IndexOf('#');
            if (profile.Tree.Find(target[(hash + 1)..]) is { } node && _done.TryGetValue(node, out ElementRules? referred))
            {
                referring.Children ??= referred.Children;
            }
        }

        return rules;
    }

    private ChildRules? Children(StructureNode node, TypeSchema? type)
    {
        List<ElementRules>? items = null;
        foreach (StructureNode child in node.Children)
        {
            ElementRules rules = Element(child, type);
            if (!rules.IsEmpty || child.Definition.ContentReference is not null)
            {
                (items ??= []).Add(rules);
            }
        }

        return items is null ? null : new ChildRules([.. items]);
    }

    private ElementRules Element(StructureNode node, TypeSchema? owner)
    {
        ElementDefinition definition = node.Definition;
        ElementSchema? schema = owner?.Element(node.ElementName);
        TypeSchema? onlyType = null;
        if (schema is null && owner is not null && owner.TryGetMember(Encoding.UTF8.GetBytes(node.Name), out Member member))
        {
            // valueQuantity for value[x], as older tools write it.
            schema = member.Element;
            onlyType = member.Type;
        }

        ElementDefinition? inherited = schema is null ? null : validator.RulesOf(owner!).Definitions[schema.Index];
        var rules = new ElementRules(definition, profile.Canonical) { Name = schema?.Name ?? node.ElementName, OnlyType = onlyType };
        _done[node] = rules;
        AddCardinality(rules, node, schema);
        AddTypes(rules, definition, schema, inherited);
        AddValues(rules, definition, schema, inherited);
        TypeSchema? type = onlyType ?? OneType(definition, schema);
        rules.Children = Children(node, type);
        if (definition.ContentReference is { } target)
        {
            _contentReferences.Add((rules, target));
        }

        if (node.Slices.Count > 0 || definition.Slicing is { Rules: SlicingRules.Closed })
        {
            rules.Slicing = Slices(node, owner, type);
        }

        return rules;
    }

    private static void AddCardinality(ElementRules rules, StructureNode node, ElementSchema? schema)
    {
        ElementDefinition definition = node.Definition;
        bool isSlice = node.SliceName is not null;
        if (isSlice || definition.Min > (schema?.Min ?? 0))
        {
            rules.Min = definition.Min ?? 0;
        }

        if (isSlice || definition.Max < (schema?.Max ?? int.MaxValue))
        {
            rules.Max = definition.Max ?? int.MaxValue;
        }
    }

    private static void AddTypes(ElementRules rules, ElementDefinition definition, ElementSchema? schema, ElementDefinition? inherited)
    {
        List<TypeSchema>? types = null;
        List<TypeProfiles>? profiles = null;
        foreach (TypeReference reference in definition.Types)
        {
            if (RuleParts.TypeOf(reference) is not { } type)
            {
                continue;
            }

            (types ??= []).Add(type);
            if (reference.Profiles.Count > 0)
            {
                (profiles ??= []).Add(new TypeProfiles(type, [.. reference.Profiles]));
            }
        }

        rules.Profiles = profiles?.ToArray() ?? [];
        bool narrows = schema is null
            ? definition.Path.EndsWith("[x]", StringComparison.Ordinal)
            : schema.IsChoice || schema.Types is [{ Type.IsResource: true }];
        if (types is not null && narrows && (inherited is null || types.Count < inherited.Types.Count || types[0].Name != inherited.Types[0].Code))
        {
            rules.Types = [.. types];
        }
    }

    private void AddValues(ElementRules rules, ElementDefinition definition, ElementSchema? schema, ElementDefinition? inherited)
    {
        rules.Fixed = RuleParts.ReadValue(definition.Fixed);
        rules.Pattern = RuleParts.ReadValue(definition.Pattern);
        rules.MinValue = RuleParts.ReadValue(definition.MinValue);
        rules.MaxValue = RuleParts.ReadValue(definition.MaxValue);
        rules.MaxLength = definition.MaxLength ?? int.MaxValue;
        if (inherited?.Binding != definition.Binding)
        {
            rules.Binding = parts.Binding(definition);
        }

        if (inherited is null || !SameReferences(definition.Types, inherited.Types))
        {
            rules.References = parts.References(definition);
        }

        IReadOnlyList<Constraint> known = inherited?.Constraints ?? [];
        foreach (ElementType type in schema?.Types ?? [])
        {
            known = [.. known, .. validator.RootConstraints(type.Type)];
        }

        rules.Invariants = parts.Invariants(definition, profile.Canonical, known);
    }

    private SliceSet Slices(StructureNode node, TypeSchema? owner, TypeSchema? type)
    {
        Slicing? slicing = node.Definition.Slicing;
        var tests = new SliceTestCompiler(validator, RulesFor);
        var slices = new List<Slice>();
        Slice? rest = null;
        foreach (StructureNode slice in node.Slices)
        {
            ElementRules rules = Element(slice, owner);
            if (slice.SliceName == "@default")
            {
                rest = new Slice(slice.SliceName, rules, []);
                continue;
            }

            slices.Add(new Slice(slice.SliceName!, rules, tests.Compile(slicing, node, slice, type, rules)));
        }

        return new SliceSet([.. slices], rest, slicing?.Ordered ?? false, slicing?.Rules ?? SlicingRules.Open);
    }

    private ElementRules RulesFor(StructureNode node) =>
        _done.TryGetValue(node, out ElementRules? rules)
            ? rules
            : new ProfileCompiler(validator, parts, profile).Element(node, owner: null);

    // The type when it can be one only; its elements are then known when the profile is compiled.
    private static TypeSchema? OneType(ElementDefinition definition, ElementSchema? schema)
    {
        if (definition.Types.Count == 1 && RuleParts.TypeOf(definition.Types[0]) is { } type && type.Kind != TypeKind.Backbone
            && type.Name is not ("BackboneElement" or "Element"))
        {
            return type;
        }

        return schema is { Types.Count: 1 } ? schema.Types[0].Type : null;
    }

    private static bool SameReferences(IReadOnlyList<TypeReference> left, IReadOnlyList<TypeReference> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int i = 0; i < left.Count; i++)
        {
            if (left[i].Versioning != right[i].Versioning || !left[i].Aggregations.SequenceEqual(right[i].Aggregations)
                || !left[i].TargetProfiles.SequenceEqual(right[i].TargetProfiles))
            {
                return false;
            }
        }

        return true;
    }
}
