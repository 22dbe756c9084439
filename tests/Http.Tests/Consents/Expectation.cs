using System.Text.Json.Nodes;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Compares an answer with what a worked case expects; an expectation that is not understood is a fault too.</summary>
internal static class Expectation
{
    /// <param name="pages">The answer, and those that its links lead to.</param>
    /// <param name="background">What may be found besides, unless it is expected.</param>
    public static IEnumerable<string> FaultsOf(JsonObject expected, IReadOnlyList<Answer> pages, IReadOnlySet<string> background)
    {
        Answer first = pages[0];
        foreach ((string name, JsonNode? value) in expected)
        {
            string? fault = name switch
            {
                "nonInterference" or "ordered" => null,
                "status" => Statuses(value!).Contains((int)first.Status) ? null : $"status {(int)first.Status}",
                "matches" => Same(Texts(value), Without(background, Texts(value), KeysOf(first, "match")), IsOrdered(expected)),
                "includes" => Same(Texts(value), Without(background, Texts(value), KeysOf(first, "include")), isOrdered: false),
                "entries" => Same(Texts(value), KeysOf(first, null), isOrdered: true),
                "pages" => value!.AsArray().Count == pages.Count
                    ? value.AsArray().Zip(pages, (page, answer) => Same(Texts(page), KeysOf(answer, "match"), isOrdered: true)).FirstOrDefault(difference => difference is not null)
                    : $"{pages.Count} pages",
                "excludes" or "withheld" => Texts(value).FirstOrDefault(key => pages.Any(page => Shows(page, key))) is { } shown ? $"shows {shown}" : null,
                "permitted" => Texts(value).FirstOrDefault(key => !pages.Any(page => KeysIn(page).Contains(key))) is { } missing ? $"lacks {missing}" : null,
                "total" => (int?)(Answers.JsonOf(first) as JsonObject)?["total"] is var total && total == (int?)value ? null : $"total {total}",
                "resource" => KeyOf(Answers.JsonOf(first)) is var key && key == (string?)value ? null : $"resource {key}",
                "contains" or "body" or "bodyContains" => Texts(value).FirstOrDefault(text => !first.Body.Contains(text, StringComparison.Ordinal)) is { } absent ? $"lacks '{absent}'" : null,
                "notContains" or "bodyExcludes" => Texts(value).FirstOrDefault(text => pages.Any(page => page.Body.Contains(text, StringComparison.Ordinal))) is { } present ? $"has '{present}'" : null,
                "headers" => value!.AsObject().FirstOrDefault(header => first.Header(header.Key) != (string?)header.Value) is { Key: { } header } ? $"{header}: {first.Header(header)}" : null,
                "entryStatus" => Same(Texts(value), [.. Entries(first).Select(entry => ((string)entry["response"]!["status"]!)[..3])], isOrdered: true),
                _ => "nobody knows what it means",
            };
            if (fault is not null)
            {
                yield return $"{name}: {fault} (expected {value?.ToJsonString()})";
            }
        }
    }

    private static bool IsOrdered(JsonObject expected) => (bool?)expected["ordered"] == true;

    private static string? Same(string[] expected, string[] found, bool isOrdered)
    {
        bool isSame = isOrdered ? expected.SequenceEqual(found) : expected.Order(StringComparer.Ordinal).SequenceEqual(found.Order(StringComparer.Ordinal));
        return isSame ? null : $"[{string.Join(", ", found)}]";
    }

    private static string[] Without(IReadOnlySet<string> background, string[] expected, string[] found) => [.. found.Where(key => expected.Contains(key) || !background.Contains(key))];

    private static int[] Statuses(JsonNode value) => value is JsonArray several ? [.. several.Select(one => (int)one!)] : [(int)value];

    private static string[] Texts(JsonNode? value) => value switch
    {
        JsonArray several => [.. several.Select(text => (string)text!)],
        JsonValue one => [(string)one!],
        _ => [],
    };

    private static IEnumerable<JsonObject> Entries(Answer answer) => ((Answers.JsonOf(answer) as JsonObject)?["entry"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>Entries of a page with a search mode; those without one match. Of a history all.</summary>
    private static string[] KeysOf(Answer answer, string? mode) =>
    [
        .. Entries(answer).Where(entry => mode is null || ((string?)entry["search"]?["mode"] ?? "match") == mode)
            .Select(entry => KeyOf(entry["resource"]) ?? Compartments.Local((string?)entry["fullUrl"]) ?? (string?)entry["request"]?["url"] ?? "?"),
    ];

    /// <summary>All resources in an answer, entries of entries included.</summary>
    private static IEnumerable<string> KeysIn(Answer answer) => KeysIn(Answers.JsonOf(answer));

    private static IEnumerable<string> KeysIn(JsonNode? node) => node switch
    {
        JsonObject one => one.SelectMany(member => KeysIn(member.Value)).Concat(KeyOf(one) is { } key ? [key] : []),
        JsonArray several => several.SelectMany(KeysIn),
        _ => [],
    };

    /// <summary>Whether an answer has a resource, or a text that names none.</summary>
    private static bool Shows(Answer answer, string text) => text.Split('/') is [_, _] ? KeysIn(answer).Contains(text) : answer.Body.Contains(text, StringComparison.Ordinal);

    private static string? KeyOf(JsonNode? node) => node is JsonObject resource && resource["resourceType"] is not null && resource["id"] is not null ? $"{resource["resourceType"]}/{resource["id"]}" : null;
}
