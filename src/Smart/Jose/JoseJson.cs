using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace HealthChain.Smart.Jose;

/// <summary>Reads JSON from outside as strictly as signatures deserve: what two readers could understand differently is refused.</summary>
internal static class JoseJson
{
    private static readonly JsonDocumentOptions Strict = new()
    {
        // "the Header Parameter names within the JOSE Header MUST be unique": https://www.rfc-editor.org/rfc/rfc7515#section-4
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = 8,
    };

    /// <summary>An object, or null when the bytes are anything else.</summary>
    public static JsonElement? ReadObject(ReadOnlyMemory<byte> utf8)
    {
        // The reader of the base library looks at the encoding of a text only when it is asked for it.
        if (!Utf8.IsValid(utf8.Span))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object && HasWholeTexts(document.RootElement) ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>False when the member is there but no text; a member that is missing gives null.</summary>
    public static bool TryText(JsonElement holder, string name, out string? text)
    {
        text = null;
        if (!holder.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }

    /// <summary>A text that must be there.</summary>
    public static bool TryNeeded(JsonElement holder, string name, [NotNullWhen(true)] out string? text) =>
        TryText(holder, name, out text) && !string.IsNullOrEmpty(text);

    /// <summary>A list of texts; a missing one is empty. False when it is something else, or longer than allowed.</summary>
    public static bool TryTexts(JsonElement holder, string name, int most, out IReadOnlyList<string> texts)
    {
        texts = [];
        if (!holder.TryGetProperty(name, out JsonElement list))
        {
            return true;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > most || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            return false;
        }

        texts = [.. list.EnumerateArray().Select(item => item.GetString()!)];
        return true;
    }

    /// <summary>Half a surrogate pair can be written as an escape, but is no text.</summary>
    private static bool HasWholeTexts(JsonElement element)
    {
        try
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    return element.EnumerateObject().All(member => member.Name.Length >= 0 && HasWholeTexts(member.Value));
                case JsonValueKind.Array:
                    return element.EnumerateArray().All(HasWholeTexts);
                case JsonValueKind.String:
                    return element.GetString() is not null;
                default:
                    return true;
            }
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
