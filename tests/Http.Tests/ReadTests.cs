using System.Globalization;
using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#read, #vread and #cond-read</summary>
public sealed class ReadTests(FhirServerFixture server) : FhirTest(server)
{
    private async Task<string> StorePatientAsync(int versions = 1)
    {
        string id = Unique("read");
        for (int i = 1; i <= versions; i++)
        {
            await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"Version{{i}}"}]}""");
        }

        return id;
    }

    [Fact]
    public async Task A_read_gives_the_resource_with_its_id_and_meta()
    {
        string id = await StorePatientAsync();

        Answer answer = await GetAsync($"Patient/{id}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(id, (string?)answer.Json["id"]);
        Assert.Equal("1", (string?)answer.Json["meta"]!["versionId"]);
        Assert.NotNull(answer.Json["meta"]!["lastUpdated"]);
    }

    [Fact]
    public async Task A_read_carries_the_version_and_its_time_in_headers()
    {
        string id = await StorePatientAsync(2);

        Answer answer = await GetAsync($"Patient/{id}");

        Assert.Equal("W/\"2\"", answer.Header("ETag"));
        var lastUpdated = DateTimeOffset.Parse((string)answer.Json["meta"]!["lastUpdated"]!, CultureInfo.InvariantCulture);
        Assert.Equal(lastUpdated.ToString("R", CultureInfo.InvariantCulture), answer.Header("Last-Modified"));
    }

    [Fact]
    public async Task A_read_is_kept_out_of_caches_and_is_never_taken_for_a_page()
    {
        Answer answer = await GetAsync($"Patient/{await StorePatientAsync()}");

        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.NotNull(answer.Header("Date"));
    }

    [Fact]
    public async Task Reading_what_never_existed_gives_404()
    {
        Answer answer = await GetAsync("Patient/" + Unique());

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal(["not-found"], answer.IssueCodes);
    }

    [Theory]
    [InlineData("Nothing/1")]
    [InlineData("patient/1")]
    [InlineData("Patient/a_b")]
    [InlineData("Patient/a%20b")]
    [InlineData("Patient/01234567890123456789012345678901234567890123456789012345678901234")]
    [InlineData("Patient/1/2/3/4/5")]
    [InlineData("HumanName/1")]
    [InlineData("DomainResource/1")]
    public async Task What_cannot_be_the_path_of_a_resource_gives_404_with_an_outcome(string path)
    {
        Answer answer = await GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal(["not-found"], answer.IssueCodes);
    }

    [Fact]
    public async Task Reading_a_deleted_resource_gives_410()
    {
        string id = await StorePatientAsync();
        await RemoveAsync("Patient", id);

        Answer answer = await GetAsync($"Patient/{id}");

        Assert.Equal(HttpStatusCode.Gone, answer.Status);
        Assert.Equal(["deleted"], answer.IssueCodes);
    }

    [Fact]
    public async Task The_id_belongs_to_the_type()
    {
        string id = await StorePatientAsync();

        Answer answer = await GetAsync($"Observation/{id}");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_vread_gives_that_version(int version)
    {
        string id = await StorePatientAsync(3);

        Answer answer = await GetAsync($"Patient/{id}/_history/{version}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal($"Version{version}", (string?)answer.Json["name"]![0]!["family"]);
        Assert.Equal($"W/\"{version}\"", answer.Header("ETag"));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("99999999999999999999")]
    public async Task A_version_that_does_not_exist_gives_404(string version)
    {
        string id = await StorePatientAsync();

        Answer answer = await GetAsync($"Patient/{id}/_history/{version}");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
    }

    [Fact]
    public async Task The_version_that_is_a_deletion_gives_410_and_those_before_it_stay_readable()
    {
        string id = await StorePatientAsync();
        await RemoveAsync("Patient", id);

        Assert.Equal(HttpStatusCode.Gone, (await GetAsync($"Patient/{id}/_history/2")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}/_history/1")).Status);
    }

    [Theory]
    [InlineData("W/\"1\"", HttpStatusCode.NotModified)]
    [InlineData("\"1\"", HttpStatusCode.NotModified)]
    [InlineData("W/\"7\", W/\"1\"", HttpStatusCode.NotModified)]
    [InlineData("*", HttpStatusCode.NotModified)]
    [InlineData("W/\"2\"", HttpStatusCode.OK)]
    [InlineData("W/\"x\"", HttpStatusCode.OK)]
    public async Task If_None_Match_tells_what_the_client_has(string tags, HttpStatusCode expected)
    {
        string id = await StorePatientAsync();

        Answer answer = await GetAsync($"Patient/{id}", ("If-None-Match", tags));

        Assert.Equal(expected, answer.Status);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.Equal(expected == HttpStatusCode.NotModified, answer.Body.Length == 0);
    }

    [Theory]
    [InlineData(60, HttpStatusCode.NotModified)]
    [InlineData(0, HttpStatusCode.NotModified)]
    [InlineData(-60, HttpStatusCode.OK)]
    public async Task If_Modified_Since_is_compared_to_the_second(int seconds, HttpStatusCode expected)
    {
        string id = await StorePatientAsync();
        string lastModified = (await GetAsync($"Patient/{id}")).Header("Last-Modified")!;
        DateTimeOffset since = DateTimeOffset.Parse(lastModified, CultureInfo.InvariantCulture).AddSeconds(seconds);

        Answer answer = await GetAsync($"Patient/{id}", ("If-Modified-Since", since.ToString("R", CultureInfo.InvariantCulture)));

        Assert.Equal(expected, answer.Status);
    }

    [Fact]
    public async Task A_date_does_not_count_beside_a_tag()
    {
        string id = await StorePatientAsync();

        Answer answer = await GetAsync($"Patient/{id}", ("If-None-Match", "W/\"9\""), ("If-Modified-Since", "Fri, 31 Dec 2100 23:59:59 GMT"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/_history/1")]
    [InlineData("/_history")]
    public async Task HEAD_has_the_headers_of_GET_and_no_body(string rest)
    {
        string id = await StorePatientAsync();

        Answer get = await GetAsync($"Patient/{id}{rest}");
        Answer head = await SendAsync(HttpMethod.Head, $"Patient/{id}{rest}");

        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal("", head.Body);
        foreach (string name in (string[])["ETag", "Last-Modified", "Content-Type", "Content-Length", "Cache-Control"])
        {
            Assert.Equal(get.Header(name), head.Header(name));
        }
    }

    [Fact]
    public async Task HEAD_of_an_absent_resource_gives_404_without_a_body()
    {
        Answer head = await SendAsync(HttpMethod.Head, "Patient/" + Unique());

        Assert.Equal(HttpStatusCode.NotFound, head.Status);
        Assert.Equal("", head.Body);
    }

    [Fact]
    public async Task The_bytes_of_numbers_come_back_as_they_were_sent()
    {
        string id = Unique("read");
        await StoreAsync($$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.500} }""");

        Answer answer = await GetAsync($"Observation/{id}");

        Assert.Contains("1.500", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_that_a_read_does_not_know_is_refused_under_strict_handling()
    {
        string id = await StorePatientAsync();

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}?name=x")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}?_pretty=true&_summary=false", ("Prefer", "handling=strict"))).Status);
        Answer strict = await GetAsync($"Patient/{id}?name=x", ("Prefer", "handling=strict"));
        Assert.Equal(HttpStatusCode.BadRequest, strict.Status);
        Assert.Contains("name", strict.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vread_with_a_condition_is_conditional_too()
    {
        string id = await StorePatientAsync(2);

        Answer answer = await GetAsync($"Patient/{id}/_history/1", ("If-None-Match", "W/\"1\""));

        Assert.Equal(HttpStatusCode.NotModified, answer.Status);
    }

    [Theory]
    [InlineData("W/\"1\"", HttpStatusCode.OK)]
    [InlineData("*", HttpStatusCode.OK)]
    [InlineData("W/\"2\"", HttpStatusCode.PreconditionFailed)]
    public async Task A_read_on_condition_of_a_version_gives_that_version_or_nothing(string tags, HttpStatusCode status)
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(status, (await GetAsync("Patient/" + id, ("If-Match", tags))).Status);
    }

    [Theory]
    [InlineData("GET", "Patient/x/$meta-add", "POST")]
    [InlineData("DELETE", "Patient/$validate", "GET, HEAD, POST")]
    [InlineData("PUT", "ValueSet/$expand", "GET, HEAD, POST")]
    public async Task An_operation_says_by_which_methods_it_can_be_called(string method, string path, string allowed)
    {
        Answer answer = await SendAsync(new HttpMethod(method), path);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal(allowed, answer.Header("Allow"));
    }
}
