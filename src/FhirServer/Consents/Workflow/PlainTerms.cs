using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Search;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// Reads a Consent so that a page can say it in plain words. What is not in the short list of what it can say makes the terms not whole; so a patient agrees
/// to nothing that she was not shown. Texts that the requester could choose freely, such as displays of codes, are not used.
/// </summary>
internal static class PlainTerms
{
    private static readonly string[] Sayable = ["type", "period", "actor", "action", "purpose", "class", "code", "provision"];
    private static readonly string[] SayableOfConsent =
    [
        "resourceType", "id", "meta", "text", "status", "scope", "category", "patient", "dateTime", "performer", "organization", "policy", "verification", "provision",
    ];

    private static readonly string ClassSystem = (string)ConsentTexts.Class("Patient")["system"]!;
    private static readonly string ActionSystem = (string)ConsentTexts.Action("access")["coding"]![0]!["system"]!;
    private static readonly JsonObject Recipient = ConsentTexts.Recipient("");

    /// <param name="nameOf">What people call who is referred to.</param>
    public static AccessTerms Of(JsonObject consent, Func<string, string> nameOf)
    {
        var rule = consent["provision"] as JsonObject ?? [];
        TermsKind kind = KindOf(rule);
        var reader = new Reader(isWhole: IsSayable(consent) && HasOnly(rule, Sayable) && kind != TermsKind.Mixed);
        return new AccessTerms(
            kind,
            [.. Each(rule, "actor").Select(actor => nameOf(reader.Actor(actor)))],
            [.. Each(rule, "action").Select(action => reader.Code(CodingOf(action), ActionSystem))],
            [.. Each(rule, "purpose").Select(purpose => reader.Code(purpose, Vocabulary.ActReasonSystem))],
            [.. Each(rule, "class").Select(type => reader.Code(type, ClassSystem))],
            [.. Each(rule, "code").Select(code => reader.Coded(CodingOf(code)))],
            DayOf(rule["period"]?["start"], range => range.Start),
            DayOf(rule["period"]?["end"], range => range.End - 1),
            reader.IsWhole);
    }

    /// <summary>The rule of such a Consent begins then; null when it says nothing of it.</summary>
    public static string? StartOf(JsonObject consent) => (string?)consent["provision"]?["period"]?["start"];

    private static TermsKind KindOf(JsonObject rule) => ((string?)rule["type"], rule["provision"]) switch
    {
        ("permit", null) => TermsKind.Governs,
        ("deny", null) => TermsKind.Refuses,
        ("deny", JsonArray { Count: 1 } inner) when inner[0] is JsonObject { Count: 1 } only && (string?)only["type"] == "permit" => TermsKind.Adds,
        _ => TermsKind.Mixed,
    };

    private static bool IsSayable(JsonObject consent) =>
        HasOnly(consent, SayableOfConsent)
        && CodingOf(consent["scope"]) is { } scope && (string?)scope["code"] == "patient-privacy"
        && consent["policy"] is JsonArray { Count: 1 } policy && policy[0] is JsonObject { Count: 1 } only && (string?)only["uri"] == ConsentTexts.Policy;

    private static bool HasOnly(JsonObject holder, string[] names) => holder.All(member => names.Contains(member.Key));

    private static IEnumerable<JsonObject> Each(JsonObject rule, string name) => (rule[name] as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The only coding of a concept.</summary>
    private static JsonObject? CodingOf(JsonNode? concept) => concept?["coding"] is JsonArray { Count: 1 } codings ? codings[0] as JsonObject : null;

    private static DateOnly? DayOf(JsonNode? date, Func<DateRange, long> edge) =>
        date is not null && DateRange.TryParse(Encoding.UTF8.GetBytes((string)date!), out DateRange range) && edge(range) is var ticks && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? DateOnly.FromDateTime(new DateTime(ticks, DateTimeKind.Utc))
            : null;

    /// <summary>Reads the parts of a rule, and remembers whether each could be said.</summary>
    private sealed class Reader(bool isWhole)
    {
        public bool IsWhole { get; private set; } = isWhole;

        public string Actor(JsonObject actor)
        {
            string? reference = (string?)actor["reference"]?["reference"];
            IsWhole &= reference is not null && HasOnly(actor, ["role", "reference"]) && JsonNode.DeepEquals(CodingOf(actor["role"]), CodingOf(Recipient["role"]));
            return reference ?? "somebody";
        }

        public string Code(JsonObject? coding, string system)
        {
            string? code = (string?)coding?["code"];
            IsWhole &= code is not null && (string?)coding!["system"] == system;
            return code ?? "unknown";
        }

        public string Coded(JsonObject? coding)
        {
            string? code = (string?)coding?["code"];
            IsWhole &= code is not null;
            return code is null ? "unknown" : $"{code} ({(string?)coding!["system"] ?? "of no system"})";
        }
    }
}
