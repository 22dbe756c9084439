using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#string</summary>
public sealed class SearchStringTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{eve}","name":[{"family":"Evergreen","given":["Eve","Anne"]}]}""",
        """{"resourceType":"Patient","id":"{steve}","name":[{"family":"Stevens","given":["Steve"]}]}""",
        """{"resourceType":"Patient","id":"{umlaut}","name":[{"family":"Müller-Lüdenscheidt","given":["Jörg"]}]}""",
        """{"resourceType":"Patient","id":"{accent}","name":[{"family":"Étienne","given":["José"]}]}""",
        """{"resourceType":"Patient","id":"{comma}","name":[{"text":"Smith, John $1"}]}""",
        """{"resourceType":"Patient","id":"{two}","name":[{"use":"official","family":"Evans"},{"use":"maiden","family":"Obrien"}]}""",
        """{"resourceType":"Patient","id":"{place}","name":[{"family":"Zed"}],"address":[{"line":["12 Oak Lane"],"city":"Springfield","state":"IL","postalCode":"62701","country":"USA"}]}""",
        """{"resourceType":"Patient","id":"{none}","gender":"male"}""",
        """{"resourceType":"Patient","id":"{long}","name":[{"family":"Featherstonehaugh-Cholmondeley","given":["Maximiliana"]}]}""",
    ];

    [Theory]
    [InlineData("family=eve", "eve")]
    [InlineData("given=eve", "eve")]
    [InlineData("given=ann", "eve")]
    [InlineData("given=Anne", "eve")]
    [InlineData("name=eve", "eve")]
    [InlineData("name=ev", "eve two")]
    [InlineData("name=EV", "eve two")]
    [InlineData("family=ste", "steve")]
    [InlineData("family=muller", "umlaut")]
    [InlineData("family=Müller", "umlaut")]
    [InlineData("family=M%C3%BCLLER", "umlaut")]
    [InlineData("family=etienne", "accent")]
    [InlineData("given=jose", "accent")]
    [InlineData("given=JOS%C3%89", "accent")]
    [InlineData("family=obrien", "two")]
    [InlineData("family=green", "")]
    [InlineData("family=evergreens", "")]
    [InlineData("family=featherstonehaugh-chol", "long")]
    [InlineData("family=Featherstonehaugh-Cholmondeley", "long")]
    [InlineData("family=Featherstonehaugh-Cholmondeleys", "")]
    [InlineData("address=oak", "")]
    [InlineData("address=12", "place")]
    [InlineData("address=springfield", "place")]
    [InlineData("address-city=Spring", "place")]
    [InlineData("address-postalcode=627", "place")]
    [InlineData("address-state=il", "place")]
    [InlineData("address-country=usa", "place")]
    [InlineData("address=il", "place")]
    public Task A_string_matches_the_start_of_a_value_whatever_its_case_and_accents(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("family:contains=green", "eve")]
    [InlineData("family:contains=LÜDEN", "umlaut")]
    [InlineData("family:contains=luden", "umlaut")]
    [InlineData("name:contains=eve", "eve steve")]
    [InlineData("family:contains=chol", "long")]
    [InlineData("family:contains=xyz", "")]
    [InlineData("address:contains=lane", "place")]
    public Task Contains_matches_anywhere(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("family:exact=Evergreen", "eve")]
    [InlineData("family:exact=evergreen", "")]
    [InlineData("family:exact=Ever", "")]
    [InlineData("family:exact=Müller-Lüdenscheidt", "umlaut")]
    [InlineData("family:exact=Muller-Ludenscheidt", "")]
    [InlineData("given:exact=Anne", "eve")]
    public Task Exact_matches_the_whole_value_as_it_is_written(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("family=eve,ste", "eve steve")]
    [InlineData("family=eve&given=anne", "eve")]
    [InlineData("family=eve&family=ste", "")]
    [InlineData("family=eva&family=obr", "two")]
    [InlineData("given=eve&given=anne", "eve")]
    [InlineData("name=ev,ste,zed", "eve two steve place")]
    public Task Commas_mean_or_and_repetition_means_and(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("name=smith%5C,%20john", "comma")]
    [InlineData("name=smith\\, john", "comma")]
    [InlineData("name=smith,john", "comma")]
    [InlineData("name:exact=Smith\\, John \\$1", "comma")]
    [InlineData("name:contains=\\$1", "comma")]
    public Task A_backslash_takes_the_meaning_from_separators(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("family:missing=true", "comma none")]
    [InlineData("family:missing=false", "eve steve umlaut accent two place long")]
    [InlineData("name:missing=true", "none")]
    [InlineData("address:missing=false", "place")]
    public Task Missing_asks_whether_there_is_a_value(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("family:not=eve")]
    [InlineData("family:below=eve")]
    [InlineData("family:foo=eve")]
    [InlineData("family:missing=yes")]
    [InlineData("family:of-type=eve")]
    public async Task A_modifier_that_makes_no_sense_on_a_string_is_refused(string query)
    {
        Answer answer = await RefusedAsync($"Patient?{query}");

        Assert.Contains("family", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public Task An_empty_alternative_is_refused() => RefusedAsync("Patient?family=eve,", HttpStatusCode.BadRequest);
}
