using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.ValidatorSuite;

/// <param name="Applies">Whether a place can be broken in this way.</param>
/// <param name="Break">Breaks it and gives the expression that the error must name.</param>
internal sealed record GenericFault(string Kind, Func<Place, bool> Applies, Func<Place, string> Break);

/// <summary>Faults that the schema allows to make at many places of any resource.</summary>
internal static class GenericFaults
{
    public static IReadOnlyList<GenericFault> All { get; } =
    [
        new("wrong JSON type", place => place.Type.IsPrimitive && place.Name != "id", place => Set(place, new JsonObject { ["x"] = 1 })),
        new("text instead of an object", place => place.Type.Kind is TypeKind.Complex or TypeKind.Backbone, place => Set(place, "text")),
        new("bad primitive", place => BadValue(place.Type.Primitive) is not null && place.Element.Name != "div", place => Set(place, BadValue(place.Type.Primitive))),
        new("empty string", place => place.Value is JsonValue value && value.TryGetValue(out string? _), place => Set(place, "")),
        new("empty object", place => place.Type.Kind is TypeKind.Complex or TypeKind.Backbone, place => Set(place, new JsonObject())),
        new("unknown member", place => place.Value is JsonObject && !place.Type.IsResource, AddUnknownMember),
        new("missing required element", place => place.Element.Min > 0 && place.Index <= 0 && CountOf(place) == 1, Remove),
        new("array instead of a single value", place => !place.Element.IsList && place.Name != "id", place => Set(place, new JsonArray(place.Value!.DeepClone(), place.Value.DeepClone()))),
        new("single value instead of an array", place => place.Element.IsList && place.Index == 0, Unwrap),
        new("code not in the required value set", HasRequiredCode, place => Set(place, "no-such-code")),
        new("second type of a choice", place => place.Element.IsChoice && place.Name.EndsWith("Quantity", StringComparison.Ordinal) && Other(place) is not null, AddSecondChoice),
        new("type that the choice does not have", place => place.Element.IsChoice, RenameChoice),
        new("reference to a wrong type", place => place.Type.Name == "Reference" && WrongTarget(place) is not null && HasLiteral(place), place => SetReference(place, WrongTarget(place) + "/x")),
        new("reference to a contained resource that is not there", place => place.Type.Name == "Reference" && HasLiteral(place), place => SetReference(place, "#no-such-id")),
        new("malformed reference", place => place.Type.Name == "Reference" && HasLiteral(place), place => SetReference(place, "not a reference") + ".reference"),
        new("code that its system does not have", place => place.Type.Name == "Coding" && HasKnownSystem(place), place => SetMember(place, "code", "no-such-code")),
        new("extension that HL7 does not define", CanHaveExtension, place => AddExtension(place, "extension", "http://hl7.org/fhir/StructureDefinition/no-such-extension")),
        new("extension on a wrong element", CanHaveExtension, place => AddExtension(place, "extension", "http://hl7.org/fhir/StructureDefinition/capabilitystatement-supported-system")),
        new("ordinary extension as a modifier", place => place.Type.Kind == TypeKind.Backbone, place => AddExtension(place, "modifierExtension", "http://hl7.org/fhir/StructureDefinition/rendered-value")),
        new("extension without a value", CanHaveExtension, AddEmptyExtension),
        new("two elements of one id", place => place.Value is JsonObject value && !place.Type.IsResource && place.Type.Kind != TypeKind.Resource && value.Count > 0 && place.Owner["resourceType"] is not null, AddTwoIds),
        new("reversed period", place => place.Type.Name == "Period", ReversePeriod),
        new("unit that UCUM does not have", place => place.Type.Name is "Quantity" && (string?)place.Value!["system"] == "http://unitsofmeasure.org" && place.Value["code"] is not null, place => SetMember(place, "code", "furlongs!")),
        new("unit code without a system", place => place.Type.Name is "Quantity" && place.Value!["code"] is not null, RemoveUnitSystem),
        new("contact point without a system", place => place.Type.Name is "ContactPoint" && place.Value!["value"] is not null && place.Value["system"] is not null, RemoveSystem),
    ];

    private static string Set(Place place, JsonNode? value)
    {
        place.Set(value);
        return place.Expression;
    }

    private static string SetMember(Place place, string name, JsonNode value)
    {
        place.Value!.AsObject()[name] = value;
        return place.Expression + "." + name;
    }

    private static string SetReference(Place place, string literal)
    {
        JsonObject reference = place.Value!.AsObject();
        reference["reference"] = literal;
        reference.Remove("type");
        return place.Expression;
    }

    private static JsonNode? BadValue(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => "yes",
        PrimitiveKind.Integer or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt => 1.5,
        PrimitiveKind.Decimal => "1,5",
        PrimitiveKind.Code => " two  words ",
        PrimitiveKind.Id => "not/an/id",
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical => "with blanks in it",
        PrimitiveKind.Base64Binary => "!!!",
        PrimitiveKind.Instant => "2020-01-01T10:00:00",
        PrimitiveKind.Date => "2020-13-01",
        PrimitiveKind.DateTime => "01.02.2020",
        PrimitiveKind.Time => "25:00:00",
        _ => null,
    };

    private static string AddUnknownMember(Place place)
    {
        place.Value!.AsObject()["noSuchMember"] = "x";
        return place.Expression;
    }

    private static int CountOf(Place place) => place.Owner[place.Name] is JsonArray array ? array.Count : 1;

    private static string Remove(Place place)
    {
        place.Owner.Remove(place.Name);
        place.Owner.Remove("_" + place.Name);
        if (place.Owner.Count == 0)
        {
            place.Owner["extension"] = new JsonArray(new JsonObject { ["url"] = "http://example.org/x", ["valueBoolean"] = true });
        }

        return place.OwnerExpression;
    }

    private static string Unwrap(Place place)
    {
        JsonNode first = place.Value!.DeepClone();
        place.Owner[place.Name] = first;
        return $"{place.OwnerExpression}.{place.Element.Name}";
    }

    private static ElementDefinition? DefinitionOf(Place place)
    {
        string path = place.Element.Path;
        string owner = path[..path.IndexOf('.', StringComparison.Ordinal)];
        return DefinitionSet.R4.Type(owner)?.Snapshot.FirstOrDefault(definition => definition.Path == path);
    }

    private static bool HasRequiredCode(Place place) =>
        place.Type.Name == "code" && DefinitionOf(place) is { Binding: { Strength: BindingStrength.Required, ValueSet: { } set } }
        && !set.Contains("mimetypes", StringComparison.Ordinal) && !set.Contains("languages", StringComparison.Ordinal) && !set.Contains("currencies", StringComparison.Ordinal);

    private static ElementType? Other(Place place) => place.Element.Types.FirstOrDefault(type => type.Type.Name == "string");

    private static string AddSecondChoice(Place place)
    {
        place.Owner[place.Element.Name + "String"] = "x";
        return $"{place.OwnerExpression}.{place.Element.Name}";
    }

    private static string RenameChoice(Place place)
    {
        JsonNode value = place.Owner[place.Name]!.DeepClone();
        place.Owner.Remove(place.Name);
        place.Owner.Remove("_" + place.Name);
        place.Owner[place.Element.Name + "Narrative"] = value;
        return place.OwnerExpression;
    }

    private static bool HasLiteral(Place place) => (string?)place.Value?["reference"] is { Length: > 0 } literal && !literal.StartsWith('#');

    private static string? WrongTarget(Place place)
    {
        IReadOnlyList<string>? targets = DefinitionOf(place)?.Types.FirstOrDefault(type => type.Code == "Reference")?.TargetProfiles;
        if (targets is null || targets.Count == 0 || targets.Any(target => target.EndsWith("/Resource", StringComparison.Ordinal)))
        {
            return null;
        }

        return targets.Any(target => target.EndsWith("/Slot", StringComparison.Ordinal)) ? "Schedule" : "Slot";
    }

    private static bool HasKnownSystem(Place place) =>
        (string?)place.Value!["system"] is { } system && place.Value["code"] is not null
        && DefinitionSet.R4.CodeSystem(system) is { Content: CodeSystemContent.Complete };

    private static bool CanHaveExtension(Place place) =>
        place.Type.Kind is TypeKind.Complex or TypeKind.Backbone && place.Type.Name != "Extension" && place.Value!["extension"] is null;

    private static string AddExtension(Place place, string member, string url)
    {
        place.Value!.AsObject()[member] = new JsonArray(new JsonObject { ["url"] = url, ["valueString"] = "x" });
        return $"{place.Expression}.{member}[0]";
    }

    private static string AddEmptyExtension(Place place)
    {
        place.Value!.AsObject()["extension"] = new JsonArray(new JsonObject { ["url"] = "http://example.org/x" });
        return $"{place.Expression}.extension[0]";
    }

    private static string AddTwoIds(Place place)
    {
        JsonObject value = place.Value!.AsObject();
        value["id"] = "twice";
        value["extension"] = new JsonArray(new JsonObject { ["id"] = "twice", ["url"] = "http://example.org/x", ["valueBoolean"] = true });
        return place.Expression;
    }

    private static string ReversePeriod(Place place)
    {
        JsonObject period = place.Value!.AsObject();
        period["start"] = "2020-02-01";
        period["end"] = "2020-01-01";
        return place.Expression;
    }

    private static string RemoveUnitSystem(Place place)
    {
        place.Value!.AsObject().Remove("system");
        return place.Expression;
    }

    private static string RemoveSystem(Place place)
    {
        place.Value!.AsObject().Remove("system");
        return place.Expression;
    }
}
