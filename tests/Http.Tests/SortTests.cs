using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#sort</summary>
public sealed class SortTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{c}","birthDate":"1970","gender":"male","name":[{"family":"Carter","given":["Zoe"]}]}""",
        """{"resourceType":"Patient","id":"{a}","birthDate":"1990-05-01","gender":"female","name":[{"family":"adams","given":["Bob"]}]}""",
        """{"resourceType":"Patient","id":"{b}","birthDate":"1980-01","gender":"male","name":[{"family":"Baker","given":["Amy"]}]}""",
        """{"resourceType":"Patient","id":"{b2}","birthDate":"1985","gender":"female","name":[{"family":"Baker","given":["Cid"]}]}""",
        """{"resourceType":"Patient","id":"{z}","gender":"other"}""",
        """{"resourceType":"Observation","id":"{o1}","status":"final","code":{"coding":[{"code":"B"}]},"subject":{"reference":"Patient/{b}"},"valueQuantity":{"value":10,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}""",
        """{"resourceType":"Observation","id":"{o2}","status":"final","code":{"coding":[{"code":"A"}]},"subject":{"reference":"Patient/{a}"},"valueQuantity":{"value":1,"unit":"g","system":"http://unitsofmeasure.org","code":"g"}}""",
        """{"resourceType":"Observation","id":"{o3}","status":"amended","code":{"coding":[{"code":"C"}]},"valueQuantity":{"value":500,"unit":"ug","system":"http://unitsofmeasure.org","code":"ug"}}""",
        """{"resourceType":"RiskAssessment","id":"{r1}","status":"final","subject":{"display":"x"},"prediction":[{"probabilityDecimal":0.5},{"probabilityDecimal":0.1}]}""",
        """{"resourceType":"RiskAssessment","id":"{r2}","status":"final","subject":{"display":"x"},"prediction":[{"probabilityDecimal":0.3}]}""",
    ];

    [Theory]
    [InlineData("Patient?_sort=family", "a b b2 c z")]
    [InlineData("Patient?_sort=-family", "c b b2 a z")]
    [InlineData("Patient?_sort=birthdate", "c b b2 a z")]
    [InlineData("Patient?_sort=-birthdate", "a b2 b c z")]
    [InlineData("Patient?_sort=family,given", "a b b2 c z")]
    [InlineData("Patient?_sort=family,-given", "a b2 b c z")]
    [InlineData("Patient?_sort=gender,birthdate", "b2 a c b z")]
    [InlineData("Patient?_sort=gender,-birthdate", "a b2 b c z")]
    [InlineData("Patient?_sort=_id", "a b b2 c z")]
    [InlineData("Patient?_sort=-_id", "z c b2 b a")]
    [InlineData("Patient?_sort=_lastUpdated", "c a b b2 z")]
    [InlineData("Patient?_sort=birthdate&gender=male", "c b")]
    [InlineData("Observation?_sort=code", "o2 o1 o3")]
    [InlineData("Observation?_sort=-code", "o3 o1 o2")]
    [InlineData("Observation?_sort=value-quantity", "o3 o1 o2")]
    [InlineData("Observation?_sort=-value-quantity", "o2 o1 o3")]
    [InlineData("Observation?_sort=subject", "o2 o1 o3")]
    [InlineData("RiskAssessment?_sort=probability", "r1 r2")]
    [InlineData("RiskAssessment?_sort=-probability", "r1 r2")]
    public Task Matches_come_in_the_order_asked_for_and_those_without_a_value_last(string search, string keys) => FindsInOrderAsync(search, keys);

    [Fact]
    public async Task An_order_holds_over_pages()
    {
        string[] all = await KeysAsync("Patient?_sort=family,given");
        var paged = new List<string>();
        Answer page = await SearchAsync("Patient?_sort=family,given&_count=2");
        while (true)
        {
            paged.AddRange(KeysOf(page, "match"));
            if (PagingTests.Link(page, "next") is not { } next)
            {
                break;
            }

            page = await GetAsync(next);
        }

        Assert.Equal(all, paged);
    }

    [Fact]
    public async Task An_unknown_key_is_reported_and_the_others_used()
    {
        Answer answer = await SearchAsync("Patient?_sort=nothing,family");

        Assert.Equal(["a", "b", "b2", "c", "z"], KeysOf(answer, "match"));
        Assert.Contains("nothing", Assert.Single(answer.Entries("outcome")).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync("Patient?_sort=nothing", ("Prefer", "handling=strict"))).Status);
    }

    [Theory]
    [InlineData("Observation?_sort=code-value-quantity")]
    [InlineData("Patient?_sort:asc=family")]
    [InlineData("Patient?_sort=family,given,birthdate,gender,_id,_lastUpdated,active,email,phone", HttpStatusCode.UnprocessableEntity)]
    public Task What_has_no_order_is_refused(string search, HttpStatusCode status = HttpStatusCode.BadRequest) => RefusedAsync(search, status);
}
