using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Responses;

namespace HealthChain.FhirServer.Definitions;

/// <summary>Writes a base structure, with its snapshot: names, cardinalities, types, bindings and rules of each element; not the prose around them.</summary>
internal static class StructureText
{
    public static ReadOnlyMemory<byte> Of(StructureDefinition structure) => DefinitionText.Write(structure, structure.Name, structure.Status, json =>
    {
        json.WriteString("fhirVersion", "4.0.1");
        json.WriteString("kind", structure.Kind switch
        {
            StructureKind.PrimitiveType => "primitive-type",
            StructureKind.ComplexType => "complex-type",
            StructureKind.Resource => "resource",
            _ => "logical",
        });
        json.WriteBoolean("abstract", structure.IsAbstract);
        json.WriteString("type", structure.Type);
        json.WriteText("baseDefinition", structure.BaseDefinition);
        if (structure.BaseDefinition is not null)
        {
            json.WriteString("derivation", structure.IsConstraint ? "constraint" : "specialization");
        }

        json.WriteStartObject("snapshot");
        json.WriteObjects("element", structure.Snapshot, element => Write(json, element));
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, ElementDefinition element)
    {
        json.WriteString("id", element.Id);
        json.WriteString("path", element.Path);
        json.WriteTexts("representation", element.Representations);
        json.WriteText("sliceName", element.SliceName);
        json.WriteText("short", element.Short);
        json.WriteString("definition", element.Short ?? element.Path);
        json.WriteNumber("min", element.Min ?? 0);
        json.WriteString("max", DefinitionText.Max(element.Max ?? 1));
        if (element is { BasePath: { } path, BaseMin: { } min, BaseMax: { } max })
        {
            json.WriteStartObject("base");
            json.WriteString("path", path);
            json.WriteNumber("min", min);
            json.WriteString("max", DefinitionText.Max(max));
            json.WriteEndObject();
        }

        json.WriteText("contentReference", element.ContentReference is { } content ? "#" + content : null);
        json.WriteObjects("type", element.Types, type => Write(json, type));
        json.WriteObjects("constraint", element.Constraints, constraint => Write(json, constraint));
        json.WriteFlag("mustSupport", element.MustSupport);
        json.WriteFlag("isModifier", element.IsModifier);
        if (element.IsModifier == true)
        {
            json.WriteString("isModifierReason", "It changes what the elements beside it mean.");
        }

        json.WriteFlag("isSummary", element.IsSummary);
        DefinitionText.Write(json, element.Binding);
    }

    private static void Write(Utf8JsonWriter json, TypeReference type)
    {
        if (type.FhirType is not null)
        {
            json.WriteStartArray("extension");
            json.WriteStartObject();
            json.WriteString("url", "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type");
            json.WriteString("valueUrl", type.FhirType);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteString("code", type.Code);
        json.WriteTexts("profile", type.Profiles);
        json.WriteTexts("targetProfile", type.TargetProfiles);
        json.WriteTexts("aggregation", type.Aggregations);
        json.WriteText("versioning", type.Versioning);
    }

    private static void Write(Utf8JsonWriter json, Constraint constraint)
    {
        json.WriteString("key", constraint.Key);
        json.WriteString("severity", constraint.Severity.ToString().ToLowerInvariant());
        json.WriteString("human", constraint.Human);
        json.WriteText("expression", constraint.Expression);
        json.WriteText("source", constraint.Source);
    }
}
