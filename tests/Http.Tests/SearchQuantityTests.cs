using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#quantity</summary>
public sealed class SearchQuantityTests(FhirServerFixture server) : SearchTest(server)
{
    private const string Ucum = "http://unitsofmeasure.org";

    private static string Value(string key, string quantity) =>
        $$"""{"resourceType":"Observation","id":"{{{key}}}","status":"final","code":{"text":"x"},"valueQuantity":{{{quantity}} } }""";

    protected override IEnumerable<string> Resources =>
    [
        Value("mg", $"\"value\":5.4,\"unit\":\"mg\",\"system\":\"{Ucum}\",\"code\":\"mg\""),
        Value("g", $"\"value\":0.0054,\"unit\":\"g\",\"system\":\"{Ucum}\",\"code\":\"g\""),
        Value("ug", $"\"value\":5400,\"unit\":\"ug\",\"system\":\"{Ucum}\",\"code\":\"ug\""),
        Value("big", $"\"value\":12,\"unit\":\"mg\",\"system\":\"{Ucum}\",\"code\":\"mg\""),
        Value("ml", $"\"value\":5.4,\"unit\":\"ml\",\"system\":\"{Ucum}\",\"code\":\"mL\""),
        Value("plain", "\"value\":5.4"),
        Value("tab", "\"value\":2,\"unit\":\"tablets\",\"system\":\"http://x.org/units\",\"code\":\"TAB\""),
        """{"resourceType":"Observation","id":"{none}","status":"final","code":{"text":"x"},"valueString":"5.4"}""",
    ];

    [Theory]
    [InlineData("5.4", "mg ml plain")]
    [InlineData("5.4|http://unitsofmeasure.org|mg", "mg g ug")]
    [InlineData("0.0054|http://unitsofmeasure.org|g", "mg g ug")]
    [InlineData("5400|http://unitsofmeasure.org|ug", "mg g ug")]
    [InlineData("5.4|http://unitsofmeasure.org|mL", "ml")]
    [InlineData("5.4||mg", "mg")]
    [InlineData("2||tablets", "tab")]
    [InlineData("2||TAB", "tab")]
    [InlineData("2|http://x.org/units|TAB", "tab")]
    [InlineData("2|http://y.org/units|TAB", "")]
    [InlineData("gt5.4|http://unitsofmeasure.org|mg", "big")]
    [InlineData("ge5.4|http://unitsofmeasure.org|mg", "mg g ug big")]
    [InlineData("lt0.01|http://unitsofmeasure.org|g", "mg g ug")]
    [InlineData("lt0.1|http://unitsofmeasure.org|g", "mg g ug big")]
    [InlineData("le5.4|http://unitsofmeasure.org|mg", "mg g ug")]
    [InlineData("ne5.4|http://unitsofmeasure.org|mg", "big")]
    [InlineData("ap5|http://unitsofmeasure.org|mg", "mg g ug")]
    [InlineData("sa10|http://unitsofmeasure.org|mg", "big")]
    [InlineData("eb10|http://unitsofmeasure.org|mg", "mg g ug")]
    [InlineData("gt5", "mg ug big ml plain")]
    [InlineData("5.40", "mg ml plain")]
    [InlineData("5", "mg ml plain")]
    [InlineData("2,12", "tab big")]
    public Task A_quantity_matches_number_and_unit(string value, string keys) => FindsAsync($"Observation?value-quantity={Uri.EscapeDataString(value)}", keys);

    [Fact]
    public Task Missing_asks_whether_there_is_a_value() => FindsAsync("Observation?value-quantity:missing=true", "none");

    [Theory]
    [InlineData("abc")]
    [InlineData("5.4|mg")]
    [InlineData("|http://unitsofmeasure.org|mg")]
    [InlineData("5.4|http://unitsofmeasure.org|mg|x")]
    public Task What_is_no_quantity_is_refused(string value) => RefusedAsync($"Observation?value-quantity={value}");
}
