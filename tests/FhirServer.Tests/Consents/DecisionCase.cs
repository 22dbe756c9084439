using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>
/// A worked decision of the format <c>healthchain-consent-cases/1</c>: who is who, consents, a policy, a request and what is permitted. A suite may have
/// <c>words</c>: a text <c>@name</c> stands for what the word says, and an object with <c>like</c> for another with some members replaced, or left out by null.
/// </summary>
internal sealed partial record DecisionCase(string Name, IReadOnlyList<JsonObject> Directory, JsonObject Json)
{
    private const int MaxDepth = 64;

    public string Policy => (string?)Json["policy"] ?? "";

    public DateTimeOffset Time => DateTimeOffset.Parse((string?)Request["time"] ?? "2026-06-15T10:00:00Z", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public JsonObject Request => Json["request"]!.AsObject();

    public IEnumerable<JsonObject> Consents => Objects(Json["consents"]);

    /// <summary>What is asked for.</summary>
    public IEnumerable<JsonObject> Resources => Objects(Request["resources"]);

    /// <summary>All that is in the store but consents, each once.</summary>
    public IEnumerable<JsonObject> Store => Resources.Concat(Objects(Request["context"])).Concat(Directory).DistinctBy(ReferenceOf);

    public bool AreConsentsReadable => (bool?)Request["consentsUnavailable"] != true;

    public static IEnumerable<DecisionCase> ReadAll(string file)
    {
        JsonObject suite = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        JsonObject words = suite["words"] as JsonObject ?? [];
        JsonObject[] directory = [.. Objects(suite["directory"])];
        return suite["cases"]!.AsArray().Select(one => Spell(one, words, 0)!.AsObject()).Select(one => new DecisionCase((string)one["name"]!, directory, one));
    }

    public static string ReferenceOf(JsonObject resource) => $"{resource["resourceType"]}/{resource["id"]}";

    public static ReadResult Parse(JsonObject resource) => FhirJson.Read(Encoding.UTF8.GetBytes(resource.ToJsonString()));

    public static Element ElementOf(JsonObject resource) => Parse(resource).Root;

    public static string[] Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(text => (string)text!)];

    /// <summary>How the answer differs from the one that is expected; null when it does not.</summary>
    public string? Difference(IReadOnlyCollection<string> permitted)
    {
        JsonObject expected = Json["expected"]!.AsObject();
        string[] asked = [.. Resources.Select(ReferenceOf)];
        string[] withheld = [.. asked.Except(permitted)];
        string decision = withheld.Length == 0 ? "permit" : permitted.Count == 0 ? "deny" : "partial";
        string? different =
            expected["permitted"] is { } shown && !Texts(shown).ToHashSet().SetEquals(permitted) ? "permitted"
            : expected["withheld"] is { } kept && !Texts(kept).ToHashSet().SetEquals(withheld) ? "withheld"
            : asked.Length > 0 && expected["decision"] is { } said && (string)said! != decision ? "decision"
            : null;
        return different is null ? null : $"{Name}: expected {different} {expected[different]!.ToJsonString()}, permitted is [{string.Join(", ", permitted)}]";
    }

    /// <summary>Where parts of a resource are withheld, such as <c>note</c> for <c>Condition/7#note[1]</c> or <c>Condition/7 Condition.note</c>: without places in lists.</summary>
    public IEnumerable<string> RedactionsOf(string reference) => (Json["expected"]!["redactions"] as JsonArray ?? [])
        .Select(one => one is JsonObject parts ? string.Join('#', parts.Select(part => (string?)part.Value)) : (string)one!)
        .Where(text => text.StartsWith(reference, StringComparison.Ordinal) && !char.IsAsciiLetterOrDigit(text.ElementAtOrDefault(reference.Length)))
        .Select(text => Places().Replace(text[reference.Length..].TrimStart('#', ' ', ':', '.', '/'), ""))
        .Select(path => path.StartsWith(reference.Split('/')[0] + ".", StringComparison.Ordinal) ? path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..] : path);

    [GeneratedRegex(@"\[[0-9]+\]", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Places();

    private static IEnumerable<JsonObject> Objects(JsonNode? list) => (list as JsonArray ?? []).Select(item => item!.AsObject());

    private static JsonNode? Spell(JsonNode? node, JsonObject words, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException("Words of the suite stand for each other.");
        }

        JsonNode? Inner(JsonNode? part) => Spell(part, words, depth + 1);
        switch (node)
        {
            case JsonArray list:
                return new JsonArray([.. list.Select(Inner)]);
            case JsonObject one when one["like"] is { } like:
                JsonObject whole = Inner(words[(string)like!] ?? throw new InvalidDataException($"There is no word '{like}'."))!.AsObject();
                foreach ((string name, JsonNode? value) in one.Where(member => member.Key != "like"))
                {
                    whole.Remove(name);
                    if (value is not null)
                    {
                        whole.Add(name, Inner(value));
                    }
                }

                return whole;
            case JsonObject one:
                return new JsonObject(one.Select(member => KeyValuePair.Create(member.Key, Inner(member.Value))));
            case JsonValue text when text.TryGetValue(out string? word) && word is ['@', .. var name]:
                return Inner(words[name] ?? throw new InvalidDataException($"There is no word '{name}'."));
            default:
                return node?.DeepClone();
        }
    }
}
