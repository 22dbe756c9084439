using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Turns discriminators into tests by following their path through the definitions: from the slice's own elements into the
/// profiles on their types and on the targets of references, and at last into the types themselves.
/// </summary>
internal sealed class SliceTestCompiler(Validator validator, Func<StructureNode, ElementRules> rulesFor)
{
    private const int MaxTargets = 16;

    public SliceTest[] Compile(Slicing? slicing, StructureNode sliced, StructureNode slice, TypeSchema? type, ElementRules rules)
    {
        if (slicing is null || slicing.Discriminators.Count == 0)
        {
            // Slices of a choice are told apart by type even where nobody says so; others by meeting the slice as a whole.
            return sliced.Name.EndsWith("[x]", StringComparison.Ordinal) && Types(slice.Definition) is { Length: > 0 } types
                ? [new TypeTest([], types)]
                : [new RulesTest([], rules)];
        }

        var tests = new List<SliceTest>();
        foreach (Discriminator discriminator in slicing.Discriminators)
        {
            if (DiscriminatorStep.Parse(discriminator.Path) is not { } path)
            {
                tests.Add(new RulesTest([], rules));
                continue;
            }

            var alternatives = new List<SliceTest>();
            foreach (StructureNode node in Locate(slice, path, type))
            {
                if (Test(discriminator.Kind, path, node, node == slice ? rules : null) is { } test)
                {
                    alternatives.Add(test);
                }
            }

            if (alternatives.Count > 0)
            {
                tests.Add(alternatives.Count == 1 ? alternatives[0] : new AnyTest([.. alternatives]));
            }
        }

        return tests.Count > 0 ? [.. tests] : [new RulesTest([], rules)];
    }

    private SliceTest? Test(string kind, DiscriminatorStep[] path, StructureNode node, ElementRules? ownRules)
    {
        ElementDefinition definition = node.Definition;
        switch (kind)
        {
            case "type":
                return Types(definition) is { Length: > 0 } types ? new TypeTest(path, types) : null;
            case "profile":
                string[] profiles = Profiles(path, node);
                return profiles.Length > 0 ? new ProfileTest(path, profiles) : null;
            case "exists":
                return definition.Max == 0 ? new ExistsTest(path, mustExist: false)
                    : definition.Min > 0 ? new ExistsTest(path, mustExist: true)
                    : null;
            default:
                return ValueTest(path, node, ownRules);
        }
    }

    private SliceTest? ValueTest(DiscriminatorStep[] path, StructureNode node, ElementRules? ownRules)
    {
        ElementDefinition definition = node.Definition;
        if (RuleParts.ReadValue(definition.Fixed) is { Exists: true } fixedValue)
        {
            return new FixedTest(path, fixedValue);
        }

        if (RuleParts.ReadValue(definition.Pattern) is { Exists: true } pattern)
        {
            return new PatternTest(path, pattern);
        }

        if (definition.Binding is { Strength: BindingStrength.Required, ValueSet: not null } binding)
        {
            return new BindingTest(path, new BindingRules(binding));
        }

        if (node.Children.Exists(HasValue))
        {
            return new RulesTest(path, ownRules ?? rulesFor(node));
        }

        return definition.Max == 0 ? new ExistsTest(path, mustExist: false)
            : definition.Min > 0 ? new ExistsTest(path, mustExist: true)
            : null;
    }

    private static bool HasValue(StructureNode node) =>
        node.Definition.Fixed is not null || node.Definition.Pattern is not null || node.Definition.Binding is { Strength: BindingStrength.Required }
        || node.Children.Exists(HasValue) || node.Slices.Exists(HasValue);

    private List<StructureNode> Locate(StructureNode start, DiscriminatorStep[] path, TypeSchema? type)
    {
        List<StructureNode> current = [start];
        string? typeName = type?.Name;
        foreach (DiscriminatorStep step in path)
        {
            var next = new List<StructureNode>();
            foreach (StructureNode node in current)
            {
                Follow(node, step, typeName, next);
            }

            current = next;
            typeName = null;
        }

        return current;
    }

    private void Follow(StructureNode node, DiscriminatorStep step, string? typeName, List<StructureNode> found)
    {
        switch (step.Kind)
        {
            case DiscriminatorStepKind.Child:
                AddChild(node, step.Argument, typeName, found);
                break;
            case DiscriminatorStepKind.OfType:
                found.Add(node.Slices.Find(slice => slice.Definition.Types is [var only] && only.Code == step.Argument) ?? node);
                break;
            case DiscriminatorStepKind.Extension:
                AddExtension(node, step.Argument, found);
                break;
            default:
                foreach (TypeReference reference in node.Definition.Types)
                {
                    foreach (string target in reference.TargetProfiles.Take(MaxTargets))
                    {
                        AddRoot(target, found);
                    }
                }

                break;
        }
    }

    private void AddChild(StructureNode node, string name, string? typeName, List<StructureNode> found)
    {
        if (node.Child(name) is { } child)
        {
            found.Add(child);
            return;
        }

        int before = found.Count;
        foreach (TypeReference reference in node.Definition.Types)
        {
            foreach (string profile in reference.Profiles)
            {
                if (validator.Tree(profile)?.Root?.Child(name) is { } profiled)
                {
                    found.Add(profiled);
                }
            }

            if (found.Count == before && validator.TypeTree(RuleParts.TypeOf(reference)?.Name ?? typeName)?.Root?.Child(name) is { } plain)
            {
                found.Add(plain);
            }
        }
    }

    private void AddExtension(StructureNode node, string url, List<StructureNode> found)
    {
        foreach (StructureNode slice in node.Child("extension")?.Slices ?? [])
        {
            if (slice.Definition.Types.Any(type => type.Profiles.Contains(url)))
            {
                found.Add(slice);
                return;
            }
        }

        AddRoot(url, found);
    }

    private void AddRoot(string canonical, List<StructureNode> found)
    {
        StructureTree? tree = RuleParts.CoreType(canonical) is { } core ? validator.TypeTree(core.Name) : validator.Tree(canonical);
        if (tree?.Root is { } root)
        {
            found.Add(root);
        }
    }

    private static TypeSchema[] Types(ElementDefinition definition)
    {
        // The root of a resource names its type by its path.
        if (definition.Types.Count == 0 && !definition.Path.Contains('.', StringComparison.Ordinal))
        {
            return FhirSchema.R4.Type(definition.Path) is { } root ? [root] : [];
        }

        var types = new List<TypeSchema>();
        foreach (TypeReference reference in definition.Types)
        {
            if (RuleParts.TypeOf(reference) is { } type)
            {
                types.Add(type);
            }
        }

        return [.. types];
    }

    private static string[] Profiles(DiscriminatorStep[] path, StructureNode node)
    {
        if (path.Length > 0 && path[^1].Kind == DiscriminatorStepKind.Resolve)
        {
            return [node.Tree.Structure.Url];
        }

        var profiles = new List<string>();
        foreach (TypeReference reference in node.Definition.Types)
        {
            profiles.AddRange(reference.Profiles);
        }

        return [.. profiles];
    }
}
