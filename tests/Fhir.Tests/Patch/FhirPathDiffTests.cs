using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using Xunit;

namespace HealthChain.Fhir.Tests.Patch;

public sealed class FhirPathDiffTests
{
    private static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    private static string[] Operations(string from, string to)
    {
        JsonNode parameters = JsonNode.Parse(FhirPathDiff.Compare(Read(from), Read(to)).Value.Json.Span)!;
        return [.. ((JsonArray?)parameters["parameter"] ?? []).Select(operation => string.Join(' ', new[] { "type", "path", "name", "index" }.Select(part => Part(operation!, part)).OfType<string>()))];
    }

    private static string? Part(JsonNode operation, string name) =>
        ((JsonArray)operation["part"]!).FirstOrDefault(part => (string?)part!["name"] == name)?.AsObject().First(member => member.Key.StartsWith("value", StringComparison.Ordinal)).Value!.ToString();

    /// <summary>What the patch makes of the first is the second, whatever the order of members.</summary>
    private static void LeadsTo(string from, string to)
    {
        Element parameters = FhirPathDiff.Compare(Read(from), Read(to)).Value.Root;
        Result<ElementTree> patched = FhirPathPatch.Apply(Read(from), parameters);

        Assert.True(patched.IsOk, $"{patched.Error}\n{from}\n{to}\n{Encoding.UTF8.GetString(parameters.Tree.Json.Span)}");
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(patched.Value.Json.Span), JsonNode.Parse(to)),
            $"{from}\n{to}\n{Encoding.UTF8.GetString(parameters.Tree.Json.Span)}\n{Encoding.UTF8.GetString(patched.Value.Json.Span)}");
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient","active":true}""", "")]
    [InlineData("""{"resourceType":"Patient"}""", """{"resourceType":"Patient","active":true}""", "add Patient active")]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient"}""", "delete Patient.active")]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient","active":false}""", "replace Patient.active")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"a"},{"family":"b"}]}""", """{"resourceType":"Patient","name":[{"family":"b"}]}""", "delete Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"b"}]}""", """{"resourceType":"Patient","name":[{"family":"a"},{"family":"b"}]}""", "insert Patient.name 0")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"a","given":["x"]}]}""", """{"resourceType":"Patient","name":[{"family":"a","given":["x","y"]}]}""", "insert Patient.name[0].given 1")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a"}""", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueInteger":1}""", "replace Observation.value")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.0,"unit":"g"}}""", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00,"unit":"g"}}""", "replace Observation.value.value")]
    public void Names_what_differs(string from, string to, string operations) => Assert.Equal(operations, string.Join("; ", Operations(from, to)));

    [Theory]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"A"}]}""", """{"resourceType":"Patient","name":[{"given":["B"]}]}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"A"}]}""", """{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Patient"}""", """{"resourceType":"Patient","contact":[{"name":{"family":"A"},"relationship":[{"text":"r"}]},{"gender":"male"}]}""")]
    [InlineData("""{"resourceType":"Patient","contact":[{"gender":"male"}]}""", """{"resourceType":"Patient","contact":[{"gender":"male","name":{"text":"x"}},{"gender":"female"}]}""")]
    [InlineData("""{"resourceType":"Patient","birthDate":"1970"}""", """{"resourceType":"Patient","birthDate":"1970","_birthDate":{"extension":[{"url":"http://x","valueCode":"y"}]}}""")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x","valueCode":"y"}]}}""", """{"resourceType":"Patient","birthDate":"1970"}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[null,{"id":"g"}]}]}""", """{"resourceType":"Patient","name":[{"given":["b"]}]}""")]
    [InlineData("""{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}}""", """{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">b &lt; c</div>"}}""")]
    [InlineData("""{"resourceType":"Patient"}""", """{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}}""")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}""", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"y","alias":["z"]}],"managingOrganization":{"reference":"#o"}}""")]
    [InlineData("""{"resourceType":"Patient"}""", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}""")]
    [InlineData("""{"resourceType":"ValueSet","status":"draft","expansion":{"timestamp":"2020","contains":[{"code":"a"}]}}""", """{"resourceType":"ValueSet","status":"draft","expansion":{"timestamp":"2020","contains":[{"code":"b"},{"code":"a","contains":[{"code":"c"}]}]}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a"}}]}""", """{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a","active":true}},{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Basic","code":{"text":"b"}}}]}""")]
    [InlineData("""{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"string"}]}]}""", """{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.0","type":"boolean","initial":[{"valueBoolean":true}]},{"linkId":"1.1","type":"string","text":"\"quoted\" é"}]}]}""")]
    public void The_patch_makes_the_second_of_the_first_and_back(string from, string to)
    {
        LeadsTo(from, to);
        LeadsTo(to, from);
    }

    [Fact]
    public void The_patch_leads_from_any_resource_to_any_other()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            LeadsTo(RandomPatient(random), RandomPatient(random));
        }
    }

    [Fact]
    public void Resources_of_different_types_cannot_be_compared() =>
        Assert.Equal(ErrorKind.Invalid, FhirPathDiff.Compare(Read("""{"resourceType":"Patient"}"""), Read("""{"resourceType":"Basic","code":{"text":"x"}}""")).Error!.Kind);

    /// <summary>A patient of a few elements with values of a small alphabet, so that two have much in common.</summary>
    private static string RandomPatient(Random random)
    {
        var patient = new JsonObject { ["resourceType"] = "Patient" };
        Maybe(random, () => patient["active"] = random.Next(2) == 0);
        Maybe(random, () => patient["birthDate"] = $"19{random.Next(70, 73)}");
        if (random.Next(3) == 0)
        {
            patient["deceasedBoolean"] = true;
        }
        else if (random.Next(2) == 0)
        {
            patient["deceasedDateTime"] = "2020";
        }

        Maybe(random, () => patient["name"] = List(random, () => Name(random)));
        Maybe(random, () => patient["contact"] = List(random, () => new JsonObject { ["name"] = Name(random), ["gender"] = random.Next(2) == 0 ? "male" : "female" }));
        Maybe(random, () => patient["maritalStatus"] = new JsonObject { ["text"] = Word(random) });
        Maybe(random, () => patient["extension"] = List(random, () => new JsonObject { ["url"] = "http://x/" + Word(random), [random.Next(2) == 0 ? "valueString" : "valueCode"] = Word(random) }));
        return patient.ToJsonString();
    }

    private static JsonObject Name(Random random)
    {
        var name = new JsonObject { ["use"] = "usual" };
        Maybe(random, () => name["family"] = Word(random));
        Maybe(random, () => name["given"] = List(random, () => JsonValue.Create(Word(random))));
        return name;
    }

    private static JsonArray List(Random random, Func<JsonNode> item) => new([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => item())]);

    private static string Word(Random random) => "abc"[random.Next(3)].ToString();

    private static void Maybe(Random random, Action action)
    {
        if (random.Next(3) > 0)
        {
            action();
        }
    }
}
