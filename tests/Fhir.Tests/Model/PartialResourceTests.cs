using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Tests.Search;
using HealthChain.Fhir.Validation;
using Xunit;

namespace HealthChain.Fhir.Tests.Model;

/// <summary>Resources without some of their elements.</summary>
public sealed class PartialResourceTests
{
    private const string Masked = """{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}""";

    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    private static string Without(string json, params string[] expressions) =>
        Encoding.UTF8.GetString(PartialResource.Without(Read(json), element => expressions.Contains(element.Expression)).Tree.Json.Span);

    [Theory]
    [InlineData("""{"resourceType":"Patient","active":true,"birthDate":"1970"}""", "Patient.birthDate", """{"resourceType":"Patient","active":true}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"x"},"birthDate":"1970","active":true}""", "Patient.birthDate", """{"resourceType":"Patient","active":true}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a","b","c"],"_given":[null,{"id":"i"},{"id":"j"}]}]}""", "Patient.name[0].given[1]", """{"resourceType":"Patient","name":[{"given":["a","c"],"_given":[null,{"id":"j"}]}]}""")]
    [InlineData("""{"resourceType":"Patient","active":true,"name":[{"given":["a"]}]}""", "Patient.name[0].given[0]", """{"resourceType":"Patient","active":true}""")]
    [InlineData("""{"resourceType":"Patient","active":true,"extension":[{"url":"http://x","valueString":"s"}]}""", "Patient.extension[0].value", """{"resourceType":"Patient","active":true}""")]
    [InlineData("""{"resourceType":"Patient","active":true,"extension":[{"url":"http://x","extension":[{"url":"a","valueString":"s"},{"url":"b","valueString":"t"}]}]}""", "Patient.extension[0].extension[0]", """{"resourceType":"Patient","active":true,"extension":[{"url":"http://x","extension":[{"url":"b","valueString":"t"}]}]}""")]
    public void What_is_withheld_goes_and_what_is_left_empty_goes_with_it(string json, string expression, string rest) => Assert.Equal(rest, Without(json, expression));

    [Theory]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"}}""", "Observation.code", """{"resourceType":"Observation","status":"final","code":""" + Masked + "}")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"}}""", "Observation.code.text", """{"resourceType":"Observation","status":"final","code":""" + Masked + "}")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"}}""", "Observation.status", """{"resourceType":"Observation","_status":""" + Masked + """,""" + "\"code\":{\"text\":\"x\"}}")]
    public void What_is_required_is_masked(string json, string expression, string rest) => Assert.Equal(rest, Without(json, expression));

    /// <summary>The specification's examples, of each a few elements withheld: the rest reads back, and is what taking the members out of the JSON leaves.</summary>
    [Fact]
    public void The_rest_of_an_example_is_the_example_without_those_members()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        int compared = 0;
        foreach ((string name, Element example) in ExampleFiles.All.Where(example => example.Resource.Tree.Count < 400 && example.Resource.Type.Name is not "Bundle" and not "Parameters"))
        {
            Element[] optional = [.. Enumerable.Range(1, example.Tree.Count - 1).Select(example.Tree.ElementAt).Where(MayGo)];
            if (optional.Length == 0)
            {
                continue;
            }

            HashSet<string> withheld = [.. Enumerable.Range(0, 3).Select(_ => optional[random.Next(optional.Length)].Expression)];
            JsonNode expected = JsonNode.Parse(example.Tree.Json.Span)!;
            foreach (Element element in optional.Where(element => withheld.Contains(element.Expression)).Reverse())
            {
                TakeOut(expected, element);
            }

            Element rest = PartialResource.Without(example, element => withheld.Contains(element.Expression));

            Assert.True(JsonNode.DeepEquals(Pruned(expected), JsonNode.Parse(rest.Tree.Json.Span)), $"{name} without {string.Join(", ", withheld)}: {Encoding.UTF8.GetString(rest.Tree.Json.Span)}");
            compared++;
        }

        Assert.True(compared > 500, $"{compared}");
    }

    /// <summary>Whatever is withheld, the rest breaks no rule of cardinality that the whole keeps.</summary>
    [Fact]
    public void The_rest_of_an_example_has_what_is_required()
    {
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4), new ValidatorOptions { Invariants = false, Bindings = false });
        var random = new Random(11);
        foreach ((string name, Element example) in ExampleFiles.All.Where(example => example.Resource.Tree.Count < 300 && example.Resource.Type.Name is not "Bundle" and not "Parameters").Take(600))
        {
            int withheld = random.Next(1, example.Tree.Count);
            Element rest = PartialResource.Without(example, element => element.Index == withheld && !IsInMeta(element) && element.Name is not ("id" or "url" or "div"));

            string[] lacking = [.. validator.Validate(rest, new ValidationRequest { ClaimedProfiles = false }).Where(issue => issue is { IsError: true, Type: IssueType.Required }).Select(issue => issue.Message)];
            Assert.True(lacking.Length == 0, $"{name} without {example.Tree.ElementAt(withheld).Expression}: {string.Join(' ', lacking)}");
        }
    }

    [Fact]
    public void A_resource_without_the_mark_is_open_as_it_is()
    {
        Element resource = Read("""{"resourceType":"Patient","meta":{"security":[{"code":"R"}]},"active":true}""");

        Assert.Equal(resource, InlineLabels.Open(resource));
    }

    /// <summary>Optional objects whose parents are objects too; so that taking a member out of the JSON is all there is to do.</summary>
    private static bool MayGo(Element element)
    {
        for (Element above = element; !above.IsRoot; above = above.Parent)
        {
            if (above.Schema!.Min > 0 || above.Type.IsPrimitive || above.Type.Name is "Extension" or "Meta" or "Narrative")
            {
                return false;
            }
        }

        return element.Schema is { Name: not "contained" } && !element.Type.IsResource && OwnerIsResource(element);
    }

    private static bool OwnerIsResource(Element element) => element.Resource.IsRoot;

    private static bool IsInMeta(Element element)
    {
        for (Element above = element; above.Exists; above = above.Parent)
        {
            if (above.Type.Name is "Meta" or "Extension")
            {
                return true;
            }
        }

        return false;
    }

    private static void TakeOut(JsonNode root, Element element)
    {
        JsonNode? node = NodeOf(root, element.Parent);
        string member = Encoding.UTF8.GetString(element.Schema!.JsonName(element.Type));
        if (node is not JsonObject parent || parent[member] is not { } value)
        {
            // It went with its parent.
            return;
        }

        if (value is JsonArray list)
        {
            list.RemoveAt(element.Ordinal);
        }
        else
        {
            parent.Remove(member);
        }
    }

    private static JsonNode? NodeOf(JsonNode root, Element element)
    {
        if (element.IsRoot)
        {
            return root;
        }

        JsonNode? value = NodeOf(root, element.Parent)?[Encoding.UTF8.GetString(element.Schema!.JsonName(element.Type))];
        return value is JsonArray list ? element.Ordinal < list.Count ? list[element.Ordinal] : null : value;
    }

    /// <summary>FHIR has neither empty objects nor empty lists.</summary>
    private static JsonNode? Pruned(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                var kept = new JsonObject();
                foreach ((string name, JsonNode? value) in members)
                {
                    if (Pruned(value) is { } rest)
                    {
                        kept.Add(name, rest);
                    }
                }

                return kept.Count == 0 ? null : kept;
            case JsonArray items:
                JsonNode?[] all = [.. items.Select(item => item is null ? null : Pruned(item)).Where((item, place) => item is not null || items[place] is null)];
                return all.Length == 0 ? null : new JsonArray(all);
            default:
                return node?.DeepClone();
        }
    }
}
