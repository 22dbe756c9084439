using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Makes random requests about a world, of all sorts that there are.</summary>
internal sealed partial class QuerySource(Draw draw, World world)
{
    private readonly string[] _keys = [.. world.Steps.Select(step => step.Key).Distinct()];

    /// <summary>A request that changes nothing.</summary>
    public Query Read() => world.IsAskedInOrder ? ReadInOrder() : draw.Below(20) switch
    {
        < 3 => Conditional(Get(QueryTemplates.Reads)),
        < 6 => Get(QueryTemplates.Histories),
        < 12 => Searched(Fill(draw.Pick(QueryTemplates.Searches))),
        < 14 => Get(QueryTemplates.Compartments),
        < 16 => Get(QueryTemplates.Operations),
        < 17 => Match(),
        < 18 => Graph(),
        _ => new Query("POST", "", Bundle("batch", Enumerable.Range(0, 4).Select(_ => Entry("GET", Fill(draw.Pick(draw.Pick(QueryTemplates.Searches, QueryTemplates.Reads, QueryTemplates.Histories))))))),
    };

    private Query ReadInOrder() => draw.Below(14) switch
    {
        < 3 => Conditional(Get(QueryTemplates.Reads)),
        < 6 => Get(QueryTemplates.Histories),
        < 11 => Searched(InOrder(Fill(draw.Pick(QueryTemplates.Searches)))),
        < 13 => new Query("GET", InOrder(Fill(draw.Pick(QueryTemplates.Compartments)))),
        _ => new Query("POST", "", Bundle("batch", Enumerable.Range(0, 4).Select(_ => Entry("GET", Fill(draw.Pick(draw.Pick(QueryTemplates.Reads, QueryTemplates.Histories))))))),
    };

    /// <summary>The search with an order in which no two resources have the same place; that of contained ones cannot be asked for.</summary>
    private static string InOrder(string url) =>
        url.Contains("_contained=", StringComparison.Ordinal) ? "Patient?_sort=_id"
        : url.Contains("_sort=", StringComparison.Ordinal) ? Sort().Replace(url, "${sort},_id")
        : $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}_sort=_id";

    /// <summary>One that may change something.</summary>
    /// <remarks>What is written at once stands in the order of what was found, or of ids that were drawn; where all is asked for in an order of its own, nothing is.</remarks>
    public Query Write() => (draw.Below(world.IsAskedInOrder ? 12 : 14) switch
    {
        0 => Put(),
        1 => Of(Put(), put => put.With("If-Match", $"W/\"«{put.Url}:{1 + draw.Below(3)}»\"")),
        2 => Put().With("If-None-Match", "*"),
        8 when !world.IsAskedInOrder => new Query("DELETE", $"{draw.Pick(Writable)}?{Criteria()}"),
        3 or 8 => new Query("DELETE", draw.Pick(Records())),
        4 => Patch(draw.Pick(Records())),
        5 => Post(draw.Pick(Writable)),
        6 => Of(draw.Pick(Writable), type => Post(type).With("If-None-Exist", Criteria().Replace("ü", "%C3%BC", StringComparison.Ordinal))),
        7 => Of(draw.Pick(Writable), type => new Query("PUT", $"{type}?{Criteria()}", New(type, withId: draw.Chance(0.3)))),
        9 => Patch($"{draw.Pick(Writable)}?{Criteria()}"),
        10 => new Query("POST", $"{draw.Pick(Records())}/{draw.Pick("$meta-add", "$meta-delete")}", $$$$"""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{{{{Codes.Coding(draw.Pick(Codes.Tags))}}}}]}}]}"""),
        11 => new Query("PUT", "Observation/unknown", New("Observation", withId: true).Replace("\"new\"", "\"unknown\"", StringComparison.Ordinal)),
        12 => new Query("POST", "", Bundle("transaction", Transaction())),
        _ => new Query("POST", "", Bundle("batch", Transaction())),
    }) with
    { Writes = true };

    private static readonly string[] Writable = ["Observation", "Condition", "Encounter", "Procedure", "Flag", "List"];

    private Query Get(IReadOnlyList<string> templates) => new("GET", Fill(draw.Pick(templates)));

    private Query Searched(string url) => draw.Chance(0.15) && url.Split('?') is [{ Length: > 0 } type, var criteria]
        ? new Query("POST", $"{type}/_search", criteria) { MediaType = "application/x-www-form-urlencoded" }
        : new Query(draw.Chance(0.05) ? "HEAD" : "GET", url);

    private Query Conditional(Query query) => draw.Below(8) switch
    {
        0 when query.Url.Split('/') is [_, _] && !query.Url.Contains('?', StringComparison.Ordinal) => query.With("If-None-Match", $"W/\"«{query.Url}:{1 + draw.Below(3)}»\""),
        1 => query.With("If-Modified-Since", draw.Pick(world.Now, world.TimeOf(20)).ToString("R")),
        2 => query with { Method = "HEAD" },
        3 => query.With("Accept", "application/fhir+xml"),
        _ => query,
    };

    private Query Match() => new("POST", "Patient/$match", $$$$"""
        {"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{"family":"{{{{draw.Pick(Codes.Families)}}}}"}],"birthDate":"{{{{draw.Pick("1970-01-01", "2001-12-24")}}}}",
         "identifier":[{"system":"urn:example:mrn","value":"{{{{draw.Pick(Codes.Identifiers)}}}}"}]}},{"name":"count","valueInteger":5}]}
        """);

    private Query Graph() => new("POST", "$graphql", new JsonObject { ["query"] = Fill(draw.Pick(QueryTemplates.Graphs)) }.ToJsonString()) { MediaType = "application/json" };

    private IEnumerable<string> Transaction()
    {
        string added = New("Observation", withId: false);
        yield return Entry("POST", "Observation", added, "urn:uuid:11111111-1111-4111-8111-111111111111");
        yield return Entry("PUT", "Condition?" + Criteria(), New("Condition", withId: false));
        if (draw.Chance(0.5))
        {
            yield return Entry("GET", Fill(draw.Pick(QueryTemplates.Searches)));
        }

        if (draw.Chance(0.3))
        {
            yield return Entry("DELETE", draw.Pick(Records()));
        }

        if (draw.Chance(0.5))
        {
            // https://hl7.org/fhir/R4/http.html#trules: a conditional reference names what a search finds.
            string by = $"Patient?{draw.Pick($"identifier=urn:example:mrn|{draw.Pick(Codes.Identifiers)}", $"name={draw.Pick(Codes.Families)}")}";
            yield return Entry("POST", "Flag", $$$$"""{"resourceType":"Flag","status":"active","code":{{{{Codes.Concept(Codes.Found[0])}}}},"subject":{"reference":"{{{{by}}}}"}}""");
        }
    }

    private Query Put()
    {
        Step step = world.VersionsOf(draw.Pick(Records()))[^1];
        JsonObject changed = step.Json.DeepClone().AsObject();
        changed["language"] = draw.Pick("en", "de");
        return new Query("PUT", step.Key, changed.ToJsonString());
    }

    private Query Patch(string url) => new("PATCH", url, """[{"op":"add","path":"/language","value":"fr"}]""") { MediaType = "application/json-patch+json" };

    private Query Post(string type) => new("POST", type, New(type, withId: false));

    private static Query Of<T>(T drawn, Func<T, Query> make) => make(drawn);

    private string New(string type, bool withId)
    {
        JsonObject json = new ResourceSource(draw, _keys).Make($"{type}/new", draw.Pick([.. _keys.Where(key => key.StartsWith("Patient/", StringComparison.Ordinal))]));
        if (!withId)
        {
            json.Remove("id");
        }

        return json.ToJsonString();
    }

    /// <summary>What may be changed without changing who may see what.</summary>
    private string[] Records() => [.. _keys.Where(key => ResourceSource.Clinical.Contains(key.Split('/')[0]) && key.Split('/')[0] is not ("Group" or "RelatedPerson"))];

    private string Criteria() => Fill(draw.Pick(QueryTemplates.Criteria));

    private static string Bundle(string type, IEnumerable<string> entries) => $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(",", entries)}}]}""";

    private static string Entry(string method, string url, string? resource = null, string? fullUrl = null)
    {
        var entry = new JsonObject { ["request"] = new JsonObject { ["method"] = method, ["url"] = url } };
        if (resource is not null)
        {
            entry["resource"] = JsonNode.Parse(resource);
        }

        if (fullUrl is not null)
        {
            entry["fullUrl"] = fullUrl;
        }

        return entry.ToJsonString(Plain);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string Fill(string template) => Gaps().Replace(template, match => Value(match.Groups["gap"].Value));

    private string Value(string gap) => gap switch
    {
        "any" => draw.Chance(0.05) ? "Observation/unknown" : draw.Pick(_keys),
        "vread" => draw.Pick(_keys) is var key ? $"{key}/_history/«{key}:{1 + draw.Below(3)}»" : "",
        "type" => draw.Pick(ResourceSource.Clinical),
        "code" => draw.Pick(Codes.All),
        "bare" => draw.Pick(Codes.All).Split('|')[1],
        "word" => draw.Pick(Codes.Words),
        "family" => draw.Pick(Codes.Families),
        "identifier" => draw.Pick(Codes.Identifiers),
        "date" => draw.Pick("2025-12", "2026-01-15", "2026-02", "2026"),
        "instant" => world.TimeOf(draw.Below(30)).ToString("yyyy-MM-ddTHH:mm:ssZ"),
        "label" => draw.Pick(Codes.Labels),
        "tag" => draw.Pick(Codes.Tags),
        _ when gap.Contains('|', StringComparison.Ordinal) => draw.Pick(gap.Split('|')),
        _ when gap.StartsWith("id:", StringComparison.Ordinal) => Value(gap[3..]).Split('/')[^1],
        _ when char.IsAsciiLetterUpper(gap[0]) => draw.Pick([.. _keys.Where(key => key.StartsWith(gap + "/", StringComparison.Ordinal)).DefaultIfEmpty(gap + "/unknown")]),
        _ => throw new ArgumentException($"There is no gap '{gap}'.", nameof(gap)),
    };

    [GeneratedRegex("(?<sort>_sort=[^&]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Sort();

    [GeneratedRegex("\\{(?<gap>[A-Za-z_:|0-9,.-]+)\\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Gaps();
}
