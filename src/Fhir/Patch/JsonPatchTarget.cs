using System.Globalization;
using System.Text.Json.Nodes;

namespace HealthChain.Fhir.Patch;

/// <summary>The document under a JSON Patch. Each operation returns null, or why it cannot be done.</summary>
internal sealed class JsonPatchTarget(JsonNode? root, PatchLimits limits)
{
    private int _copied;

    public JsonNode? Root { get; private set; } = root;

    public string? Add(JsonPointer path, JsonNode? value)
    {
        if (path.Tokens.Count + DepthOf(value) > limits.MaxJsonDepth)
        {
            return $"the document would nest more than {limits.MaxJsonDepth} deep.";
        }

        if (path.Tokens.Count == 0)
        {
            Root = value;
            return null;
        }

        string? failure = FindParent(path, out JsonNode? parent);
        if (failure is not null)
        {
            return failure;
        }

        string last = path.Tokens[^1];
        if (parent is JsonArray items)
        {
            int index = last == "-" ? items.Count : IndexOf(last);
            if (index < 0 || index > items.Count)
            {
                return $"'{last}' is no place in an array of {items.Count} items; it must be an index up to {items.Count}, or '-' for the end.";
            }

            items.Insert(index, value);
        }
        else
        {
            ((JsonObject)parent!)[last] = value;
        }

        return null;
    }

    public string? Remove(JsonPointer path)
    {
        if (path.Tokens.Count == 0)
        {
            return "the whole document cannot be removed.";
        }

        string? failure = Find(path, out _);
        if (failure is not null)
        {
            return failure;
        }

        FindParent(path, out JsonNode? parent);
        if (parent is JsonArray items)
        {
            items.RemoveAt(IndexOf(path.Tokens[^1]));
        }
        else
        {
            ((JsonObject)parent!).Remove(path.Tokens[^1]);
        }

        return null;
    }

    public string? Replace(JsonPointer path, JsonNode? value)
    {
        string? failure = Find(path, out _);
        if (failure is not null)
        {
            return failure;
        }

        if (path.Tokens.Count > 0 && FindParent(path, out JsonNode? parent) is null && parent is JsonArray items)
        {
            if (path.Tokens.Count + DepthOf(value) > limits.MaxJsonDepth)
            {
                return $"the document would nest more than {limits.MaxJsonDepth} deep.";
            }

            items[IndexOf(path.Tokens[^1])] = value;
            return null;
        }

        // A member keeps its place among the others.
        return Add(path, value);
    }

    public string? Move(JsonPointer from, JsonPointer path)
    {
        if (from.IsAbove(path))
        {
            return $"the value at {from} cannot be moved into itself.";
        }

        string? failure = Find(from, out JsonNode? value);
        if (failure is not null || from.Text == path.Text)
        {
            return failure;
        }

        return Remove(from) ?? Add(path, value);
    }

    public string? Copy(JsonPointer from, JsonPointer path)
    {
        string? failure = Find(from, out JsonNode? value);
        if (failure is not null)
        {
            return failure;
        }

        _copied += CountOf(value);
        return _copied > limits.MaxCopiedValues
            ? $"the patch copies more than {limits.MaxCopiedValues} values."
            : Add(path, value?.DeepClone());
    }

    public string? Test(JsonPointer path, JsonNode? expected)
    {
        string? failure = Find(path, out JsonNode? value);

        // RFC 6902, 4.6: strings by their characters, numbers by their value, objects without regard to order.
        return failure ?? (JsonNode.DeepEquals(value, expected) ? null : "the value there is another one, so nothing was changed.");
    }

    private string? FindParent(JsonPointer path, out JsonNode? parent)
    {
        string? failure = Find(path.Tokens.Take(path.Tokens.Count - 1), out parent);
        return failure ?? (parent is JsonArray or JsonObject ? null : $"there is no object or array to hold '{path.Tokens[^1]}'.");
    }

    private string? Find(JsonPointer path, out JsonNode? node) => Find(path.Tokens, out node);

    private string? Find(IEnumerable<string> tokens, out JsonNode? node)
    {
        node = Root;
        foreach (string token in tokens)
        {
            bool found = false;
            if (node is JsonObject members)
            {
                found = members.TryGetPropertyValue(token, out node);
            }
            else if (node is JsonArray items && IndexOf(token) is >= 0 and int index && index < items.Count)
            {
                node = items[index];
                found = true;
            }

            if (!found)
            {
                return $"there is no '{token}' on the way.";
            }
        }

        return null;
    }

    // RFC 6901: digits without leading zeros.
    private static int IndexOf(string token) =>
        (token.Length == 1 || !token.StartsWith('0')) && int.TryParse(token, NumberStyles.None, null, out int index) ? index : -1;

    private static int DepthOf(JsonNode? node) => node switch
    {
        JsonObject members => 1 + members.Select(member => DepthOf(member.Value)).DefaultIfEmpty(0).Max(),
        JsonArray items => 1 + items.Select(DepthOf).DefaultIfEmpty(0).Max(),
        _ => 0,
    };

    private static int CountOf(JsonNode? node) => node switch
    {
        JsonObject members => 1 + members.Sum(member => CountOf(member.Value)),
        JsonArray items => 1 + items.Sum(CountOf),
        _ => 1,
    };
}
