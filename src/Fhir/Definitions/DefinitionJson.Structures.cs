namespace HealthChain.Fhir.Definitions;

public static partial class DefinitionJson
{
    private const string Extensions = "http://hl7.org/fhir/StructureDefinition/";

    private static readonly string[] StructureKinds = ["primitive-type", "complex-type", "resource", "logical"];
    private static readonly string[] BindingStrengths = ["required", "extensible", "preferred", "example"];
    private static readonly string[] ConstraintSeverities = ["error", "warning"];
    private static readonly string[] SlicingRuleCodes = ["open", "closed", "openAtEnd"];

    private static StructureDefinition Structure(DefinitionNode node) => new()
    {
        Url = Url(node),
        Version = Version(node),
        // Required, but often missing in profiles written by hand, and nothing depends on it.
        Name = node.Text("name") ?? "",
        Title = node.Text("title"),
        Status = node.Text("status"),
        Kind = node.Code<StructureKind>("kind", StructureKinds) ?? Missing(node, "kind"),
        IsAbstract = node.Boolean("abstract") ?? false,
        Type = node.Required("type"),
        BaseDefinition = node.Text("baseDefinition"),
        IsConstraint = node.Text("derivation") == "constraint",
        Contexts = node.List("context", context => new ExtensionContext(context.Required("type"), context.Required("expression"))),
        ContextInvariants = node.Texts("contextInvariant"),
        Snapshot = Elements(node.Child("snapshot")),
        Differential = Elements(node.Child("differential")),
    };

    private static StructureKind Missing(DefinitionNode node, string name)
    {
        if (!node.Has(name))
        {
            node.Fault(IssueType.Required, $"'{name}' is missing.");
        }

        return StructureKind.Logical;
    }

    // Far beyond any real structure; what works on elements may be recursive and need not be fast for hostile ones.
    private const int MaxElements = 10_000;
    private const int MaxSteps = 64;

    private static IReadOnlyList<ElementDefinition> Elements(DefinitionNode? node)
    {
        if (node is null)
        {
            return [];
        }

        IReadOnlyList<ElementDefinition> elements = node.List("element", Element);
        if (elements.Count > MaxElements)
        {
            node.Fault(IssueType.TooLong, $"there are {elements.Count} elements; at most {MaxElements} are read.");
            return [];
        }

        return ElementIds.Complete(elements);
    }

    private static ElementDefinition Element(DefinitionNode node)
    {
        string path = node.Required("path");
        if (path.AsSpan().Count('.') >= MaxSteps)
        {
            node.Fault(IssueType.TooLong, $"'path' has more than {MaxSteps} steps.");
        }

        string? sliceName = node.Text("sliceName");
        DefinitionNode? origin = node.Child("base");
        return new ElementDefinition
        {
            Id = node.Text("id") ?? "",
            Path = path,
            SliceName = sliceName,
            Min = node.Number("min"),
            Max = Max(node),
            BasePath = origin?.Text("path"),
            BaseMin = origin?.Number("min"),
            BaseMax = origin is null ? null : Max(origin),
            Types = node.List("type", Type),
            ContentReference = node.Text("contentReference") is { } reference ? reference[(reference.IndexOf('#', StringComparison.Ordinal) + 1)..] : null,
            Fixed = node.Choice("fixed"),
            Pattern = node.Choice("pattern"),
            MinValue = node.Choice("minValue"),
            MaxValue = node.Choice("maxValue"),
            DefaultValue = node.Choice("defaultValue"),
            MaxLength = node.Number("maxLength"),
            Binding = node.Child("binding") is { } binding ? Binding(binding) : null,
            Slicing = node.Child("slicing") is { } slicing ? Slicing(slicing) : null,
            Constraints = node.List("constraint", Constraint),
            Representations = node.Texts("representation"),
            IsModifier = node.Boolean("isModifier"),
            IsSummary = node.Boolean("isSummary"),
            MustSupport = node.Boolean("mustSupport"),
            SliceIsConstraining = node.Boolean("sliceIsConstraining") ?? false,
            Short = node.Text("short"),
        };
    }

    private static int? Max(DefinitionNode node)
    {
        string? text = node.Text("max");
        switch (text)
        {
            case null:
                return null;
            case "*":
                return int.MaxValue;
            default:
                if (int.TryParse(text, out int max) && max >= 0)
                {
                    return max;
                }

                node.Fault(IssueType.Value, $"'max' is '{text}', expected a number or '*'.");
                return null;
        }
    }

    private static TypeReference Type(DefinitionNode node) => new(
        node.Required("code"),
        node.Texts("profile"),
        node.Texts("targetProfile"),
        node.Texts("aggregation"),
        node.Text("versioning"),
        node.Extension(Extensions + "structuredefinition-fhir-type"),
        node.Extension(Extensions + "regex"));

    private static Binding Binding(DefinitionNode node) => new(
        node.Code<BindingStrength>("strength", BindingStrengths) ?? BindingStrength.Example,
        node.Text("valueSet"),
        node.Extension(Extensions + "elementdefinition-maxValueSet"));

    private static Slicing Slicing(DefinitionNode node) => new(
        node.List("discriminator", part => new Discriminator(part.Required("type"), part.Required("path"))),
        node.Boolean("ordered") ?? false,
        node.Code<SlicingRules>("rules", SlicingRuleCodes) ?? SlicingRules.Open,
        node.Text("description"));

    private static Constraint Constraint(DefinitionNode node) => new(
        node.Required("key"),
        node.Code<ConstraintSeverity>("severity", ConstraintSeverities) ?? ConstraintSeverity.Error,
        node.Required("human"),
        node.Text("expression"),
        node.Text("source"),
        node.Extension(Extensions + "elementdefinition-bestpractice") == "true");
}
