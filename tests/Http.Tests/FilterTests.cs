using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search_filter.html, and searching by text, list and position</summary>
public sealed class FilterTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{ann}","gender":"female","birthDate":"1980-05-01","name":[{"family":"Smith","given":["Ann"]}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">likes <b>cats</b> and tea</div>"}}""",
        """{"resourceType":"Patient","id":"{bob}","gender":"male","birthDate":"1990","name":[{"family":"Smithers","given":["Bob"]}],"address":[{"city":"Catford"}]}""",
        """{"resourceType":"Patient","id":"{cy}","birthDate":"2001-01-01","name":[{"family":"Jones","given":["Cy"]}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">likes dogs</div>"}}""",
        """{"resourceType":"Observation","id":"{o1}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"A"}]},"subject":{"reference":"Patient/{ann}"},"valueQuantity":{"value":5}}""",
        """{"resourceType":"Observation","id":"{o2}","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"B"}]},"subject":{"reference":"Patient/{bob}"},"valueQuantity":{"value":50}}""",
        """{"resourceType":"ValueSet","id":"{v1}","status":"active","url":"http://acme.org/{run}/a"}""",
        """{"resourceType":"ValueSet","id":"{v2}","status":"active","url":"http://acme.org/{run}/a/b"}""",
        """{"resourceType":"List","id":"{list}","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/{ann}"}},{"item":{"reference":"Patient/{cy}"}},{"item":{"reference":"Observation/{o1}"}}]}""",
        """{"resourceType":"Location","id":"{berlin}","position":{"latitude":52.52,"longitude":13.405}}""",
        """{"resourceType":"Location","id":"{potsdam}","position":{"latitude":52.39,"longitude":13.06}}""",
        """{"resourceType":"Location","id":"{fiji}","position":{"latitude":-17.7,"longitude":179.99}}""",
        """{"resourceType":"Location","id":"{nowhere}","name":"x"}""",
    ];

    [Theory]
    [InlineData("Patient?_filter=gender eq male", "bob")]
    [InlineData("Patient?_filter=gender ne male", "ann")]
    [InlineData("Patient?_filter=name eq \"Smith\"", "ann")]
    [InlineData("Patient?_filter=name sw \"smith\"", "ann bob")]
    [InlineData("Patient?_filter=family co \"mith\"", "ann bob")]
    [InlineData("Patient?_filter=name sw \"smith\" and gender eq female", "ann")]
    [InlineData("Patient?_filter=gender eq male or birthdate gt 2000-01-01", "bob cy")]
    [InlineData("Patient?_filter=not (gender eq male)", "ann cy")]
    [InlineData("Patient?_filter=(gender eq male or gender eq female) and birthdate lt 1985-01-01", "ann")]
    [InlineData("Patient?_filter=gender pr true", "ann bob")]
    [InlineData("Patient?_filter=gender pr false", "cy")]
    [InlineData("Patient?_filter=birthdate ge 1990-01-01", "bob cy")]
    [InlineData("Patient?_filter=birthdate eq 1980-05-01", "ann")]
    [InlineData("Patient?_filter=birthdate sa 1990-06-01", "cy")]
    [InlineData("Patient?_filter=gender in http://hl7.org/fhir/ValueSet/administrative-gender", "ann bob")]
    [InlineData("Observation?_filter=value-quantity gt 10", "o2")]
    [InlineData("Observation?_filter=code eq http://loinc.org|A", "o1")]
    [InlineData("Observation?_filter=subject re Patient/{ann}", "o1")]
    [InlineData("Observation?_filter=subject.gender eq male", "o2")]
    [InlineData("Observation?_filter=patient.name sw \"smith\" and status eq final", "o1")]
    [InlineData("Patient?_filter=gender eq male&name=smith", "bob")]
    [InlineData("ValueSet?_filter=url ss http://acme.org/{run}/a", "v1 v2")]
    public Task A_filter_is_an_expression(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?_filter=gender")]
    [InlineData("Patient?_filter=gender eq")]
    [InlineData("Patient?_filter=gender xx male")]
    [InlineData("Patient?_filter=(gender eq male")]
    [InlineData("Patient?_filter=gender eq male and")]
    [InlineData("Patient?_filter=nothing eq x")]
    [InlineData("Patient?_filter=gender sw male")]
    public Task A_faulty_filter_is_refused_whatever_the_handling(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("Patient?_text=cats", "ann")]
    [InlineData("Patient?_text=likes", "ann cy")]
    [InlineData("Patient?_text=likes cats", "ann")]
    [InlineData("Patient?_text=CATS", "ann")]
    [InlineData("Patient?_text=cat", "")]
    [InlineData("Patient?_text=catford", "")]
    [InlineData("Patient?_content=catford", "bob")]
    [InlineData("Patient?_content=jones", "cy")]
    [InlineData("Patient?_content=cats smith", "ann")]
    public Task Words_are_looked_for_in_the_narrative_or_in_all_of_the_resource(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?_list={list}", "ann cy")]
    [InlineData("Patient?_list=List/{list}", "ann cy")]
    [InlineData("Observation?_list={list}", "o1")]
    [InlineData("Patient?_list={list}&gender=female", "ann")]
    [InlineData("Patient?_list={nolist}", "")]
    public Task A_list_narrows_a_search_to_its_members(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("Patient?_list=$current-problems")]
    [InlineData("Patient?_query=everything")]
    [InlineData("Patient?_text:exact=x")]
    [InlineData("Patient?_filter:not=gender eq male")]
    public Task What_the_server_does_not_have_is_said_so(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("52.52|13.4|10|km", "berlin")]
    [InlineData("52.52|13.4|50|km", "berlin potsdam")]
    [InlineData("52.52|13.4|50000|m", "berlin potsdam")]
    [InlineData("52.52|13.4|50", "berlin potsdam")]
    [InlineData("52.52|13.4|30|[mi_us]", "berlin potsdam")]
    [InlineData("-17.7|-179.99|10|km", "fiji")]
    [InlineData("0|0|100|km", "")]
    public Task Near_finds_places_within_a_distance(string value, string keys) => FindsAsync($"Location?near={Uri.EscapeDataString(value)}", keys);

    [Theory]
    [InlineData("52.52")]
    [InlineData("91|0|1|km")]
    [InlineData("0|181|1|km")]
    [InlineData("0|0|-1|km")]
    [InlineData("0|0|1|kg")]
    [InlineData("x|y")]
    public Task What_is_no_position_is_refused(string value) => RefusedAsync($"Location?near={Uri.EscapeDataString(value)}");
}
