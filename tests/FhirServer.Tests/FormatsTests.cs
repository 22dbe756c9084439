using HealthChain.FhirServer.Http;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class FormatsTests
{
    private static FhirFormat? Asked(string? accept, string query = "") => Formats.Asked(accept, QueryText.Read(query))?.Format;

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("*/*")]
    [InlineData("application/fhir+json")]
    [InlineData("application/json")]
    [InlineData("application/fhir+json; fhirVersion=4.0")]
    [InlineData("application/fhir+json; fhirVersion=\"4.0\"")]
    [InlineData("text/html, application/xhtml+xml, */*; q=0.8")]
    [InlineData("application/fhir+xml; q=0.5, application/fhir+json; q=0.9")]
    [InlineData("application/fhir+xml; q=0, */*")]
    [InlineData("application/fhir+xml; fhirVersion=3.0, application/fhir+json; fhirVersion=4.0")]
    public void JSON_is_answered_to(string? accept) => Assert.Equal(FhirFormat.Json, Asked(accept));

    [Theory]
    [InlineData("application/fhir+xml")]
    [InlineData("application/xml")]
    [InlineData("text/xml")]
    [InlineData("application/fhir+json; q=0.1, application/fhir+xml")]
    [InlineData("application/fhir+xml, application/fhir+json")]
    [InlineData("*/*, application/fhir+xml")]
    [InlineData("application/json; q=0, */*")]
    public void XML_is_answered_to(string accept) => Assert.Equal(FhirFormat.Xml, Asked(accept));

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/fhir+json; fhirVersion=5.0")]
    [InlineData("application/fhir+json; q=0")]
    public void Nothing_is_answered_to(string accept) => Assert.Null(Asked(accept));

    [Theory]
    [InlineData("?_format=xml", FhirFormat.Xml)]
    [InlineData("?_format=application/fhir%2Bxml", FhirFormat.Xml)]
    [InlineData("?_format=application/fhir+xml", FhirFormat.Xml)]
    [InlineData("?_format=json", FhirFormat.Json)]
    [InlineData("?_format=", FhirFormat.Xml)]
    internal void The_parameter_wins_over_the_header(string query, FhirFormat expected) =>
        Assert.Equal(expected, Asked("application/fhir+xml", query));

    [Theory]
    [InlineData("?_format=ttl")]
    [InlineData("?_format=text/turtle")]
    public void A_parameter_that_asks_for_something_else_is_not_overruled_by_the_header(string query) =>
        Assert.Null(Asked("application/fhir+json", query));
}
