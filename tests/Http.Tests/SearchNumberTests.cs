using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#number</summary>
public sealed class SearchNumberTests(FhirServerFixture server) : SearchTest(server)
{
    private static string Risk(string key, string probability) =>
        $$"""{"resourceType":"RiskAssessment","id":"{{{key}}}","status":"final","subject":{"display":"x"},"prediction":[{"outcome":{"text":"o"},{{probability}} }]}""";

    protected override IEnumerable<string> Resources =>
    [
        Risk("a", "\"probabilityDecimal\":0.8"),
        Risk("b", "\"probabilityDecimal\":0.84"),
        Risk("c", "\"probabilityDecimal\":0.850"),
        Risk("d", "\"probabilityDecimal\":100"),
        Risk("e", "\"probabilityDecimal\":99.7"),
        Risk("f", "\"probabilityDecimal\":-5"),
        Risk("none", "\"qualitativeRisk\":{\"text\":\"low\"}"),
    ];

    [Theory]
    [InlineData("0.8", "a b")]
    [InlineData("0.80", "a")]
    [InlineData("0.84", "b")]
    [InlineData("0.85", "c")]
    [InlineData("0.9", "c")]
    [InlineData("100", "d e")]
    [InlineData("100.0", "d")]
    [InlineData("1e2", "d e")]
    [InlineData("1.00e2", "d e")]
    [InlineData("-5", "f")]
    [InlineData("eq100", "d e")]
    [InlineData("ne100", "a b c f")]
    [InlineData("ne0.8", "c d e f")]
    [InlineData("gt0.84", "c d e")]
    [InlineData("gt0.8", "b c d e")]
    [InlineData("ge0.84", "b c d e")]
    [InlineData("lt0.84", "a f")]
    [InlineData("le0.84", "a b f")]
    [InlineData("sa0.84", "c d e")]
    [InlineData("eb0.84", "a f")]
    [InlineData("ap0.8", "a b c")]
    [InlineData("gt0.8&probability=lt0.85", "b")]
    [InlineData("0.80,100.0", "a d")]
    [InlineData("lt0", "f")]
    public Task A_number_has_the_precision_with_which_it_is_written(string value, string keys) => FindsAsync($"RiskAssessment?probability={value}", keys);

    [Fact]
    public Task Missing_asks_whether_there_is_a_value() => FindsAsync("RiskAssessment?probability:missing=true", "none");

    [Theory]
    [InlineData("abc")]
    [InlineData("1,")]
    [InlineData("1..2")]
    [InlineData("0x10")]
    [InlineData("gt")]
    [InlineData("1e999999")]
    public Task What_is_no_number_is_refused(string value) => RefusedAsync($"RiskAssessment?probability={value}");
}
