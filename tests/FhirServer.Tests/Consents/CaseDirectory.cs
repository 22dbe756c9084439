using System.Text.Json.Nodes;
using HealthChain.Consent;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>Who is who in a worked decision, in its plainest form.</summary>
internal sealed class CaseDirectory(DecisionCase one, Vocabulary vocabulary)
{
    private readonly Dictionary<string, JsonObject> _known = one.Store.ToDictionary(DecisionCase.ReferenceOf);

    public bool Knows(string reference) => _known.ContainsKey(reference);

    /// <summary>A patient, and all whom this one replaces.</summary>
    public IReadOnlyCollection<string> AliasesOf(string patient)
    {
        List<string> aliases = [patient];
        for (int i = 0; i < aliases.Count; i++)
        {
            string here = aliases[i];
            aliases.AddRange(_known.Where(other => Links(other.Value).Contains(here)).Select(other => other.Key).Except(aliases).ToList());
        }

        return aliases;
    }

    public Question QuestionOf()
    {
        JsonObject request = one.Request;
        JsonObject actor = request["actor"] as JsonObject ?? [];
        string? person = (string?)actor["reference"];
        HashSet<string> actors = [];

        // Nobody knows who that is, whomever she says that she acts for.
        if (person is null || Knows(person))
        {
            foreach (string own in DecisionCase.Texts(actor["onBehalfOf"]).Prepend(person).OfType<string>())
            {
                for (string? at = own; at is not null && actors.Add(at);)
                {
                    at = (string?)_known.GetValueOrDefault(at)?["partOf"]?["reference"];
                }
            }

            if (person is not null)
            {
                actors.UnionWith(DecisionCase.Texts(actor["groups"]));
                actors.UnionWith(_known.Where(group => HasMember(group.Value, person)).Select(group => group.Key));
            }
        }

        string[] roles = DecisionCase.Texts(actor["roles"]);
        return new Question
        {
            Actors = actors,
            Identifiers = actors.SelectMany(IdentifiersOf).ToHashSet(),
            Person = person,
            Purposes = [.. DecisionCase.Texts(request["purpose"]).Select(PurposeOf)],
            Action = (string?)request["action"] ?? "access",
            Time = one.Time,
            IsClinician = roles.Contains("clinician"),
            IsAdministrator = roles.Contains("admin"),
            MayBreakGlass = (bool?)actor["canBreakGlass"] == true,
            DeclaresBreakGlass = (string?)request["breakGlass"]?["reason"] is { Length: > 0 },
            ReferencesOf = reference => _known.TryGetValue(reference, out JsonObject? found) ? new ElementFacts(DecisionCase.ElementOf(found), vocabulary).References : [],
        };
    }

    private static ConsentCode PurposeOf(string text) =>
        text.LastIndexOf('|') is var bar and >= 0 ? new ConsentCode(text[..bar], text[(bar + 1)..]) : new ConsentCode(Vocabulary.ActReasonSystem, text);

    private static IEnumerable<string?> Links(JsonObject resource) =>
        (resource["link"] as JsonArray ?? []).OfType<JsonObject>().Where(link => (string?)link["type"] == "replaced-by").Select(link => (string?)link["other"]?["reference"]);

    private static bool HasMember(JsonObject group, string person) =>
        (group["member"] as JsonArray ?? []).Any(member => (string?)member!["entity"]?["reference"] == person && (bool?)member["inactive"] != true);

    private IEnumerable<ConsentCode> IdentifiersOf(string reference) =>
        (_known.GetValueOrDefault(reference)?["identifier"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(identifier => identifier["value"] is not null)
            .Select(identifier => new ConsentCode((string?)identifier["system"] ?? "", (string)identifier["value"]!));
}
