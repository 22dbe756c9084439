using System.Text.Json;

namespace HealthChain.Fhir.Definitions;

/// <summary>
/// A JSON object inside a definition with the path to it. Asking for a member of the wrong type notes an issue and gives the
/// absent value, so that one reading reports every fault.
/// </summary>
internal sealed class DefinitionNode
{
    private readonly JsonElement _json;
    private readonly DefinitionNode? _parent;
    private readonly string _name;
    private readonly int _index;
    private readonly List<Issue> _issues;

    public DefinitionNode(JsonElement json, string name, List<Issue> issues)
        : this(json, null, name, -1, issues)
    {
    }

    private DefinitionNode(JsonElement json, DefinitionNode? parent, string name, int index, List<Issue> issues)
    {
        _json = json;
        _parent = parent;
        _name = name;
        _index = index;
        _issues = issues;
    }

    public string Path
    {
        get
        {
            string step = _index < 0 ? _name : $"{_name}[{_index}]";
            return _parent is null ? step : $"{_parent.Path}.{step}";
        }
    }

    public JsonElement Json => _json;

    public bool Has(string name) => _json.TryGetProperty(name, out _);

    public string? Text(string name) => Value(name, JsonValueKind.String, "a string") is { } value ? value.GetString() : null;

    /// <summary>The text of a member that must be there; the empty string (and an issue) when it is not.</summary>
    public string Required(string name)
    {
        if (Text(name) is { Length: > 0 } text)
        {
            return text;
        }

        if (!Has(name))
        {
            Fault(IssueType.Required, $"'{name}' is missing.");
        }

        return "";
    }

    public bool? Boolean(string name)
    {
        if (!_json.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Fault(IssueType.Value, $"'{name}' must be true or false.");
        return null;
    }

    public int? Number(string name)
    {
        if (Value(name, JsonValueKind.Number, "a whole number") is not { } value)
        {
            return null;
        }

        if (value.TryGetInt32(out int number))
        {
            return number;
        }

        Fault(IssueType.Value, $"'{name}' must be a whole number.");
        return null;
    }

    /// <summary>A code as the enumeration whose members are the codes in order, such as <c>not-present</c> for the first.</summary>
    public T? Code<T>(string name, IReadOnlyList<string> codes)
        where T : struct, Enum
    {
        if (Text(name) is not { } code)
        {
            return null;
        }

        for (int i = 0; i < codes.Count; i++)
        {
            if (codes[i] == code)
            {
                return (T)Enum.ToObject(typeof(T), i);
            }
        }

        Fault(IssueType.CodeInvalid, $"'{name}' is '{code}', expected one of {string.Join(", ", codes)}.");
        return null;
    }

    public DefinitionNode? Child(string name) =>
        Value(name, JsonValueKind.Object, "an object") is { } value ? new DefinitionNode(value, this, name, -1, _issues) : null;

    public IReadOnlyList<string> Texts(string name) => List(name, JsonValueKind.String, "a string", static (_, value, _) => value.GetString()!);

    public IReadOnlyList<T> List<T>(string name, Func<DefinitionNode, T> read) =>
        List(name, JsonValueKind.Object, "an object", (parent, value, index) => read(new DefinitionNode(value, parent, name, index, _issues)));

    public IEnumerable<DefinitionNode> Children(string name) => List(name, static node => node);

    /// <summary>Notes that something of this object is at fault.</summary>
    public void Fault(IssueType type, string message) => _issues.Add(Issue.Error(type, message, Path));

    /// <summary>The member with one of the names <c>prefix</c> + type, such as <c>fixedCode</c>.</summary>
    public TypedValue? Choice(string prefix)
    {
        foreach (JsonProperty property in _json.EnumerateObject())
        {
            string name = property.Name;
            if (name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal) && char.IsAsciiLetterUpper(name[prefix.Length]))
            {
                return new TypedValue(TypeNames.OfChoice(name[prefix.Length..]), Compact(property.Value));
            }
        }

        return null;
    }

    /// <summary>The value of an extension of this object, as its text whatever its type; null when there is none.</summary>
    public string? Extension(string url)
    {
        foreach (DefinitionNode extension in Children("extension"))
        {
            if (extension.Text("url") == url && extension.Choice("value") is { } value)
            {
                return TextOf(value);
            }
        }

        return null;
    }

    public static string TextOf(TypedValue value)
    {
        var reader = new Utf8JsonReader(value.Json.Span);
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? reader.GetString()! : System.Text.Encoding.UTF8.GetString(value.Json.Span);
    }

    private JsonElement? Value(string name, JsonValueKind kind, string expected)
    {
        if (!_json.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind == kind)
        {
            return value;
        }

        Fault(IssueType.Value, $"'{name}' must be {expected}.");
        return null;
    }

    private T[] List<T>(string name, JsonValueKind kind, string expected, Func<DefinitionNode, JsonElement, int, T> read)
    {
        if (Value(name, JsonValueKind.Array, "an array") is not { } array)
        {
            return [];
        }

        var list = new List<T>(array.GetArrayLength());
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind == kind)
            {
                list.Add(read(this, item, index));
            }
            else
            {
                // A null only holds the place of a primitive that has nothing but extensions (https://hl7.org/fhir/R4/json.html#primitive).
                if (item.ValueKind != JsonValueKind.Null)
                {
                    Fault(IssueType.Value, $"'{name}[{index}]' must be {expected}.");
                }
            }

            index++;
        }

        return [.. list];
    }

    // White space goes, everything else stays as written: the digits of decimals carry meaning.
    private static byte[] Compact(JsonElement value)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            value.WriteTo(writer);
        }

        return buffer.ToArray();
    }
}

/// <summary>Type names as choice elements write them.</summary>
internal static class TypeNames
{
    private static readonly HashSet<string> Primitives =
    [
        "base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer", "markdown", "oid",
        "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml",
    ];

    /// <summary><c>string</c> for <c>String</c> and <c>HumanName</c> for <c>HumanName</c>: only primitives start in lower case.</summary>
    public static string OfChoice(string suffix)
    {
        string lower = char.ToLowerInvariant(suffix[0]) + suffix[1..];
        return Primitives.Contains(lower) ? lower : suffix;
    }

    public static bool IsPrimitive(string type) => Primitives.Contains(type);
}
