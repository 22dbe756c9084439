namespace HealthChain.Fhir.Patch;

/// <summary>A JSON Pointer (RFC 6901): the way from the root of a document to one value.</summary>
internal sealed class JsonPointer
{
    private JsonPointer(string text, string[] tokens)
    {
        Text = text;
        Tokens = tokens;
    }

    public string Text { get; }

    /// <summary>Member names and indexes from the root; none for the whole document.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Null when the text is not a pointer.</summary>
    public static JsonPointer? Parse(string text)
    {
        if (text.Length == 0)
        {
            return new JsonPointer(text, []);
        }

        if (text[0] != '/')
        {
            return null;
        }

        string[] tokens = text[1..].Split('/');
        for (int index = 0; index < tokens.Length; index++)
        {
            if (!HasValidEscapes(tokens[index]))
            {
                return null;
            }

            // In this order: "~01" is the escape of "~1".
            tokens[index] = tokens[index].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }

        return new JsonPointer(text, tokens);
    }

    /// <summary>True when this pointer leads to a value that holds the other one.</summary>
    public bool IsAbove(JsonPointer other) =>
        Tokens.Count < other.Tokens.Count && Tokens.SequenceEqual(other.Tokens.Take(Tokens.Count));

    public override string ToString() => Text;

    private static bool HasValidEscapes(string token)
    {
        for (int at = token.IndexOf('~'); at >= 0; at = token.IndexOf('~', at + 1))
        {
            if (at + 1 >= token.Length || token[at + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        return true;
    }
}
