using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary>Writes an expansion as the ValueSet that <c>$expand</c> answers with, and in it what the client asked for, as R4 wishes.</summary>
internal sealed class ExpansionWriter(OperationInput input, DateTimeOffset now)
{
    private const string LanguageSystem = "urn:ietf:bcp:47";

    private static readonly (string Name, string Member)[] Recorded =
    [
        ("filter", "valueString"), ("offset", "valueInteger"), ("count", "valueInteger"), ("activeOnly", "valueBoolean"), ("includeDesignations", "valueBoolean"),
        ("designation", "valueString"), ("includeDefinition", "valueBoolean"), ("excludeNested", "valueBoolean"), ("excludeNotForUI", "valueBoolean"),
        ("excludePostCoordinated", "valueBoolean"), ("displayLanguage", "valueCode"), ("exclude-system", "valueUri"),
    ];

    private readonly string[] _designations = [.. input.Texts("designation")];

    public ReadOnlyMemory<byte> Write(ValueSet valueSet, Expansion expansion)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType", "ValueSet");
        json.WriteString("url", valueSet.Url);
        json.WriteText("version", valueSet.Version);
        json.WriteText("name", valueSet.Name);
        json.WriteText("title", valueSet.Title);
        json.WriteString("status", valueSet.Status ?? "unknown");
        json.WriteIfTrue("experimental", valueSet.IsExperimental);
        if (valueSet.HasCompose && (input.Boolean("includeDefinition") ?? false))
        {
            WriteCompose(json, valueSet);
        }

        WriteExpansion(json, expansion);
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private void WriteExpansion(Utf8JsonWriter json, Expansion expansion)
    {
        json.WriteStartObject("expansion");
        json.WriteString("timestamp", now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        json.WriteNumber("total", expansion.Total);
        if (input.Has("offset") || input.Has("count"))
        {
            json.WriteNumber("offset", expansion.Offset);
        }

        WriteParameters(json, expansion);
        WriteContains(json, expansion.Contains);
        json.WriteEndObject();
    }

    private void WriteParameters(Utf8JsonWriter json, Expansion expansion)
    {
        (string Name, string Member, ReadOnlyMemory<byte> Value)[] recorded =
        [
            .. Recorded.SelectMany(known => input.Values(known.Name).Select(value => (known.Name, known.Member, (ReadOnlyMemory<byte>)FhirJson.ToBytes(value)))),
            .. expansion.CodeSystems.Where(system => system.Contains('|', StringComparison.Ordinal)).Select(system => ("version", "valueUri", (ReadOnlyMemory<byte>)NodeJson.Of(system))),
        ];
        json.WriteObjects("parameter", recorded, parameter =>
        {
            json.WriteString("name", parameter.Name);
            json.WritePropertyName(parameter.Member);
            json.WriteRawValue(parameter.Value.Span, skipInputValidation: true);
        });
    }

    private void WriteContains(Utf8JsonWriter json, IReadOnlyList<ExpansionEntry> entries) => json.WriteObjects("contains", entries, entry =>
    {
        json.WriteString("system", entry.System);
        json.WriteIfTrue("abstract", entry.IsAbstract);
        json.WriteIfTrue("inactive", entry.IsInactive);
        json.WriteText("version", entry.Version);
        json.WriteString("code", entry.Code);
        json.WriteText("display", entry.Display);
        WriteDesignations(json, [.. entry.Designations.Where(IsWanted)]);
        WriteContains(json, entry.Contains);
    });

    private bool IsWanted(Designation designation) =>
        _designations.Length == 0 || Array.Exists(_designations, token => token == $"{LanguageSystem}|{designation.Language}" || token == $"{designation.Use?.System}|{designation.Use?.Code}");

    private static void WriteDesignations(Utf8JsonWriter json, IReadOnlyList<Designation> designations) => json.WriteObjects("designation", designations, designation =>
    {
        json.WriteText("language", designation.Language);
        if (designation.Use is { } use)
        {
            json.WriteStartObject("use");
            json.WriteText("system", use.System);
            json.WriteText("code", use.Code);
            json.WriteText("display", use.Display);
            json.WriteEndObject();
        }

        json.WriteString("value", designation.Value);
    });

    private static void WriteCompose(Utf8JsonWriter json, ValueSet valueSet)
    {
        json.WriteStartObject("compose");
        json.WriteFlag("inactive", valueSet.IncludesInactive);
        WriteSets(json, "include", valueSet.Includes);
        WriteSets(json, "exclude", valueSet.Excludes);
        json.WriteEndObject();
    }

    private static void WriteSets(Utf8JsonWriter json, string name, IReadOnlyList<ConceptSet> sets) => json.WriteObjects(name, sets, set =>
    {
        json.WriteText("system", set.System);
        json.WriteText("version", set.Version);
        json.WriteObjects("concept", set.Concepts, concept =>
        {
            json.WriteString("code", concept.Code);
            json.WriteText("display", concept.Display);
            WriteDesignations(json, concept.Designations);
        });
        json.WriteObjects("filter", set.Filters, filter =>
        {
            json.WriteString("property", filter.Property);
            json.WriteString("op", filter.Operator);
            json.WriteString("value", filter.Value);
        });
        json.WriteTexts("valueSet", set.ValueSets);
    });
}
