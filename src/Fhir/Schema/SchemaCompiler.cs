using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Schema;

/// <summary>
/// Turns the StructureDefinitions of the specification's own types into the compact schema that readers use. Runs at build time.
/// </summary>
internal static class SchemaCompiler
{
    private const string SystemTypePrefix = "http://hl7.org/fhirpath/System.";

    /// <summary>Compiles the types' own definitions (no profiles, no logical models), each with its snapshot.</summary>
    public static void Write(IEnumerable<StructureDefinition> definitions, Stream output)
    {
        List<Draft> drafts = Collect(definitions);
        var ids = new Dictionary<string, int>();
        foreach (Draft draft in drafts)
        {
            ids.Add(draft.Name, ids.Count);
        }

        var writer = new SchemaBinaryWriter();
        writer.Number(drafts.Count);
        foreach (Draft draft in drafts)
        {
            writer.Text(draft.Name);
            writer.Number((int)draft.Kind);
            writer.Number((int)draft.Primitive);
            writer.Number(draft.IsAbstract ? 1 : 0);
            writer.Number(draft.Base is null ? 0 : ids[draft.Base] + 1);
        }

        writer.Number(drafts.Sum(draft => draft.Elements.Count));
        foreach (Draft draft in drafts)
        {
            writer.Number(draft.Elements.Count);
            foreach (ElementDefinition element in draft.Elements)
            {
                WriteElement(writer, draft, element, ids);
            }
        }

        writer.CopyTo(output);
    }

    private static List<Draft> Collect(IEnumerable<StructureDefinition> definitions)
    {
        var drafts = new List<Draft>();
        foreach (StructureDefinition definition in definitions.OrderBy(d => d.Kind).ThenBy(d => d.Name, StringComparer.Ordinal))
        {
            if (definition.IsConstraint || definition.Kind == StructureKind.Logical)
            {
                continue;
            }

            Add(drafts, definition);
        }

        return drafts;
    }

    private static void Add(List<Draft> drafts, StructureDefinition definition)
    {
        bool isPrimitive = definition.Kind == StructureKind.PrimitiveType;
        var root = new Draft(
            definition.Type,
            definition.Kind switch
            {
                StructureKind.PrimitiveType => TypeKind.Primitive,
                StructureKind.Resource => TypeKind.Resource,
                _ => TypeKind.Complex,
            },
            isPrimitive ? Enum.Parse<PrimitiveKind>(definition.Type, ignoreCase: true) : PrimitiveKind.None,
            definition.IsAbstract,
            definition.BaseDefinition?[(definition.BaseDefinition.LastIndexOf('/') + 1)..]);
        drafts.Add(root);

        var byPath = new Dictionary<string, Draft> { [definition.Type] = root };
        foreach (ElementDefinition element in definition.Snapshot.Skip(1))
        {
            int dot = element.Path.LastIndexOf('.');
            if (isPrimitive && element.Path.EndsWith(".value", StringComparison.Ordinal))
            {
                continue;
            }

            byPath[element.Path[..dot]].Elements.Add(element);
            string? anonymous = element.Types.Count == 1 && element.Types[0].Code is "BackboneElement" or "Element" ? element.Types[0].Code : null;
            if (anonymous is not null && HasChildren(definition, element))
            {
                var backbone = new Draft(element.Path, TypeKind.Backbone, PrimitiveKind.None, false, anonymous);
                byPath.Add(element.Path, backbone);
                drafts.Add(backbone);
            }
        }
    }

    private static bool HasChildren(StructureDefinition definition, ElementDefinition element) =>
        definition.Snapshot.Any(other => other.Path.StartsWith(element.Path + ".", StringComparison.Ordinal));

    private static void WriteElement(SchemaBinaryWriter writer, Draft owner, ElementDefinition element, Dictionary<string, int> ids)
    {
        string name = element.Path[(element.Path.LastIndexOf('.') + 1)..];
        bool isChoice = name.EndsWith("[x]", StringComparison.Ordinal);
        if (isChoice)
        {
            name = name[..^3];
        }

        ElementTraits traits = isChoice ? ElementTraits.Choice : ElementTraits.None;
        traits |= element.IsSummary == true ? ElementTraits.Summary : ElementTraits.None;
        traits |= element.IsModifier == true ? ElementTraits.Modifier : ElementTraits.None;
        traits |= element.Representations.Contains("xmlAttr") ? ElementTraits.XmlAttribute : ElementTraits.None;

        writer.Text(name);
        writer.Text(element.Path);
        writer.Text(element.BasePath ?? element.Path);
        writer.Number(element.Min ?? 0);
        writer.Number(element.Max is null or int.MaxValue ? 0 : element.Max.Value + 1);
        writer.Number((int)traits);

        List<string> types = TypeNames(owner, element, name, ids);
        writer.Number(types.Count);
        foreach (string type in types)
        {
            writer.Number(ids[type]);
            writer.Text(isChoice ? name + char.ToUpperInvariant(type[0]) + type[1..] : name);
        }
    }

    private static List<string> TypeNames(Draft owner, ElementDefinition element, string name, Dictionary<string, int> ids)
    {
        if (element.ContentReference is { } reference)
        {
            return [reference.TrimStart('#')];
        }

        if (ids.ContainsKey(element.Path))
        {
            return [element.Path];
        }

        // The definitions type ids as System.String; a resource's id has the stricter format of the type "id".
        if (name == "id" && owner.Kind == TypeKind.Resource)
        {
            return ["id"];
        }

        return element.Types
            .Select(type => type.Code.StartsWith(SystemTypePrefix, StringComparison.Ordinal) ? type.FhirType ?? "string" : type.Code)
            .Distinct()
            .ToList();
    }

    private sealed record Draft(string Name, TypeKind Kind, PrimitiveKind Primitive, bool IsAbstract, string? Base)
    {
        public List<ElementDefinition> Elements { get; } = [];
    }
}
