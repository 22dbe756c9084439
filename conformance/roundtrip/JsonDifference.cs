using System.Text.Json;

namespace HealthChain.RoundTrip;

/// <summary>
/// Compares JSON as FHIR means it: members in any order, arrays in order, strings by their characters, numbers by their digits
/// (<c>1.10</c> is not <c>1.1</c>).
/// </summary>
public static class JsonDifference
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    /// <summary>Where and how two texts differ; null when they are equal.</summary>
    public static string? Find(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> actual)
    {
        using JsonDocument left = JsonDocument.Parse(WithoutMark(expected), Options);
        using JsonDocument right = JsonDocument.Parse(WithoutMark(actual), Options);
        return Find(left.RootElement, right.RootElement, "$");
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    private static string? Find(JsonElement expected, JsonElement actual, string path)
    {
        if (expected.ValueKind != actual.ValueKind)
        {
            return $"{path}: {expected.ValueKind} became {actual.ValueKind}";
        }

        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                return FindInMembers(expected, actual, path);
            case JsonValueKind.Array:
                int count = expected.GetArrayLength();
                if (count != actual.GetArrayLength())
                {
                    return $"{path}: {count} items became {actual.GetArrayLength()}";
                }

                return Enumerable.Range(0, count)
                    .Select(index => Find(expected[index], actual[index], $"{path}[{index}]"))
                    .FirstOrDefault(difference => difference is not null);
            case JsonValueKind.String:
                return expected.GetString() == actual.GetString() ? null : $"{path}: {Show(expected)} became {Show(actual)}";
            default:
                return expected.GetRawText() == actual.GetRawText() ? null : $"{path}: {expected.GetRawText()} became {actual.GetRawText()}";
        }
    }

    private static string? FindInMembers(JsonElement expected, JsonElement actual, string path)
    {
        foreach (JsonProperty member in expected.EnumerateObject())
        {
            if (!actual.TryGetProperty(member.Name, out JsonElement other))
            {
                return $"{path}.{member.Name}: lost";
            }

            if (Find(member.Value, other, $"{path}.{member.Name}") is { } difference)
            {
                return difference;
            }
        }

        return actual.EnumerateObject()
            .Where(member => !expected.TryGetProperty(member.Name, out _))
            .Select(member => $"{path}.{member.Name}: appeared")
            .FirstOrDefault();
    }

    private static string Show(JsonElement text)
    {
        string raw = text.GetRawText();
        return raw.Length > 120 ? raw[..120] + "…" : raw;
    }
}
