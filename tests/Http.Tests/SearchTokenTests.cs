using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#token</summary>
public sealed class SearchTokenTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{m}","gender":"male","active":true,"identifier":[{"system":"http://h.org/mrn","value":"A1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Record no"}}],"telecom":[{"system":"phone","value":"555-1"},{"system":"email","value":"m@h.org"}]}""",
        """{"resourceType":"Patient","id":"{f}","gender":"female","active":false,"identifier":[{"system":"http://other.org","value":"A1"}],"deceasedBoolean":true}""",
        """{"resourceType":"Patient","id":"{n}","identifier":[{"value":"A1"}],"deceasedDateTime":"2020-01-01"}""",
        """{"resourceType":"Patient","id":"{b}","gender":"other","identifier":[{"system":"http://h.org/mrn","value":"B,2"}],"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"de"}]}}]}""",
        """{"resourceType":"Observation","id":"{bp}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"},{"system":"http://snomed.info/sct","code":"75367002"}],"text":"BP measured"},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]}""",
        """{"resourceType":"Observation","id":"{hb}","status":"preliminary","code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"}]},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}]}""",
        """{"resourceType":"Observation","id":"{txt}","status":"amended","code":{"text":"Something else"},"valueCodeableConcept":{"coding":[{"code":"bare"}]}}""",
        """{"resourceType":"Composition","id":"{c}","status":"final","type":{"text":"t"},"date":"2020","author":[{"display":"x"}],"title":"t","section":[{"title":"s","code":{"coding":[{"system":"http://s.org","code":"sec"}]}}]}""",
    ];

    [Theory]
    [InlineData("gender=male", "m")]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|male", "m")]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|", "m f b")]
    [InlineData("gender=http://wrong.org|male", "")]
    [InlineData("gender=male,female", "m f")]
    [InlineData("gender=MALE", "")]
    [InlineData("active=true", "m")]
    [InlineData("active=false", "f")]
    [InlineData("identifier=A1", "m f n")]
    [InlineData("identifier=http://h.org/mrn|A1", "m")]
    [InlineData("identifier=http://h.org/mrn|", "m b")]
    [InlineData("identifier=|A1", "n")]
    [InlineData("identifier=http://h.org/mrn|A1,http://other.org|A1", "m f")]
    [InlineData("identifier=B\\,2", "b")]
    [InlineData("identifier=B%5C%2C2", "b")]
    [InlineData("identifier=a1", "")]
    [InlineData("deceased=true", "f n")]
    [InlineData("deceased=false", "m b")]
    [InlineData("telecom=555-1", "m")]
    [InlineData("phone=555-1", "m")]
    [InlineData("email=m@h.org", "m")]
    [InlineData("email=555-1", "")]
    [InlineData("language=de", "b")]
    [InlineData("_id={m}", "m")]
    [InlineData("_id={m},{f}", "m f")]
    public Task A_token_matches_code_and_system(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("code=85354-9", "bp")]
    [InlineData("code=http://loinc.org|85354-9", "bp")]
    [InlineData("code=http://snomed.info/sct|75367002", "bp")]
    [InlineData("code=http://snomed.info/sct|85354-9", "")]
    [InlineData("code=http://loinc.org|", "bp hb")]
    [InlineData("code=http://loinc.org|85354-9,http://loinc.org|718-7", "bp hb")]
    [InlineData("status=final", "bp")]
    [InlineData("category=vital-signs", "bp")]
    [InlineData("category=vital-signs,laboratory", "bp hb")]
    [InlineData("code=http://loinc.org|718-7&status=final", "")]
    [InlineData("value-concept=bare", "txt")]
    [InlineData("value-concept=|bare", "txt")]
    [InlineData("combo-code=718-7", "hb")]
    public Task Any_coding_of_a_concept_matches(string query, string keys) => FindsAsync($"Observation?{query}", keys);

    [Theory]
    [InlineData("Patient?gender:not=male", "f n b")]
    [InlineData("Patient?gender:not=male,female", "n b")]
    [InlineData("Patient?identifier:not=http://h.org/mrn|A1", "f n b")]
    [InlineData("Observation?status:not=final", "hb txt")]
    [InlineData("Observation?category:not=vital-signs", "hb txt")]
    [InlineData("Observation?code:not=http://loinc.org|718-7", "bp txt")]
    public Task Not_keeps_resources_without_a_value(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Observation?code:text=blood", "bp")]
    [InlineData("Observation?code:text=bp meas", "bp")]
    [InlineData("Observation?code:text=HEMO", "hb")]
    [InlineData("Observation?code:text=something", "txt")]
    [InlineData("Observation?code:text=718-7", "")]
    [InlineData("Patient?identifier:text=record", "m")]
    public Task Text_matches_displays_and_texts(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A1", "m")]
    [InlineData("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A2", "")]
    [InlineData("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|A1", "")]
    public Task Of_type_matches_the_type_of_an_identifier(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "m f b")]
    [InlineData("Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender", "n")]
    [InlineData("Observation?category:in=http://hl7.org/fhir/ValueSet/observation-category", "bp hb")]
    [InlineData("Observation?category:not-in=http://hl7.org/fhir/ValueSet/observation-category", "txt")]
    [InlineData("Observation?status:below=http://hl7.org/fhir/observation-status|amended", "txt")]
    [InlineData("Observation?status:above=http://hl7.org/fhir/observation-status|final", "bp")]
    public Task Value_sets_and_hierarchies_are_asked_of_the_terminology(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?gender:missing=true", "n")]
    [InlineData("Patient?gender:missing=false", "m f b")]
    [InlineData("Patient?telecom:missing=false", "m")]
    [InlineData("Observation?category:missing=true", "txt")]
    public Task Missing_asks_whether_there_is_a_value(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?gender:exact=male")]
    [InlineData("Patient?gender:contains=male")]
    [InlineData("Patient?identifier:of-type=MR|A1")]
    [InlineData("Patient?gender:in=http://nowhere.org/ValueSet/unknown")]
    [InlineData("Patient?gender:identifier=a|b")]
    public Task What_cannot_be_answered_is_refused(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("_security=http://s.org|R")]
    [InlineData("_tag=http://nothing.org|x")]
    [InlineData("_profile=http://nothing.org/p")]
    public Task Labels_that_no_resource_has_find_nothing(string query) => FindsAsync($"Patient?{query}", "");

    [Fact]
    public async Task A_tag_finds_all_types()
    {
        Answer answer = await SearchAsync("?_type=Patient,Observation,Composition");

        Assert.Equal(8, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task A_faulty_value_names_the_parameter()
    {
        Answer answer = await RefusedAsync("Patient?identifier=a|b|c", HttpStatusCode.BadRequest);

        Assert.Contains("identifier", answer.Body, StringComparison.Ordinal);
    }
}
