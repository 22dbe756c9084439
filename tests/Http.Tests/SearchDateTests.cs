using System.Globalization;
using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#date and #prefix</summary>
public sealed class SearchDateTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{y}","birthDate":"1980"}""",
        """{"resourceType":"Patient","id":"{ym}","birthDate":"1980-05"}""",
        """{"resourceType":"Patient","id":"{ymd}","birthDate":"1980-05-17"}""",
        """{"resourceType":"Patient","id":"{next}","birthDate":"1981-01-01"}""",
        """{"resourceType":"Patient","id":"{none}"}""",
        """{"resourceType":"Observation","id":"{t1}","status":"final","code":{"text":"x"},"effectiveDateTime":"2020-03-01T10:00:00Z"}""",
        """{"resourceType":"Observation","id":"{t2}","status":"final","code":{"text":"x"},"effectiveDateTime":"2020-03-01T23:30:00-02:00"}""",
        """{"resourceType":"Observation","id":"{p}","status":"final","code":{"text":"x"},"effectivePeriod":{"start":"2020-03-01","end":"2020-03-10"}}""",
        """{"resourceType":"Observation","id":"{open}","status":"final","code":{"text":"x"},"effectivePeriod":{"start":"2020-03-05"}}""",
        """{"resourceType":"Observation","id":"{till}","status":"final","code":{"text":"x"},"effectivePeriod":{"end":"2020-02-01"}}""",
        """{"resourceType":"Observation","id":"{ms}","status":"final","code":{"text":"x"},"effectiveInstant":"2020-06-01T12:00:00.250Z"}""",
        """{"resourceType":"Observation","id":"{tim}","status":"final","code":{"text":"x"},"effectiveTiming":{"event":["2021-01-01","2021-02-01"]}}""",
    ];

    [Theory]
    [InlineData("birthdate=1980", "y ym ymd")]
    [InlineData("birthdate=1980-05", "ym ymd")]
    [InlineData("birthdate=1980-05-17", "ymd")]
    [InlineData("birthdate=eq1980", "y ym ymd")]
    [InlineData("birthdate=1980-06", "")]
    [InlineData("birthdate=1981", "next")]
    public Task Equal_means_that_the_value_lies_within_the_range_asked_for(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("birthdate=ne1980", "next")]
    [InlineData("birthdate=ne1980-05", "y next")]
    [InlineData("birthdate=ne1980-05-17", "y ym next")]
    [InlineData("birthdate=gt1980-05-17", "y ym next")]
    [InlineData("birthdate=gt1980", "next")]
    [InlineData("birthdate=lt1981", "y ym ymd")]
    [InlineData("birthdate=lt1980-05-17", "y ym")]
    [InlineData("birthdate=ge1980", "y ym ymd next")]
    [InlineData("birthdate=ge1980-05-17", "y ym ymd next")]
    [InlineData("birthdate=ge1981", "next")]
    [InlineData("birthdate=le1980", "y ym ymd")]
    [InlineData("birthdate=le1980-04", "y")]
    [InlineData("birthdate=sa1980", "next")]
    [InlineData("birthdate=sa1980-05-17", "next")]
    [InlineData("birthdate=sa1980-04", "ym ymd next")]
    [InlineData("birthdate=eb1981", "y ym ymd")]
    [InlineData("birthdate=eb1980-06", "ym ymd")]
    [InlineData("birthdate=ge1980-01-01&birthdate=lt1981", "y ym ymd")]
    [InlineData("birthdate=1980-05-17,1981-01-01", "ymd next")]
    [InlineData("birthdate:missing=true", "none")]
    public Task Prefixes_compare_ranges(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("date=2020-03-01T10:00:00Z", "t1")]
    [InlineData("date=2020-03-01T10:00Z", "t1")]
    [InlineData("date=2020-03-01T10:00", "t1")]
    [InlineData("date=2020-03-01T11:00:00%2B01:00", "t1")]
    [InlineData("date=2020-03-01T11:00:00+01:00", "t1")]
    [InlineData("date=2020-03-02T01:30:00Z", "t2")]
    [InlineData("date=2020-03-01T10:00:01Z", "")]
    [InlineData("date=2020-03-01", "t1")]
    [InlineData("date=2020-03-02", "t2")]
    [InlineData("date=2020-06-01T12:00:00Z", "ms")]
    [InlineData("date=2020-06-01T12:00:00.250Z", "ms")]
    [InlineData("date=2020-06-01T12:00:00.251Z", "")]
    [InlineData("date=2020-06-01T12:00Z", "ms")]
    public Task Times_are_compared_as_instants(string query, string keys) => FindsAsync($"Observation?{query}", keys);

    [Theory]
    [InlineData("date=2020-03", "t1 t2 p")]
    [InlineData("date=2020", "t1 t2 p ms")]
    [InlineData("date=gt2020-03-09", "p open ms tim")]
    [InlineData("date=gt2020-12-31", "open tim")]
    [InlineData("date=lt2020-02-15", "till")]
    [InlineData("date=lt2020-03-02", "t1 p till")]
    [InlineData("date=ge2020-03-10", "open ms tim")]
    [InlineData("date=le2020-03-01", "t1 till")]
    [InlineData("date=sa2020-03-01", "t2 open ms tim")]
    [InlineData("date=sa2020-02-28", "t1 t2 p open ms tim")]
    [InlineData("date=eb2020-03-11", "t1 t2 p till")]
    [InlineData("date=eb2020-03-10", "t1 t2 till")]
    [InlineData("date=2021-01-01", "")]
    [InlineData("date=ge2021-01-15", "open tim")]
    [InlineData("date=2021", "tim")]
    public Task Periods_open_ends_and_timings_are_ranges(string query, string keys) => FindsAsync($"Observation?{query}", keys);

    [Theory]
    [InlineData("birthdate=ap1980", "y ym ymd next")]
    [InlineData("birthdate=ap1900", "")]
    public Task Approximate_reaches_a_tenth_of_the_way_to_now(string query, string keys) => FindsAsync($"Patient?{query}", keys);

    [Theory]
    [InlineData("birthdate=1980-13")]
    [InlineData("birthdate=1980-02-30")]
    [InlineData("birthdate=80")]
    [InlineData("birthdate=abc")]
    [InlineData("birthdate=xx1980")]
    [InlineData("birthdate=1980-5-1")]
    [InlineData("birthdate=17/05/1980")]
    [InlineData("birthdate=1980-05-17T25:00")]
    [InlineData("birthdate:exact=1980")]
    [InlineData("birthdate=1980,")]
    public async Task What_is_no_date_is_refused(string query)
    {
        Answer answer = await RefusedAsync($"Patient?{query}");

        Assert.Contains("birthdate", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_updated_is_a_date_like_any_other()
    {
        Answer read = await GetAsync(Fill("Patient/{y}"));
        var lastUpdated = DateTimeOffset.Parse((string)read.Json["meta"]!["lastUpdated"]!, CultureInfo.InvariantCulture);
        string instant = lastUpdated.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

        Assert.Contains("y", await KeysAsync($"Patient?_lastUpdated={instant}"));
        Assert.Contains("y", await KeysAsync($"Patient?_lastUpdated=ge{instant}"));
        Assert.DoesNotContain("y", await KeysAsync($"Patient?_lastUpdated=gt{instant}"));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient?_lastUpdated=lt2000-01-01")).Status);
        await FindsAsync("Patient?_lastUpdated=lt2000-01-01", "");
    }
}
