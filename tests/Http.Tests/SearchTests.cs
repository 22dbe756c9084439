using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#search: what searches of every kind have in common.</summary>
public sealed class SearchTests(FhirServerFixture server) : SearchTest(server)
{
    private const string Form = "application/x-www-form-urlencoded";

    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{p1}","gender":"male","name":[{"family":"O'Neil & Söhne"}]}""",
        """{"resourceType":"Patient","id":"{p2}","gender":"female","name":[{"family":"Plain"}]}""",
        """{"resourceType":"Organization","id":"{org}","name":"Org"}""",
    ];

    [Fact]
    public async Task The_answer_is_a_searchset()
    {
        Answer answer = await SearchAsync("Patient?_id={p1}");

        Assert.Equal("Bundle", (string?)answer.Json["resourceType"]);
        Assert.Equal("searchset", (string?)answer.Json["type"]);
        Assert.Equal(1, (int)answer.Json["total"]!);
        JsonNode entry = answer.Json["entry"]![0]!;
        Assert.Equal(Base + Fill("Patient/{p1}"), (string?)entry["fullUrl"]);
        Assert.Equal("match", (string?)entry["search"]!["mode"]);
        Assert.Equal("Patient", (string?)entry["resource"]!["resourceType"]);
        Assert.Null(entry["request"]);
    }

    [Theory]
    [InlineData("Patient?_id={p1}")]
    [InlineData("Patient?nothing=1&_count=1&_tag={run}")]
    [InlineData("Patient?_id={nobody}")]
    [InlineData("Patient?_summary=count")]
    [InlineData("Organization?_id={org}&_summary=true")]
    [InlineData("Organization?_id={org}&_elements=name&_revinclude=Patient:organization")]
    [InlineData("Organization/{org}/_history")]
    [InlineData("Patient/{p1}/_history?_count=1")]
    public async Task Bundles_are_valid(string path)
    {
        Answer answer = await GetAsync(Fill(path));
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

        Assert.DoesNotContain(validator.Validate(FhirJson.Read(Encoding.UTF8.GetBytes(answer.Body)).Root), issue => issue.IsError);
    }

    [Fact]
    public async Task A_search_that_finds_nothing_is_an_empty_searchset()
    {
        Answer answer = await SearchAsync("Patient?_id={nobody}");

        Assert.Equal(0, (int)answer.Json["total"]!);
        Assert.Null(answer.Json["entry"]);
    }

    [Theory]
    [InlineData("Patient?gender=male&_count=5", "Patient?gender=male&_count=5")]
    [InlineData("Patient?name=O%27Neil%20%26%20S%C3%B6hne", "Patient?name=O%27Neil%20%26%20S%C3%B6hne")]
    [InlineData("Patient?name=a%2Bb%25", "Patient?name=a%2Bb%25")]
    [InlineData("Patient?identifier=http://x.org|1,2", "Patient?identifier=http://x.org%7C1,2")]
    [InlineData("Patient?gender=male&nothing=1", "Patient?gender=male")]
    [InlineData("Patient", "Patient")]
    [InlineData("Patient?_summary=count", "Patient?_summary=count")]
    [InlineData("Patient?_format=json&gender=male", "Patient?gender=male&_format=json")]
    public async Task The_self_link_says_what_was_understood(string search, string self)
    {
        Answer answer = await GetAsync(search);

        Assert.Equal(Base + self, PagingTests.Link(answer, "self"));
    }

    [Theory]
    [InlineData("", "gender=male")]
    [InlineData("?gender=male", "")]
    [InlineData("?gender=male", "name=o%27neil")]
    [InlineData("?name=o%27neil", "gender=male&_sort=family")]
    public async Task A_search_by_post_takes_parameters_from_url_and_form(string query, string form)
    {
        Answer answer = await SendAsync(HttpMethod.Post, $"Patient/_search{query}", form.Length == 0 ? $"_tag={RunWord}" : $"{form}&_tag={RunWord}", ("Content-Type", Form));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["p1"], KeysOf(answer, "match"));
    }

    [Fact]
    public async Task A_form_may_ask_for_XML()
    {
        Answer answer = await SendAsync(HttpMethod.Post, "Patient/_search", $"_tag={RunWord}&_format=xml", ("Content-Type", Form));

        Assert.StartsWith("application/fhir+xml", answer.Header("Content-Type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_with_a_plus_sign_means_a_blank()
    {
        Answer answer = await SendAsync(HttpMethod.Post, "Patient/_search", $"_tag={RunWord}&name=o%27neil+%26+s%C3%B6hne", ("Content-Type", Form + "; charset=utf-8"));

        Assert.Equal(["p1"], KeysOf(answer, "match"));
    }

    [Theory]
    [InlineData("application/fhir+json", "{}")]
    [InlineData("text/plain", "gender=male")]
    public async Task A_search_by_post_needs_a_form(string contentType, string body)
    {
        Answer answer = await SendAsync(HttpMethod.Post, "Patient/_search", body, ("Content-Type", contentType));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
    }

    [Fact]
    public async Task A_search_over_the_system_can_be_narrowed_to_types()
    {
        Assert.Equal(3, (int)(await SearchAsync("")).Json["total"]!);
        await FindsAsync("?_type=Patient", "p1 p2");
        await FindsAsync("?_type=Patient,Organization", "p1 p2 org");
        await FindsAsync("?_type=Patient&gender=male", "p1");
        await FindsAsync("?_type=Patient,Organization&name=or", "org");
    }

    [Fact]
    public async Task The_system_can_be_searched_by_post()
    {
        Answer answer = await SendAsync(HttpMethod.Post, "_search", $"_tag={RunWord}&_type=Organization", ("Content-Type", Form));

        Assert.Equal(["org"], KeysOf(answer, "match"));
    }

    [Theory]
    [InlineData("?_type=Nothing")]
    [InlineData("Patient?_type=Observation")]
    public Task A_type_that_cannot_be_is_refused(string search) => RefusedAsync(search);

    [Theory]
    [InlineData("nothing=1")]
    [InlineData("gender=male&nothing=1")]
    [InlineData("_nothing=1")]
    [InlineData("nothing:exact=1")]
    public async Task An_unknown_parameter_is_reported_with_the_result(string query)
    {
        Answer answer = await SearchAsync($"Patient?{query}");

        JsonNode outcome = Assert.Single(answer.Entries("outcome"));
        Assert.Equal("OperationOutcome", (string?)outcome["resourceType"]);
        Assert.Equal("warning", (string?)outcome["issue"]![0]!["severity"]);
        Assert.Contains("nothing", outcome.ToJsonString(), StringComparison.Ordinal);
        Assert.NotEmpty(answer.Entries("match"));
    }

    [Theory]
    [InlineData("handling=strict")]
    [InlineData("handling=\"strict\"")]
    [InlineData("wait=10; handling=strict")]
    [InlineData("return=minimal, handling=strict")]
    public async Task An_unknown_parameter_is_refused_under_strict_handling(string prefer)
    {
        Answer answer = await GetAsync("Patient?nothing=1", ("Prefer", prefer));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["not-supported"], answer.IssueCodes);
        Assert.Contains("nothing", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_without_a_value_is_reported()
    {
        Answer answer = await SearchAsync("Patient?gender=");

        Assert.Contains("gender", Assert.Single(answer.Entries("outcome")).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_without_faults_has_no_outcome() => Assert.Empty((await SearchAsync("Patient?gender=male")).Entries("outcome"));

    [Fact]
    public async Task Too_many_parameters_are_too_costly()
    {
        string many = string.Join('&', Enumerable.Repeat("gender=male", 300));

        Assert.Equal(["too-costly"], (await RefusedAsync("Patient?" + many, HttpStatusCode.UnprocessableEntity)).IssueCodes);
    }

    [Fact]
    public async Task Too_many_alternatives_are_too_costly()
    {
        string many = string.Join(',', Enumerable.Range(0, 1001));

        await RefusedAsync("Patient?_id=" + many, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task HEAD_of_a_search_has_its_length_and_no_body()
    {
        string path = $"Patient?_tag={RunWord}";
        Answer get = await GetAsync(path);
        Answer head = await SendAsync(HttpMethod.Head, path);

        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal("", head.Body);
        Assert.Equal(get.Header("Content-Length"), head.Header("Content-Length"));
    }

    [Fact]
    public async Task A_deleted_resource_is_found_no_more()
    {
        string id = Unique("search");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}"}""");
        Assert.Equal([id], await FindAsync($"Patient?_id={id}"));

        await RemoveAsync("Patient", id);

        Assert.Empty(await FindAsync($"Patient?_id={id}"));
    }

    [Fact]
    public async Task A_resource_is_found_by_its_newest_version_alone()
    {
        string id = Unique("search");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","gender":"male"}""");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","gender":"female"}""");

        Assert.Empty(await FindAsync($"Patient?_id={id}&gender=male"));
        Assert.Equal([id], await FindAsync($"Patient?_id={id}&gender=female"));
    }

    [Fact]
    public async Task An_outcome_can_quote_whatever_was_sent()
    {
        Answer answer = await GetAsync("Patient?birthdate=%01%22%3Cx%3E&_format=xml");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("OperationOutcome", answer.Body, StringComparison.Ordinal);
    }
}
