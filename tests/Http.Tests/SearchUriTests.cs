using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#uri</summary>
public sealed class SearchUriTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"ValueSet","id":"{a}","status":"active","url":"http://acme.org/{run}/fhir"}""",
        """{"resourceType":"ValueSet","id":"{b}","status":"active","url":"http://acme.org/{run}/fhir/ValueSet/123"}""",
        """{"resourceType":"ValueSet","id":"{c}","status":"active","url":"http://acme.org/{run}/fhir/ValueSet/123/history/5","version":"2"}""",
        """{"resourceType":"ValueSet","id":"{d}","status":"active","url":"http://acme.org/{run}/fhirX"}""",
        """{"resourceType":"ValueSet","id":"{u}","status":"active","url":"urn:oid:1.2.3.4"}""",
        """{"resourceType":"ValueSet","id":"{none}","status":"active"}""",
        """{"resourceType":"Questionnaire","id":"{q}","status":"active","url":"http://acme.org/{run}/q","version":"1.0"}""",
        """{"resourceType":"QuestionnaireResponse","id":"{r}","status":"completed","questionnaire":"http://acme.org/{run}/q|1.0"}""",
    ];

    [Theory]
    [InlineData("url=http://acme.org/{run}/fhir", "a")]
    [InlineData("url=http://acme.org/{run}/fhir/", "")]
    [InlineData("url=http://acme.org/{run}/FHIR", "")]
    [InlineData("url=http://acme.org/{run}/fhir/ValueSet/123", "b")]
    [InlineData("url=urn:oid:1.2.3.4", "u")]
    [InlineData("url:below=http://acme.org/{run}/fhir", "a b c")]
    [InlineData("url:below=http://acme.org/{run}/fhir/", "b c")]
    [InlineData("url:below=http://acme.org/{run}", "a b c d")]
    [InlineData("url:above=http://acme.org/{run}/fhir/ValueSet/123", "a b")]
    [InlineData("url:above=http://acme.org/{run}/fhir/ValueSet/123/history/5", "a b c")]
    [InlineData("url=http://acme.org/{run}/fhir,urn:oid:1.2.3.4", "a u")]
    [InlineData("url:missing=true", "none")]
    public Task A_uri_matches_whole_or_by_its_segments(string query, string keys) => FindsAsync($"ValueSet?{query}", keys);

    [Theory]
    [InlineData("questionnaire=http://acme.org/{run}/q", "r")]
    [InlineData("questionnaire=http://acme.org/{run}/q|1.0", "r")]
    [InlineData("questionnaire=http://acme.org/{run}/q|2.0", "")]
    public Task A_canonical_matches_with_and_without_its_version(string query, string keys) => FindsAsync($"QuestionnaireResponse?{query}", keys);

    [Theory]
    [InlineData("url:exact=http://acme.org")]
    [InlineData("url:contains=acme")]
    public Task Modifiers_of_other_kinds_are_refused(string query) => RefusedAsync($"ValueSet?{query}");
}
