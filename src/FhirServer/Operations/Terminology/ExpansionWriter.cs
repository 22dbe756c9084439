using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

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
        Optional(json, "version", valueSet.Version);
        Optional(json, "name", valueSet.Name);
        Optional(json, "title", valueSet.Title);
        json.WriteString("status", valueSet.Status ?? "unknown");
        Flag(json, "experimental", valueSet.IsExperimental);
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
        (string Name, string Member, Element Value)[] asked = [.. Recorded.SelectMany(known => input.Values(known.Name).Select(value => (known.Name, known.Member, value)))];
        string[] versions = [.. expansion.CodeSystems.Where(system => system.Contains('|', StringComparison.Ordinal))];
        if (asked.Length + versions.Length == 0)
        {
            return;
        }

        json.WriteStartArray("parameter");
        foreach ((string name, string member, Element value) in asked)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WritePropertyName(member);
            json.WriteRawValue(FhirJson.ToBytes(value), skipInputValidation: true);
            json.WriteEndObject();
        }

        foreach (string version in versions)
        {
            json.WriteStartObject();
            json.WriteString("name", "version");
            json.WriteString("valueUri", version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteContains(Utf8JsonWriter json, IReadOnlyList<ExpansionEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        json.WriteStartArray("contains");
        foreach (ExpansionEntry entry in entries)
        {
            json.WriteStartObject();
            json.WriteString("system", entry.System);
            Flag(json, "abstract", entry.IsAbstract);
            Flag(json, "inactive", entry.IsInactive);
            Optional(json, "version", entry.Version);
            json.WriteString("code", entry.Code);
            Optional(json, "display", entry.Display);
            WriteDesignations(json, [.. entry.Designations.Where(IsWanted)]);
            WriteContains(json, entry.Contains);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private bool IsWanted(Designation designation) =>
        _designations.Length == 0 || Array.Exists(_designations, token => token == $"{LanguageSystem}|{designation.Language}" || token == $"{designation.Use?.System}|{designation.Use?.Code}");

    private static void WriteDesignations(Utf8JsonWriter json, IReadOnlyList<Designation> designations)
    {
        if (designations.Count == 0)
        {
            return;
        }

        json.WriteStartArray("designation");
        foreach (Designation designation in designations)
        {
            json.WriteStartObject();
            Optional(json, "language", designation.Language);
            if (designation.Use is { } use)
            {
                json.WriteStartObject("use");
                Optional(json, "system", use.System);
                Optional(json, "code", use.Code);
                Optional(json, "display", use.Display);
                json.WriteEndObject();
            }

            json.WriteString("value", designation.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCompose(Utf8JsonWriter json, ValueSet valueSet)
    {
        json.WriteStartObject("compose");
        if (valueSet.IncludesInactive is { } inactive)
        {
            json.WriteBoolean("inactive", inactive);
        }

        WriteSets(json, "include", valueSet.Includes);
        WriteSets(json, "exclude", valueSet.Excludes);
        json.WriteEndObject();
    }

    private static void WriteSets(Utf8JsonWriter json, string name, IReadOnlyList<ConceptSet> sets)
    {
        if (sets.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (ConceptSet set in sets)
        {
            json.WriteStartObject();
            Optional(json, "system", set.System);
            Optional(json, "version", set.Version);
            WriteConcepts(json, set.Concepts);
            WriteFilters(json, set.Filters);
            if (set.ValueSets.Count > 0)
            {
                json.WriteStartArray("valueSet");
                foreach (string valueSet in set.ValueSets)
                {
                    json.WriteStringValue(valueSet);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteConcepts(Utf8JsonWriter json, IReadOnlyList<ConceptReference> concepts)
    {
        if (concepts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("concept");
        foreach (ConceptReference concept in concepts)
        {
            json.WriteStartObject();
            json.WriteString("code", concept.Code);
            Optional(json, "display", concept.Display);
            WriteDesignations(json, concept.Designations);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFilters(Utf8JsonWriter json, IReadOnlyList<ConceptFilter> filters)
    {
        if (filters.Count == 0)
        {
            return;
        }

        json.WriteStartArray("filter");
        foreach (ConceptFilter filter in filters)
        {
            json.WriteStartObject();
            json.WriteString("property", filter.Property);
            json.WriteString("op", filter.Operator);
            json.WriteString("value", filter.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Flag(Utf8JsonWriter json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, true);
        }
    }
}
