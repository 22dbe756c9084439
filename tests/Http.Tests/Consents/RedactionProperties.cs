using System.Net;
using System.Text.Json.Nodes;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// Non-interference for parts: what a requester gets of a resource is what she would get if the parts that she may not see had never been stored, but for the label that says
/// that something is missing.
/// </summary>
public sealed class RedactionProperties(LabelServer server) : LabelTest(server)
{
    private const int Resources = 60;

    /// <summary>Elements that may be labelled: name, and a value of it that takes an extension.</summary>
    private static readonly (string Name, bool IsList, Func<int, string> Value)[] Parts =
    [
        ("identifier", true, number => $$""" "system":"http://p","value":"{{number}}" """),
        ("category", true, number => $$""" "coding":[{"system":"http://c","code":"c{{number}}"}] """),
        ("method", false, number => $$""" "coding":[{"system":"http://m","code":"m{{number}}"}] """),
        ("note", true, number => $$""" "text":"note {{number}}" """),
        ("component", true, number => $$""" "code":{"text":"part {{number}}"},"valueInteger":{{number}} """),
        ("valueQuantity", false, number => $$""" "value":{{number}},"unit":"kg" """),
        ("performer", true, number => $$""" "reference":"Practitioner/doctor","display":"doctor {{number}}" """),
        ("bodySite", false, number => $$""" "text":"site {{number}}" """),
    ];

    [Fact]
    public async Task A_redacted_answer_is_the_answer_without_what_is_withheld()
    {
        int seed = Seed.Or(20_261_122);
        var random = new Random(seed);
        int redacted = 0;
        for (int i = 0; i < Resources; i++)
        {
            string word = Unique("p");
            string tag = $$""","extension":[{"url":"http://local/word","valueString":"{{word}}"}]""";
            (string whole, string rest, bool isRedacted) = Make(random, word);
            JsonNode stored = await GetStoredAsync(whole + tag);
            JsonNode twin = await GetStoredAsync(rest + tag);

            Assert.True(JsonNode.DeepEquals(Comparable(twin), Comparable(stored)), $"seed {seed}: {whole}\n{stored}\n{twin}");
            Assert.Equal(isRedacted, LabelsOf(stored).Contains("REDACTED", StringComparison.Ordinal));
            redacted += isRedacted ? 1 : 0;
            foreach (string query in new[] { "identifier=http://p|", "category=http://c|", "method=http://m|" })
            {
                int found = (await FindAsync($"Observation?_id={(string)stored["id"]!},{(string)twin["id"]!}&{query}", LabelServer.Discreet)).Length;
                Assert.True(found is 0 or 2, $"seed {seed}: {query} of {whole}");
            }
        }

        Assert.InRange(redacted, Resources / 4, Resources);
    }

    private async Task<string[]> FindAsync(string path, string token) =>
        [.. (await GetAsync(path, As(token))).Entries("match").Select(resource => (string)resource["id"]!)];

    /// <summary>An observation with random parts under random labels, and the same without those that are withheld; of both the elements behind the code.</summary>
    private static (string Whole, string Remainder, bool IsRedacted) Make(Random random, string word)
    {
        var whole = new List<string>();
        var rest = new List<string>();
        bool isRedacted = false;
        foreach ((string name, bool isList, Func<int, string> value) in Parts)
        {
            var all = new List<string>();
            var open = new List<string>();
            for (int item = random.Next(isList ? 4 : 2); item > 0; item--)
            {
                string content = value(random.Next(1000));
                if (random.Next(3) == 0)
                {
                    all.Add($$"""{"extension":[{{Inline("V")}}],{{content}}}""");
                    isRedacted = true;
                }
                else
                {
                    all.Add($"{{{content}}}");
                    open.Add($"{{{content}}}");
                }
            }

            Add(whole, name, isList, all);
            Add(rest, name, isList, open);
        }

        // A resource with no labelled part keeps its narrative.
        string narrative = $$""","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{word}}</div>"}""";
        return (string.Concat(whole) + narrative, string.Concat(rest) + (isRedacted ? "" : narrative), isRedacted);
    }

    private static void Add(List<string> elements, string name, bool isList, List<string> values)
    {
        if (values.Count > 0)
        {
            elements.Add(isList ? $",\"{name}\":[{string.Join(',', values)}]" : $",\"{name}\":{values[0]}");
        }
    }

    private static string Inline(string label) =>
        $$"""{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label","valueCoding":{{Label(label)}}}""";

    private async Task<JsonNode> GetStoredAsync(string more)
    {
        Answer created = await PostAsync("Observation", Observation(null, Harmless, more: more));
        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        return (await GetAsync($"Observation/{(string)created.Json["id"]!}", As(LabelServer.Discreet))).Json;
    }

    private static JsonObject Comparable(JsonNode resource)
    {
        JsonObject copy = resource.DeepClone().AsObject();
        copy.Remove("id");
        copy.Remove("meta");
        return copy;
    }
}
