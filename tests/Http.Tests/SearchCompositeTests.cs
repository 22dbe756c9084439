using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#composite</summary>
public sealed class SearchCompositeTests(FhirServerFixture server) : SearchTest(server)
{
    private const string Loinc = "http://loinc.org";

    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Observation","id":"{bp}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":150,"unit":"mmHg"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":90,"unit":"mmHg"}}]}""",
        """{"resourceType":"Observation","id":"{hb}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"valueQuantity":{"value":13.5,"unit":"g/dL"},"effectiveDateTime":"2020-05-01"}""",
        """{"resourceType":"Observation","id":"{cc}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"X"}]},"valueCodeableConcept":{"coding":[{"code":"yes"}]}}""",
        """{"resourceType":"Observation","id":"{st}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"S"}]},"valueString":"Positive growth"}""",
    ];

    [Theory]
    [InlineData("code-value-quantity=718-7$13.5", "hb")]
    [InlineData("code-value-quantity=http://loinc.org|718-7$gt13", "hb")]
    [InlineData("code-value-quantity=http://loinc.org|718-7$gt14", "")]
    [InlineData("code-value-quantity=http://loinc.org|718-7$13.5||g/dL", "hb")]
    [InlineData("code-value-quantity=718-7$gt14,718-7$lt14", "hb")]
    [InlineData("component-code-value-quantity=8480-6$gt140", "bp")]
    [InlineData("component-code-value-quantity=8462-4$gt140", "")]
    [InlineData("component-code-value-quantity=8480-6$gt140&component-code-value-quantity=8462-4$lt100", "bp")]
    [InlineData("combo-code-value-quantity=8480-6$150", "bp")]
    [InlineData("combo-code-value-quantity=718-7$13.5", "hb")]
    [InlineData("code-value-concept=X$yes", "cc")]
    [InlineData("code-value-concept=X$no", "")]
    [InlineData("code-value-string=S$pos", "st")]
    [InlineData("code-value-string=X$pos", "")]
    public Task The_parts_must_be_met_by_one_tuple(string query, string keys) => FindsAsync($"Observation?{query}", keys);

    [Theory]
    [InlineData("code-value-quantity=718-7")]
    [InlineData("code-value-quantity=718-7$13.5$1")]
    [InlineData("code-value-quantity=718-7$abc")]
    [InlineData("code-value-quantity=$13.5")]
    public Task A_tuple_with_faulty_parts_is_refused(string query) => RefusedAsync($"Observation?{query}");

    [Fact]
    public Task A_part_may_be_escaped() => FindsAsync($"Observation?code-value-string={Loinc}|S$positive growth", "st");
}
