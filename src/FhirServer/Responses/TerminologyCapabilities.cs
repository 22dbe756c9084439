using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Responses;

/// <summary>Writes which code systems are loaded and what can be asked of them: https://hl7.org/fhir/R4/terminologycapabilities.html</summary>
internal static class TerminologyCapabilities
{
    private static readonly string[] ExpansionParameters =
        ["activeOnly", "count", "displayLanguage", "excludeNested", "excludeNotForUI", "filter", "includeDefinition", "includeDesignations", "offset"];

    public static ReadOnlyMemory<byte> ToJson(ServerOptions options, DefinitionSet definitions, DateTimeOffset date)
    {
        var body = new ArrayBufferWriter<byte>(1 << 18);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "TerminologyCapabilities"u8);
        CapabilityStatement.WriteHead(json, options, date, "HealthChainTerminology", "HealthChain terminology services");
        WriteCodeSystems(json, definitions);
        json.WriteStartObject("expansion"u8);
        json.WriteBoolean("hierarchical"u8, true);
        json.WriteBoolean("paging"u8, true);
        json.WriteBoolean("incomplete"u8, false);
        json.WriteStartArray("parameter"u8);
        foreach (string parameter in ExpansionParameters)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, parameter);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteString("codeSearch"u8, "explicit"u8);
        json.WriteStartObject("validateCode"u8);
        json.WriteBoolean("translations"u8, false);
        json.WriteEndObject();
        json.WriteStartObject("translation"u8);
        json.WriteBoolean("needsMap"u8, true);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteCodeSystems(Utf8JsonWriter json, DefinitionSet definitions)
    {
        json.WriteStartArray("codeSystem"u8);
        foreach (IGrouping<string, CodeSystem> versions in definitions.CodeSystems.GroupBy(system => system.Url).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("uri"u8, versions.Key);
            string[] codes = [.. versions.Select(system => system.Version).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
            if (codes.Length > 0)
            {
                WriteVersions(json, codes);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteVersions(Utf8JsonWriter json, string[] codes)
    {
        json.WriteStartArray("version"u8);
        foreach (string code in codes)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
