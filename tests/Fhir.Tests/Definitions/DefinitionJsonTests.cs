using System.Text;
using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

public sealed class DefinitionJsonTests
{
    private const string Structure = """{"resourceType":"StructureDefinition","url":"http://test.example/p","kind":"resource","type":"Observation","differential":{"element":[%]}}""";

    [Fact]
    public void A_value_keeps_its_digits_and_its_type()
    {
        ElementDefinition element = Elements("""{"path":"Observation.value[x]","patternQuantity": { "value" : 1.10, "unit":"µg" },"minValueDecimal":1.0e1}""").Single();

        Assert.Equal("Quantity", element.Pattern!.Type);
        Assert.Equal("""{"value":1.10,"unit":"µg"}""", Encoding.UTF8.GetString(element.Pattern.Json.Span));
        Assert.Equal("decimal", element.MinValue!.Type);
        Assert.Equal("1.0e1", Encoding.UTF8.GetString(element.MinValue.Json.Span));
    }

    [Fact]
    public void Elements_without_ids_get_those_that_follow_from_paths_and_slice_names()
    {
        IReadOnlyList<ElementDefinition> elements = Elements(
            """{"path":"Observation"}""",
            """{"path":"Observation.component","sliceName":"systolic"}""",
            """{"path":"Observation.component.code.coding","sliceName":"loinc"}""",
            """{"path":"Observation.component.code.coding.code"}""",
            """{"path":"Observation.component.value[x]"}""",
            """{"path":"Observation.component","sliceName":"diastolic"}""",
            """{"path":"Observation.component.code"}""",
            """{"path":"Observation.method"}""");

        Assert.Equal(
            [
                "Observation",
                "Observation.component:systolic",
                "Observation.component:systolic.code.coding:loinc",
                "Observation.component:systolic.code.coding:loinc.code",
                "Observation.component:systolic.value[x]",
                "Observation.component:diastolic",
                "Observation.component:diastolic.code",
                "Observation.method",
            ],
            elements.Select(element => element.Id));
    }

    [Fact]
    public void An_id_that_contradicts_its_path_is_replaced()
    {
        IReadOnlyList<ElementDefinition> elements = Elements(
            """{"id":"Observation.value[x]:valueQuantity","path":"Observation.valueQuantity"}""",
            """{"id":"1234","path":"Observation.code"}""");

        Assert.Equal(["Observation.value[x]:valueQuantity", "Observation.code"], elements.Select(element => element.Id));
    }

    [Fact]
    public void Nested_concepts_are_listed_depth_first_with_their_parents()
    {
        var system = (CodeSystem)Read("""
            {"resourceType":"CodeSystem","url":"http://test.example/cs","content":"complete",
             "concept":[{"code":"a","concept":[{"code":"b","concept":[{"code":"c"}]},{"code":"d"}]},{"code":"e"}]}
            """).Value;

        Assert.Equal([("a", -1), ("b", 0), ("c", 1), ("d", 0), ("e", -1)], system.Concepts.Select(concept => (concept.Code, concept.Parent)));
        Assert.Equal("is-a", system.HierarchyMeaning);
    }

    [Theory]
    [InlineData("[]", "'resourceType' is missing")]
    [InlineData("{}", "'resourceType' is missing")]
    [InlineData("""{"resourceType":"Patient"}""", "a Patient is not a definition")]
    [InlineData("""{"resourceType":"0"}""", "a 0 is not a definition")]
    [InlineData("""{"resourceType":"ValueSet","url":"x",}""", "this is not JSON")]
    [InlineData("""{"resourceType":"\uD800"}""", "test.json")]
    [InlineData("""{"resourceType":"ValueSet","url":7}""", "'url' must be a string")]
    [InlineData("""{"resourceType":"CodeSystem","url":"x","content":"whole"}""", "'content' is 'whole', expected one of not-present, example, fragment, complete, supplement")]
    [InlineData("""{"resourceType":"CodeSystem","url":"x","concept":{}}""", "'concept' must be an array")]
    [InlineData("""{"resourceType":"SearchParameter","url":"x","name":"n","code":"c","type":"string","base":["Patient",3]}""", "'base[1]' must be a string")]
    [InlineData("""{"resourceType":"StructureDefinition","url":"x","type":"Patient"}""", "'kind' is missing")]
    public void What_is_wrong_is_told_with_the_name_of_the_file(string json, string message)
    {
        Issue issue = Assert.Single(Read(json).Error!.Issues);

        Assert.StartsWith("test.json: ", issue.Message, StringComparison.Ordinal);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_faults_are_told_at_once_each_with_its_element()
    {
        FhirError error = Read("""
            {"resourceType":"ConceptMap","group":[{"element":[{"target":[{"dependsOn":[{"value":"v"}]}]}],"unmapped":[]}]}
            """).Error!;

        Assert.Equal(
            ["ConceptMap", "ConceptMap.group[0].element[0].target[0].dependsOn[0]", "ConceptMap.group[0]"],
            error.Issues.Select(issue => issue.Expression).OrderByDescending(path => path == "ConceptMap"));
    }

    [Fact]
    public void Depth_is_limited_by_an_issue_not_by_the_stack() =>
        Assert.Contains("not JSON", Read($$"""{"resourceType":"ValueSet","x":{{new string('[', 10_000)}}{{new string(']', 10_000)}}}""").Error!.ToString(), StringComparison.Ordinal);

    [Fact]
    public void Paths_and_lists_of_elements_have_limits()
    {
        string deep = string.Concat(Enumerable.Repeat(".a", 100_000));
        string many = string.Join(',', Enumerable.Repeat("""{"path":"Observation.code"}""", 10_001));

        Assert.Contains("more than 64 steps", Read(Structure.Replace("%", $$"""{"path":"Observation{{deep}}"}""", StringComparison.Ordinal)).Error!.ToString(), StringComparison.Ordinal);
        Assert.Contains("at most 10000 are read", Read(Structure.Replace("%", many, StringComparison.Ordinal)).Error!.ToString(), StringComparison.Ordinal);
    }

    private static IReadOnlyList<ElementDefinition> Elements(params string[] elements) =>
        ((StructureDefinition)Read(Structure.Replace("%", string.Join(',', elements), StringComparison.Ordinal)).Value).Differential;

    private static Result<IDefinition> Read(string json) => DefinitionJson.Read(Encoding.UTF8.GetBytes(json), "test.json");
}
