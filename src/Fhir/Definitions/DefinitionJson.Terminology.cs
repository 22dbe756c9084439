namespace HealthChain.Fhir.Definitions;

public static partial class DefinitionJson
{
    private static readonly string[] Contents = ["not-present", "example", "fragment", "complete", "supplement"];

    private static CodeSystem CodeSystem(DefinitionNode node)
    {
        var concepts = new List<Concept>();
        AddConcepts(node, -1, concepts);
        bool nests = concepts.Exists(concept => concept.Parent >= 0);
        return new CodeSystem
        {
            Url = Url(node),
            Version = Version(node),
            Name = node.Text("name"),
            Title = node.Text("title"),
            Status = node.Text("status"),
            IsExperimental = node.Boolean("experimental") ?? false,
            IsCaseSensitive = node.Boolean("caseSensitive") ?? true,
            Content = node.Code<CodeSystemContent>("content", Contents) ?? CodeSystemContent.NotPresent,
            HierarchyMeaning = node.Text("hierarchyMeaning") ?? (nests ? "is-a" : null),
            ValueSet = node.Text("valueSet"),
            Supplements = node.Text("supplements"),
            Language = node.Text("language"),
            Properties = node.List("property", property => new PropertyDefinition(
                property.Required("code"), property.Text("uri"), property.Text("description"), property.Required("type"))),
            Filters = node.List("filter", filter => new FilterDefinition(filter.Required("code"), filter.Texts("operator"), filter.Text("value"))),
            Identifiers = Identifiers(node),
            Concepts = concepts,
        };
    }

    private static void AddConcepts(DefinitionNode parent, int parentIndex, List<Concept> concepts)
    {
        foreach (DefinitionNode node in parent.Children("concept"))
        {
            int index = concepts.Count;
            concepts.Add(new Concept(node.Required("code"), node.Text("display"), node.Text("definition"), parentIndex)
            {
                Designations = node.List("designation", Designation),
                Properties = node.List("property", ConceptProperty),
            });
            AddConcepts(node, index, concepts);
        }
    }

    private static Designation Designation(DefinitionNode node) =>
        new(node.Text("language"), node.Child("use") is { } use ? Coding(use) : null, node.Required("value"));

    private static Coding Coding(DefinitionNode node) =>
        new(node.Text("system"), node.Text("code"), node.Text("display"), node.Text("version"));

    private static ConceptProperty ConceptProperty(DefinitionNode node)
    {
        string code = node.Required("code");
        if (node.Child("valueCoding") is { } coding)
        {
            return new ConceptProperty(code, "Coding", coding.Text("code") ?? "", Coding(coding));
        }

        if (node.Choice("value") is { } value)
        {
            return new ConceptProperty(code, value.Type, DefinitionNode.TextOf(value));
        }

        node.Fault(IssueType.Required, "'value[x]' is missing.");
        return new ConceptProperty(code, "string", "");
    }

    private static string[] Identifiers(DefinitionNode node) =>
        [.. node.Children("identifier").Select(identifier => identifier.Text("value")).OfType<string>()];

    private static ValueSet ValueSet(DefinitionNode node)
    {
        DefinitionNode? compose = node.Child("compose");
        List<ExpansionConcept>? expansion = null;
        if (node.Child("expansion") is { } stored)
        {
            expansion = [];
            AddExpansion(stored, -1, expansion);
        }

        return new ValueSet
        {
            Url = Url(node),
            Version = Version(node),
            Name = node.Text("name"),
            Title = node.Text("title"),
            Status = node.Text("status"),
            IsExperimental = node.Boolean("experimental") ?? false,
            Identifiers = Identifiers(node),
            HasCompose = compose is not null,
            IncludesInactive = compose?.Boolean("inactive"),
            Includes = compose?.List("include", ConceptSet) ?? [],
            Excludes = compose?.List("exclude", ConceptSet) ?? [],
            Expansion = expansion,
            ExpansionTotal = node.Child("expansion")?.Number("total"),
        };
    }

    private static ConceptSet ConceptSet(DefinitionNode node) => new(
        node.Text("system"),
        node.Text("version"),
        node.List("concept", concept => new ConceptReference(concept.Required("code"), concept.Text("display"), concept.List("designation", Designation))),
        node.List("filter", filter => new ConceptFilter(filter.Required("property"), filter.Required("op"), filter.Text("value") ?? "")),
        node.Texts("valueSet"));

    private static void AddExpansion(DefinitionNode parent, int parentIndex, List<ExpansionConcept> expansion)
    {
        foreach (DefinitionNode node in parent.Children("contains"))
        {
            int index = expansion.Count;
            expansion.Add(new ExpansionConcept(
                node.Text("system"),
                node.Text("version"),
                node.Text("code"),
                node.Text("display"),
                node.Boolean("abstract") ?? false,
                node.Boolean("inactive") ?? false,
                parentIndex)
            {
                Designations = node.List("designation", Designation),
            });
            AddExpansion(node, index, expansion);
        }
    }

    private static ConceptMap ConceptMap(DefinitionNode node) => new()
    {
        Url = Url(node),
        Version = Version(node),
        Name = node.Text("name"),
        Status = node.Text("status"),
        Source = node.Text("sourceCanonical") ?? node.Text("sourceUri"),
        Target = node.Text("targetCanonical") ?? node.Text("targetUri"),
        Groups = node.List("group", group => new ConceptMapGroup(
            group.Text("source"),
            group.Text("sourceVersion"),
            group.Text("target"),
            group.Text("targetVersion"),
            group.List("element", element => new ConceptMapElement(element.Text("code"), element.Text("display"), element.List("target", MapTarget))),
            group.Child("unmapped") is { } unmapped
                ? new ConceptMapUnmapped(unmapped.Required("mode"), unmapped.Text("code"), unmapped.Text("display"), unmapped.Text("url"))
                : null)),
    };

    private static ConceptMapTarget MapTarget(DefinitionNode node) => new(
        node.Text("code"),
        node.Text("display"),
        node.Text("equivalence") ?? "equivalent",
        node.Text("comment"),
        node.List("dependsOn", MapDependency),
        node.List("product", MapDependency));

    private static ConceptMapDependency MapDependency(DefinitionNode node) =>
        new(node.Required("property"), node.Text("system"), node.Required("value"), node.Text("display"));
}
