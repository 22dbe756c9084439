using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Smart;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// A worked case of the format <c>healthchain-consent-cases/1</c>: a store, consents, a policy, a request and what it must be answered. Instead of
/// resources a case may have names of those that stand once at the top of its suite.
/// </summary>
internal sealed record RestCase(string Name, World World, Asker Asker, Query Query, JsonObject Expected)
{
    /// <summary>Requests that follow, by whomever, each with what it must be answered.</summary>
    public IReadOnlyList<RestCase> Then { get; init; } = [];

    /// <summary>
    /// Who is who, and the consents themselves: they are in the patient's compartment too, but what a case expects to be found is of its own store.
    /// </summary>
    public IReadOnlySet<string> Background { get; init; } = new HashSet<string>();

    public static IEnumerable<RestCase> ReadAll(string file)
    {
        JsonObject suite = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        return suite["restCases"]!.AsArray().Select(one => Read(suite, one!.AsObject()));
    }

    private static RestCase Read(JsonObject suite, JsonObject one)
    {
        JsonObject request = one["request"]!.AsObject();
        JsonObject[] followers = [.. (one["then"] as JsonArray ?? []).Select(follower => follower!.AsObject())];
        string? patient = Resources(suite, one["store"]).Concat(Resources(suite, suite["directory"])).FirstOrDefault(resource => (string)resource["resourceType"]! == "Patient")?["id"]?.ToString();
        Asker asker = AskerOf(request, patient);
        Asker[] others = [.. followers.Select(follower => follower["request"]!.AsObject()).Select(other => other["actor"] is null ? asker : AskerOf(other, patient))];

        HashSet<string> background = [.. Resources(suite, suite["directory"]).Concat(Resources(suite, one["consents"])).Select(KeyOf).Except(Resources(suite, one["store"]).Select(KeyOf))];

        // What a case names again, or names twice, are further versions.
        int instant = 0;
        Step[] steps =
        [
            .. Resources(suite, suite["directory"]).Concat(Resources(suite, one["store"])).Concat(Resources(suite, one["consents"]))
                .Select(json => new Step(instant++, (string)json["resourceType"]!, (string)json["id"]!, json)),
        ];
        DateTimeOffset now = DateTimeOffset.Parse((string?)request["time"] ?? "2026-06-15T10:00:00Z", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        string name = (string)one["name"]!;

        // A policy that nobody knows denies, and no server starts with it.
        string policy = (ImplicitPolicy.Find((string?)one["policy"]) ?? ImplicitPolicy.Deny).Uri;
        var world = new World(0, policy, steps, [.. others.Append(asker).Distinct()]) { Now = now };
        return new RestCase(name, world, asker, QueryOf(request), one["expected"]!.AsObject())
        {
            Background = background,
            Then = [.. followers.Zip(others, (follower, other) => new RestCase(name, world, other, QueryOf(follower["request"]!.AsObject()), follower["expected"]!.AsObject()) { Background = background })],
        };
    }

    private static string KeyOf(JsonObject resource) => $"{resource["resourceType"]}/{resource["id"]}";

    private static IEnumerable<JsonObject> Resources(JsonObject suite, JsonNode? list) =>
        (list as JsonArray ?? []).Select(item => item is JsonValue name ? suite["resources"]![(string)name!]!.AsObject() : item!.AsObject());

    /// <param name="patient">Id of the patient for whom the glass is broken where it is.</param>
    public static Asker AskerOf(JsonObject request, string? patient)
    {
        JsonObject actor = request["actor"]!.AsObject();
        string? reference = (string?)actor["reference"];
        string[] organisations = Texts(actor["onBehalfOf"]);
        string[] roles = Texts(actor["roles"]);
        Role role = reference?.Split('/')[0] switch
        {
            _ when roles.Contains("admin") => Role.Administrator,
            _ when roles.Contains("payer") => Role.Insurer,
            _ when roles.Contains("researcher") => Role.Researcher,
            "Patient" => Role.Patient,
            "RelatedPerson" => Role.RelatedPerson,
            "Practitioner" => Role.Practitioner,
            _ => Role.Backend,
        };
        string? organisation = organisations.Length > 0 ? organisations[0] : reference?.StartsWith("Organization/", StringComparison.Ordinal) == true ? reference : null;
        return new Asker(role, reference, organisation, Texts(request["purpose"]) is { Length: > 0 } purposes ? string.Join(' ', purposes) : null)
        {
            MayBreakGlass = (bool?)actor["canBreakGlass"] == true,
            Emergency = request["breakGlass"] is { } declared && patient is not null ? ((string)declared["reason"]!, patient) : null,
        };
    }

    private static Query QueryOf(JsonObject request)
    {
        JsonObject http = request["http"]!.AsObject();
        string url = ((string)http["url"]!).TrimStart('/');
        string? body = http["body"] switch
        {
            null => null,
            JsonValue text => (string?)text,
            { } json => json.ToJsonString(),
        };
        KeyValuePair<string, string>[] headers = [.. (http["headers"] as JsonObject ?? []).Select(header => KeyValuePair.Create(header.Key, (string)header.Value!))];
        string mediaType = headers.FirstOrDefault(header => header.Key == "Content-Type").Value
            ?? (url.Contains("_search", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : "application/fhir+json");
        string method = (string?)http["method"] ?? "GET";
        return new Query(method, url, body)
        {
            Headers = [.. headers.Where(header => header.Key != "Content-Type")],
            MediaType = mediaType,
            Writes = method is not ("GET" or "HEAD"),
        };
    }

    private static string[] Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(text => (string)text!)];
}
