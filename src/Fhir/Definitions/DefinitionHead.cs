using System.Text.Json;

namespace HealthChain.Fhir.Definitions;

/// <summary>The type and names of a definition, read without decoding the rest. Reading checks that the whole file is JSON.</summary>
internal sealed record DefinitionHead(DefinitionKind Kind, IReadOnlyList<string> Names)
{
    /// <summary>The head, or null when the file is no definition.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static DefinitionHead? Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(DefinitionJson.WithoutMark(utf8), new JsonReaderOptions { MaxDepth = DefinitionJson.Options.MaxDepth });
        DefinitionKind? kind = null;
        var names = new List<string>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("resourceType"u8))
            {
                kind = Text(ref reader) is { } type ? DefinitionJson.KindOf(type) : null;
            }
            else if (reader.ValueTextEquals("url"u8))
            {
                Add(Text(ref reader) is { } url ? Canonical.Split(url).Url : null, names);
            }
            else if (reader.ValueTextEquals("code"u8) && kind == DefinitionKind.CompartmentDefinition)
            {
                Add(Text(ref reader), names);
            }
            else if (reader.ValueTextEquals("identifier"u8) || reader.ValueTextEquals("uniqueId"u8))
            {
                Values(ref reader, names);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        reader.Read();
        return kind is { } known ? new DefinitionHead(known, names) : null;
    }

    // The "value" of each object in an array of Identifiers or NamingSystem.uniqueIds.
    private static void Values(ref Utf8JsonReader reader, List<string> names)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? kind = null;
            string? value = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    kind = Text(ref reader);
                }
                else if (reader.ValueTextEquals("value"u8))
                {
                    value = Text(ref reader);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            Add(value is null || kind is null ? value : new NamingSystemId(kind, value, false).Uri, names);
        }

        // Something else than objects is left to the decoding proper, which says what is wrong with it.
        while (reader.TokenType != JsonTokenType.EndArray)
        {
            reader.Skip();
            reader.Read();
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    private static void Add(string? name, List<string> names)
    {
        if (!string.IsNullOrEmpty(name))
        {
            names.Add(name);
        }
    }
}
