using System.Text.Json;

namespace HealthChain.Fhir.Definitions;

/// <summary>Reads definitions from the JSON of their resources: at build time for the specification, at run time for packages.</summary>
public static partial class DefinitionJson
{
    /// <summary>Values nest a few levels at most; this only has to keep hostile files from exhausting the stack.</summary>
    internal static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    /// <summary>True for the resource types that <see cref="Read(ReadOnlyMemory{byte}, string)"/> understands.</summary>
    public static bool IsDefinition(string resourceType) => KindOf(resourceType) is not null;

    /// <summary>Reads one definition.</summary>
    /// <param name="utf8">A resource as JSON.</param>
    /// <param name="origin">Where it comes from, such as the name of its file; starts the message of every issue.</param>
    public static Result<IDefinition> Read(ReadOnlyMemory<byte> utf8, string origin)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8[^WithoutMark(utf8.Span).Length..], Options);
            return Read(document.RootElement, origin);
        }
        catch (JsonException broken)
        {
            return FhirError.Invalid($"{origin}: this is not JSON: {broken.Message}");
        }
    }

    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string)"/>
    public static Result<IDefinition> Read(JsonElement resource, string origin)
    {
        var issues = new List<Issue>();
        IDefinition definition;
        try
        {
            if (TypeOf(resource) is not { } type)
            {
                return FhirError.Invalid($"{origin}: this is not a FHIR resource: 'resourceType' is missing.");
            }

            if (KindOf(type) is not { } kind)
            {
                return FhirError.Invalid($"{origin}: a {type} is not a definition that can be loaded.");
            }

            definition = Read(kind, new DefinitionNode(resource, type, issues));
        }
        catch (InvalidOperationException broken)
        {
            // JsonElement throws it for text that is not Unicode, such as a lone surrogate.
            return FhirError.Invalid($"{origin}: {broken.Message}");
        }

        if (issues.Count == 0)
        {
            return Result.Of(definition);
        }

        return new FhirError(ErrorKind.Invalid, [.. issues.Select(issue => issue with { Message = $"{origin}: {issue.Message}" })]);
    }

    /// <summary>Some editors start a file with a byte order mark, which JSON does not allow but parsers may ignore (RFC 8259 § 8.1).</summary>
    internal static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> utf8) => utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    internal static string? TypeOf(JsonElement resource) =>
        resource.ValueKind == JsonValueKind.Object && resource.TryGetProperty("resourceType", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()
            : null;

    internal static DefinitionKind? KindOf(string resourceType) =>
        Enum.TryParse(resourceType, out DefinitionKind kind) && char.IsAsciiLetter(resourceType[0]) ? kind : null;

    private static IDefinition Read(DefinitionKind kind, DefinitionNode node) => kind switch
    {
        DefinitionKind.StructureDefinition => Structure(node),
        DefinitionKind.ValueSet => ValueSet(node),
        DefinitionKind.CodeSystem => CodeSystem(node),
        DefinitionKind.ConceptMap => ConceptMap(node),
        DefinitionKind.SearchParameter => SearchParameter(node),
        DefinitionKind.OperationDefinition => Operation(node),
        DefinitionKind.CompartmentDefinition => Compartment(node),
        _ => NamingSystem(node),
    };

    // R4 itself has code systems whose url carries the version (http://terminology.hl7.org/CodeSystem/v2-0360|2.3.1).
    private static string Url(DefinitionNode node) => Canonical.Split(node.Required("url")).Url;

    private static string? Version(DefinitionNode node)
    {
        string? version = node.Text("version");
        return node.Json.TryGetProperty("url", out JsonElement url) && url.ValueKind == JsonValueKind.String
            ? Canonical.Split(url.GetString()!).Version ?? version
            : version;
    }

    private static SearchParameter SearchParameter(DefinitionNode node) => new()
    {
        Url = Url(node),
        Version = Version(node),
        Name = node.Required("name"),
        Description = node.Text("description"),
        Status = node.Text("status"),
        Code = node.Required("code"),
        Bases = node.Texts("base"),
        Type = node.Code<SearchParameterType>("type", SearchParameterTypes) ?? SearchParameterType.Special,
        Expression = node.Text("expression"),
        XPathUsage = node.Text("xpathUsage"),
        Targets = node.Texts("target"),
        MultipleOr = node.Boolean("multipleOr"),
        MultipleAnd = node.Boolean("multipleAnd"),
        Comparators = node.Texts("comparator"),
        Modifiers = node.Texts("modifier"),
        Chains = node.Texts("chain"),
        Components = node.List("component", part => new SearchParameterComponent(part.Required("definition"), part.Required("expression"))),
    };

    private static readonly string[] SearchParameterTypes =
        ["number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"];

    private static OperationDefinition Operation(DefinitionNode node) => new()
    {
        Url = Url(node),
        Version = Version(node),
        Name = node.Required("name"),
        Code = node.Required("code"),
        OperationKind = node.Text("kind"),
        AffectsState = node.Boolean("affectsState"),
        ResourceTypes = node.Texts("resource"),
        OnSystem = node.Boolean("system") ?? false,
        OnType = node.Boolean("type") ?? false,
        OnInstance = node.Boolean("instance") ?? false,
        Parameters = node.List("parameter", OperationParameter),
    };

    private static OperationParameter OperationParameter(DefinitionNode node) => new(
        node.Required("name"),
        node.Text("use") == "in",
        node.Number("min") ?? 0,
        Max(node) ?? 1,
        node.Text("type"),
        node.Text("searchType"),
        node.Texts("targetProfile"),
        node.Child("binding") is { } binding ? Binding(binding) : null,
        node.List("part", OperationParameter));

    private static CompartmentDefinition Compartment(DefinitionNode node) => new(
        Url(node),
        Version(node),
        node.Required("code"),
        node.List("resource", resource => new CompartmentResource(resource.Required("code"), resource.Texts("param"))));

    private static NamingSystem NamingSystem(DefinitionNode node) => new(
        node.Text("url"),
        node.Required("name"),
        node.Required("kind"),
        node.List("uniqueId", id => new NamingSystemId(id.Text("type") ?? "other", id.Required("value"), id.Boolean("preferred") ?? false)));
}
