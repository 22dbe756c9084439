using System.Text;
using System.Text.Json;
using HealthChain.Smart.Jose;

namespace HealthChain.Smart;

/// <summary>
/// What else is open before the user, as apps get it in <c>fhirContext</c>: objects that name something by reference, canonical or identifier
/// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#fhir-context).
/// </summary>
internal static class ContextItems
{
    /// <summary>What an item must be, for whoever sent another.</summary>
    public const string Rule = "Each item of fhirContext has a reference, a canonical or an identifier, and may have a type and a role; "
        + "a Patient or an Encounter needs a role other than 'launch', because the one of the launch stands by itself.";

    /// <summary>The role of what has none.</summary>
    private const string LaunchRole = "launch";

    private const int MaxItems = 32;
    private const int MaxIdentifier = 2048;

    /// <summary>The items: a reference that stands alone as it is, what says more as JSON.</summary>
    public static bool TryRead(JsonElement launch, int maxText, out IReadOnlyList<string> items)
    {
        var read = new List<string>();
        items = read;
        if (!launch.TryGetProperty("fhirContext", out JsonElement context))
        {
            return true;
        }

        if (context.ValueKind != JsonValueKind.Array || context.GetArrayLength() > MaxItems)
        {
            return false;
        }

        foreach (JsonElement item in context.EnumerateArray())
        {
            if (Read(item, maxText) is not { } kept)
            {
                return false;
            }

            read.Add(kept);
        }

        return true;
    }

    public static void Write(Utf8JsonWriter writer, IReadOnlyList<string> items)
    {
        writer.WriteStartArray("fhirContext"u8);
        foreach (string item in items)
        {
            if (IsJson(item))
            {
                writer.WriteRawValue(item);
                continue;
            }

            writer.WriteStartObject();
            writer.WriteString("reference"u8, item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string? Read(JsonElement item, int maxText)
    {
        if (item.ValueKind != JsonValueKind.Object
            || !(JoseJson.TryText(item, "reference", out string? reference)
                & JoseJson.TryText(item, "canonical", out string? canonical)
                & JoseJson.TryText(item, "type", out string? type)
                & JoseJson.TryText(item, "role", out string? role))
            || new[] { reference, canonical, type, role }.Any(text => text is { Length: 0 } || text?.Length > maxText))
        {
            return null;
        }

        bool hasIdentifier = item.TryGetProperty("identifier", out JsonElement identifier);
        bool isSound = (!hasIdentifier || (identifier.ValueKind == JsonValueKind.Object && identifier.GetRawText().Length <= MaxIdentifier))
            && (reference is not null || canonical is not null || hasIdentifier)
            && (role is null or LaunchRole || Uri.TryCreate(role, UriKind.Absolute, out _))
            && !((role is null or LaunchRole) && IsOfLaunch(type ?? TypeIn(reference)));
        return !isSound || (reference is not null && IsJson(reference)) ? null
            : reference is not null && canonical is null && !hasIdentifier && type is null && role is null ? reference
            : Json(reference, canonical, hasIdentifier ? identifier : default, type, role);
    }

    /// <summary>No reference begins like that.</summary>
    private static bool IsJson(string item) => item.StartsWith('{');

    private static bool IsOfLaunch(string? type) => type is "Patient" or "Encounter";

    private static string? TypeIn(string? reference) => reference?.Split('/') is [.., var type, _] ? type : null;

    private static string Json(string? reference, string? canonical, JsonElement identifier, string? type, string? role)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            WriteText("reference", reference);
            WriteText("canonical", canonical);
            if (identifier.ValueKind == JsonValueKind.Object)
            {
                writer.WritePropertyName("identifier"u8);
                identifier.WriteTo(writer);
            }

            WriteText("type", type);
            WriteText("role", role);
            writer.WriteEndObject();

            void WriteText(string name, string? value)
            {
                if (value is not null)
                {
                    writer.WriteString(name, value);
                }
            }
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
