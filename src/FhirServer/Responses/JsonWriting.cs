using System.Text.Json;

namespace HealthChain.FhirServer.Responses;

/// <summary>Members of FHIR's JSON, which leaves out what is not there.</summary>
internal static class JsonWriting
{
    public static void WriteText(this Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    public static void WriteFlag(this Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } flag)
        {
            json.WriteBoolean(name, flag);
        }
    }

    /// <summary>A truth value that is false where it does not stand.</summary>
    public static void WriteIfTrue(this Utf8JsonWriter json, string name, bool value) => json.WriteFlag(name, value ? true : null);

    public static void WriteTexts(this Utf8JsonWriter json, string name, IReadOnlyCollection<string> values)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (string value in values)
            {
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }
    }

    /// <param name="write">Writes the members of one object.</param>
    public static void WriteObjects<T>(this Utf8JsonWriter json, string name, IReadOnlyCollection<T> values, Action<T> write)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (T value in values)
            {
                json.WriteStartObject();
                write(value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }
}
