using System.Globalization;
using System.Text.Json;
using HealthChain.Consent;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>The data types that an AuditEvent is made of.</summary>
internal static class AuditJson
{
    public static void WriteTypes(this Utf8JsonWriter json, params ReadOnlySpan<AuditCode?> codes)
    {
        json.WriteStartObject("type"u8);
        json.WriteStartArray("coding"u8);
        foreach (AuditCode? code in codes)
        {
            if (code is not null)
            {
                json.WriteStartObject();
                json.WriteCode(code);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteConcepts(this Utf8JsonWriter json, string name, IReadOnlyList<ConsentCode> codes)
    {
        json.WriteStartArray(name);
        foreach (ConsentCode code in codes)
        {
            json.WriteStartObject();
            json.WriteStartArray("coding"u8);
            json.WriteStartObject();
            json.WriteString("system"u8, code.System);
            json.WriteString("code"u8, code.Code);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteCoding(this Utf8JsonWriter json, string name, AuditCode code)
    {
        json.WriteStartObject(name);
        json.WriteCode(code);
        json.WriteEndObject();
    }

    public static void WriteCode(this Utf8JsonWriter json, AuditCode code)
    {
        json.WriteString("system"u8, code.System);
        json.WriteString("code"u8, code.Code);
        json.WriteString("display"u8, code.Display);
    }

    public static void WriteReference(this Utf8JsonWriter json, string name, string reference)
    {
        json.WriteStartObject(name);
        json.WriteString("reference"u8, reference);
        json.WriteEndObject();
    }

    /// <summary>A reference where the text is one; else an identifier.</summary>
    public static void WriteParty(this Utf8JsonWriter json, string name, string text)
    {
        if (IsLocalReference(text) || Uri.IsWellFormedUriString(text, UriKind.Absolute))
        {
            json.WriteReference(name, text);
        }
        else
        {
            json.WriteIdentifier(name, null, text);
        }
    }

    /// <summary>Whether a text is a type and an id, such as <c>Practitioner/7</c>, and perhaps a version.</summary>
    public static bool IsLocalReference(string text) =>
        text.Split('/') is [var type, var id, .. var rest]
        && ResourceTypes.Find(type) is not null
        && RequestTarget.IsId(id)
        && (rest.Length == 0 || (rest is ["_history", var version] && RequestTarget.IsId(version)));

    public static void WriteIdentifier(this Utf8JsonWriter json, string name, string? system, string value)
    {
        json.WriteStartObject(name);
        json.WriteStartObject("identifier"u8);
        json.WriteText("system", system);
        json.WriteString("value"u8, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteNetwork(this Utf8JsonWriter json, string address, string type)
    {
        json.WriteStartObject("network"u8);
        json.WriteString("address"u8, address);
        json.WriteString("type"u8, type);
        json.WriteEndObject();
    }

    public static void WriteInstant(this Utf8JsonWriter json, string name, DateTimeOffset instant) =>
        json.WriteString(name, instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
