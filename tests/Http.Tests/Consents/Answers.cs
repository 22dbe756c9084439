using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// Answers of one server without what differs between two that hold the same: ids that they drew, places of pages, and the numbers of versions where
/// one has fewer.
/// </summary>
internal sealed partial class Answers(Uri server, VersionNumbers numbers)
{
    private static readonly string[] Compared = ["ETag", "Last-Modified", "Location", "Content-Location", "Content-Type", "WWW-Authenticate", "Allow", "Retry-After"];

    private readonly Dictionary<string, string> _ids = [];

    public string Normal(Query query, Answer answer)
    {
        string? key = query.Url.Split('?')[0].Split('/') is [var type, var id, ..] ? $"{type}/{id}" : null;
        string text = answer.Body;
        if (JsonOf(answer) is { } json)
        {
            Renumber(json);
            text = json.ToJsonString();
            key = json is JsonObject found && found["meta"] is not null && KeyOf(found) is { } own ? own : key;
        }

        IEnumerable<string> headers = Compared.Where(name => answer.Header(name) is not null)
            .Select(name => $"{name}: {(name == "ETag" ? Tag(key, answer.Header(name)!) : answer.Header(name))}");
        return Plain($"{(int)answer.Status} {string.Join("; ", headers)} {text}");
    }

    /// <summary>The content; null where it is none, or not JSON.</summary>
    public static JsonNode? JsonOf(Answer answer) =>
        answer.Body.Length > 0 && answer.Header("Content-Type")?.Contains("json", StringComparison.Ordinal) == true ? JsonNode.Parse(answer.Body) : null;

    /// <summary>Ids that a server draws get the numbers in which they appear.</summary>
    private string Plain(string text)
    {
        text = text.Replace(server.ToString().TrimEnd('/'), World.Base, StringComparison.Ordinal);
        text = Cursors().Replace(text, "_cursor=*");
        text = AtVersion().Replace(text, "${before}*");
        text = History().Replace(text, match =>
            $"{match.Groups["key"].Value}/_history/{(int.TryParse(match.Groups["number"].ValueSpan, out int number) ? numbers.Whole(match.Groups["key"].Value, number) : 0)}");
        return Uuids().Replace(text, match =>
        {
            if (!_ids.TryGetValue(match.Value, out string? known))
            {
                _ids.Add(match.Value, known = $"id-{_ids.Count}");
            }

            return known;
        });
    }

    private void Renumber(JsonNode node)
    {
        switch (node)
        {
            case JsonArray list:
                foreach (JsonNode? item in list.OfType<JsonNode>())
                {
                    Renumber(item);
                }

                break;
            case JsonObject one:
                if (one["entry"] is JsonArray entries)
                {
                    one["entry"] = Sorted(entries);
                }

                if (KeyOf(one) is { } key && numbers.Differs(key) && one["meta"] is JsonObject meta && (string?)meta["versionId"] is { } version)
                {
                    meta["versionId"] = numbers.Whole(key, int.Parse(version)).ToString();
                }

                // What $meta answers does not say of what it is.
                (one["valueMeta"] as JsonObject)?.Remove("versionId");
                if (one["response"] is JsonObject response)
                {
                    Renumber(one, response);
                }

                foreach (JsonNode child in one.Select(member => member.Value).OfType<JsonNode>().ToList())
                {
                    Renumber(child);
                }

                break;
        }
    }

    /// <summary>What is included has no order, and engines give it in that of hashes under a secret of theirs.</summary>
    private static JsonArray Sorted(JsonArray entries)
    {
        JsonNode?[] all = [.. entries];
        entries.Clear();
        return
        [
            .. all.Where(entry => !IsIncluded(entry)),
            .. all.Where(IsIncluded).OrderBy(entry => (string?)entry!["fullUrl"], StringComparer.Ordinal),
        ];
    }

    private static bool IsIncluded(JsonNode? entry) => entry is JsonObject found && found["search"] is JsonObject search && (string?)search["mode"] == "include";

    /// <summary>An entry of a history, or of the answer to a batch. The oldest version that is not withheld may be an update.</summary>
    private void Renumber(JsonObject entry, JsonObject response)
    {
        string? key = entry["resource"] is JsonObject resource && KeyOf(resource) is { } own ? own : Compartments.Local((string?)entry["fullUrl"] ?? (string?)response["location"]);
        if (key is not null && numbers.Differs(key))
        {
            if ((string?)response["etag"] is { } tag)
            {
                response["etag"] = Tag(key, tag);
            }

            if (entry["request"] is not null)
            {
                response.Remove("status");
            }
        }
    }

    /// <param name="key">Null where an answer does not say of what: then the number could be that of a resource with fewer versions.</param>
    private string Tag(string? key, string tag) => key is null ? "W/\"*\""
        : tag.StartsWith("W/\"", StringComparison.Ordinal) && int.TryParse(tag.AsSpan(3, tag.Length - 4), out int number) ? $"W/\"{numbers.Whole(key, number)}\""
        : tag;

    private static string? KeyOf(JsonObject resource) => (string?)resource["resourceType"] is { } type && (resource["id"] as JsonValue)?.ToString() is { } id ? $"{type}/{id}" : null;

    /// <summary>In words, and in XML.</summary>
    [GeneratedRegex("(?<before>at version |<versionId value=\")[0-9]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex AtVersion();

    [GeneratedRegex("_cursor=[A-Za-z0-9_-]+", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Cursors();

    // References are as clients wrote them; only what the server says of versions stands behind its address or in a header.
    [GeneratedRegex("(?<=Location: https://fhir\\.example/fhir/|\"location\":\"https://fhir\\.example/fhir/)(?<key>[A-Za-z]+/[A-Za-z0-9.-]+)/_history/(?<number>\\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex History();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Uuids();
}
