using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>What matches what: the tables of R4's page on search, one resource against many queries.</summary>
public class SearchMatcherTests
{
    private const string Person = """
        {"resourceType":"Patient","id":"p1","active":true,"gender":"male","birthDate":"1974-12-25",
        "name":[{"family":"van den Berg","given":["Zoë"]}],
        "identifier":[{"system":"http://mrn","value":"1","type":{"text":"Medical record","coding":[{"system":"http://t","code":"MR"}]}},{"value":"naked"}],
        "managingOrganization":{"reference":"Organization/o1"},
        "generalPractitioner":[{"reference":"http://other/fhir/Practitioner/d1/_history/2"},{"identifier":{"system":"http://npi","value":"7"}}]}
        """;

    private const string Measured = """
        {"resourceType":"Observation","status":"final","code":{"text":"Body weight","coding":[{"system":"http://loinc.org","code":"29463-7","display":"Weight (measured)"}]},
        "effectivePeriod":{"start":"2013-01-21","end":"2013-02-10"},
        "valueQuantity":{"value":185,"unit":"lbs","system":"http://unitsofmeasure.org","code":"[lb_av]"},
        "component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1,"unit":"x"}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2,"unit":"x"}}]}
        """;

    [Theory]
    [InlineData("name", "van", true)]
    [InlineData("name", "BERG", false)]
    [InlineData("name:contains", "BERG", true)]
    [InlineData("name:exact", "Zoë", true)]
    [InlineData("name:exact", "zoë", false)]
    [InlineData("name", "zoe", true)]
    [InlineData("name", "smith,zoe", true)]
    [InlineData("gender", "male", true)]
    [InlineData("gender", "http://hl7.org/fhir/administrative-gender|male", true)]
    [InlineData("gender", "http://hl7.org/fhir/administrative-gender|", true)]
    [InlineData("gender", "|male", true)]
    [InlineData("gender", "http://other|male", false)]
    [InlineData("gender", "Male", false)]
    [InlineData("gender:not", "male", false)]
    [InlineData("gender:not", "female", true)]
    [InlineData("gender:not", "female,male", false)]
    [InlineData("active", "true", true)]
    [InlineData("_id", "p1", true)]
    [InlineData("identifier", "http://mrn|1", true)]
    [InlineData("identifier", "1", true)]
    [InlineData("identifier", "|1", false)]
    [InlineData("identifier", "|naked", true)]
    [InlineData("identifier", "http://mrn|", true)]
    [InlineData("identifier:of-type", "http://t|MR|1", true)]
    [InlineData("identifier:of-type", "http://t|MR|naked", false)]
    [InlineData("identifier:of-type", "http://t|SS|1", false)]
    [InlineData("identifier:text", "medical", true)]
    [InlineData("identifier:text", "record", false)]
    [InlineData("organization", "o1", true)]
    [InlineData("organization", "Organization/o1", true)]
    [InlineData("organization", "https://here.example/fhir/Organization/o1", true)]
    [InlineData("organization", "http://other/fhir/Organization/o1", false)]
    [InlineData("organization", "Patient/o1", false)]
    [InlineData("general-practitioner", "http://other/fhir/Practitioner/d1", true)]
    [InlineData("general-practitioner", "http://other/fhir/Practitioner/d1/_history/2", true)]
    [InlineData("general-practitioner", "http://other/fhir/Practitioner/d1/_history/3", false)]
    [InlineData("general-practitioner", "Practitioner/d1", false)]
    [InlineData("general-practitioner:identifier", "http://npi|7", true)]
    [InlineData("general-practitioner:identifier", "http://npi|8", false)]
    [InlineData("death-date:missing", "true", true)]
    [InlineData("death-date:missing", "false", false)]
    [InlineData("birthdate:missing", "false", true)]
    public void A_patient(string name, string query, bool matches) => Assert.Equal(matches, Matches(Person, name, query));

    [Theory]
    [InlineData("code", "29463-7", true)]
    [InlineData("code", "http://loinc.org|29463-7", true)]
    [InlineData("code:text", "weight", true)]
    [InlineData("code:text", "body", true)]
    [InlineData("code:text", "measured", false)]
    [InlineData("date", "2013", true)]
    [InlineData("date", "2013-01", false)]
    [InlineData("date", "ne2013-01", true)]
    [InlineData("date", "ne2013", false)]
    [InlineData("date", "gt2013-02-09", true)]
    [InlineData("date", "gt2013-02-10", false)]
    [InlineData("date", "ge2013-02-10", false)]
    [InlineData("date", "ge2013", true)]
    [InlineData("date", "lt2013-01-22", true)]
    [InlineData("date", "lt2013-01-21", false)]
    [InlineData("date", "le2013-01-21", false)]
    [InlineData("date", "sa2013-01-20", true)]
    [InlineData("date", "sa2013-01-21", false)]
    [InlineData("date", "eb2013-02-11", true)]
    [InlineData("date", "eb2013-02-10", false)]
    [InlineData("date", "ap2013-03-01", true)]
    [InlineData("date", "ap2019", false)]
    [InlineData("value-quantity", "185|http://unitsofmeasure.org|[lb_av]", true)]
    [InlineData("value-quantity", "83.9|http://unitsofmeasure.org|kg", true)]
    [InlineData("value-quantity", "84|http://unitsofmeasure.org|kg", true)]
    [InlineData("value-quantity", "85|http://unitsofmeasure.org|kg", false)]
    [InlineData("value-quantity", "gt83914|http://unitsofmeasure.org|g", true)]
    [InlineData("value-quantity", "gt83915|http://unitsofmeasure.org|g", false)]
    [InlineData("value-quantity", "gt1|http://unitsofmeasure.org|m", false)]
    [InlineData("value-quantity", "185||lbs", true)]
    [InlineData("value-quantity", "185||[lb_av]", true)]
    [InlineData("value-quantity", "185||kg", false)]
    [InlineData("value-quantity", "185", true)]
    [InlineData("value-quantity", "184.6", false)]
    [InlineData("value-quantity", "ge185", true)]
    [InlineData("value-quantity", "gt185", false)]
    [InlineData("value-quantity", "lt185.1", true)]
    [InlineData("value-quantity", "ap170", true)]
    [InlineData("value-quantity", "ap160", false)]
    [InlineData("combo-code-value-quantity", "a$1", true)]
    [InlineData("combo-code-value-quantity", "a$2", false)]
    [InlineData("combo-code-value-quantity", "b$gt1", true)]
    [InlineData("combo-code-value-quantity", "29463-7$gt100", true)]
    public void An_observation(string name, string query, bool matches) => Assert.Equal(matches, Matches(Measured, name, query));

    [Theory]
    [InlineData("\"value\":5,\"comparator\":\"<\"", "lt4", true)]
    [InlineData("\"value\":5,\"comparator\":\"<\"", "ge5", false)]
    [InlineData("\"value\":5,\"comparator\":\"<=\"", "ge5", true)]
    [InlineData("\"value\":5,\"comparator\":\"<\"", "eb5", true)]
    [InlineData("\"value\":5,\"comparator\":\">\"", "le5", false)]
    [InlineData("\"value\":5,\"comparator\":\">\"", "sa5", true)]
    [InlineData("\"value\":5,\"comparator\":\">\"", "gt1000", true)]
    [InlineData("\"value\":5,\"comparator\":\">\"", "5", false)]
    [InlineData("\"value\":5,\"comparator\":\">\"", "ne5", true)]
    public void A_value_with_comparator_may_be_anything_on_its_side(string quantity, string query, bool matches) =>
        Assert.Equal(matches, Matches($$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{ {{quantity}} } }""", "value-quantity", query));

    [Theory]
    [InlineData("url", "http://acme.org/fhir/ValueSet/123", true)]
    [InlineData("url", "http://acme.org/fhir/ValueSet/12", false)]
    [InlineData("url", "http://acme.org/fhir/valueset/123", false)]
    [InlineData("url:below", "http://acme.org/fhir/", true)]
    [InlineData("url:below", "http://acme.org/fhir", true)]
    [InlineData("url:below", "http://acme.org/fh", false)]
    [InlineData("url:above", "http://acme.org/fhir/ValueSet/123/_history/5", true)]
    [InlineData("url:above", "http://acme.org/fhir/ValueSet/1234", false)]
    public void A_uri(string name, string query, bool matches) =>
        Assert.Equal(matches, Matches("""{"resourceType":"ValueSet","status":"draft","url":"http://acme.org/fhir/ValueSet/123"}""", name, query));

    [Theory]
    [InlineData("http://m/x", true)]
    [InlineData("http://m/x|1.0", true)]
    [InlineData("http://m/x|2.0", false)]
    public void A_canonical(string query, bool matches) =>
        Assert.Equal(matches, Matches(
            """{"resourceType":"PlanDefinition","status":"draft","relatedArtifact":[{"type":"depends-on","resource":"http://m/x|1.0"}]}""", "depends-on", query));

    [Theory]
    [InlineData("42.256500|-83.694810|11.20|km", true)]
    [InlineData("43.25|-83.69|11.20|km", false)]
    [InlineData("43.25|-83.69|112|km", true)]
    public void A_place(string query, bool matches) =>
        Assert.Equal(matches, Matches("""{"resourceType":"Location","position":{"longitude":-83.69,"latitude":42.25}}""", "near", query));

    [Fact]
    public void A_contained_resource_is_not_found_by_its_id() =>
        Assert.False(Matches(
            """{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}""", "subject", "p"));

    private static bool Matches(string json, string name, string query)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        var values = new IndexValues();
        new SearchExtractor(Sets.R4, Queries.Options.ServerBase).Extract(resource, values);
        string[] parts = name.Split(':');
        IndexedParameter parameter = Sets.R4.Find(resource.Type, parts[0])!;
        SearchModifier modifier = SearchModifier.None;
        TypeSchema? type = null;
        Assert.True(parts.Length == 1 || SearchQueryReader.TryReadModifier(parts[1], out modifier, out type));
        IReadOnlyList<QueryValue> alternatives = SearchQueryReader.Read(parameter, modifier, type, query, Queries.Options).Value;
        return SearchMatcher.Matches(values, parameter.Id, modifier, alternatives);
    }
}
