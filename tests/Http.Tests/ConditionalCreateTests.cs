using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#ccreate</summary>
public sealed class ConditionalCreateTests(FhirServerFixture server) : FhirTest(server)
{
    private static string Criteria(string identifier) => $"identifier={Samples.IdentifierSystem}|{identifier}";

    private Task<Answer> CreateIfNoneAsync(string identifier, string? criteria = null, params (string Name, string Value)[] headers) =>
        PostAsync("Patient", Samples.Patient(identifier: identifier), [("If-None-Exist", criteria ?? Criteria(identifier)), .. headers]);

    [Fact]
    public async Task Without_a_match_the_resource_is_created()
    {
        Answer answer = await CreateIfNoneAsync(Unique());

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
    }

    [Fact]
    public async Task With_one_match_nothing_is_written_and_the_match_is_answered()
    {
        string identifier = Unique();
        Answer first = await CreateIfNoneAsync(identifier);

        Answer second = await CreateIfNoneAsync(identifier);

        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(first.Header("Location"), second.Header("Location"));
        Assert.Equal("W/\"1\"", second.Header("ETag"));
        Assert.Equal(first.Body, second.Body);
    }

    [Fact]
    public async Task With_several_matches_it_is_412_and_nothing_is_written()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await CreateIfNoneAsync(identifier);

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal(2, (await FindAsync("Patient?" + Criteria(identifier))).Length);
    }

    [Fact]
    public async Task A_deleted_match_is_none()
    {
        string identifier = Unique();
        Answer first = await CreateIfNoneAsync(identifier);
        await DeleteAsync($"Patient/{first.Json["id"]}");

        Assert.Equal(HttpStatusCode.Created, (await CreateIfNoneAsync(identifier)).Status);
    }

    [Fact]
    public async Task Only_the_current_version_is_matched()
    {
        string identifier = Unique();
        Answer first = await CreateIfNoneAsync(identifier);
        string id = (string)first.Json["id"]!;
        await PutAsync("Patient/" + id, Samples.Patient(id, Unique()));

        Assert.Equal(HttpStatusCode.Created, (await CreateIfNoneAsync(identifier)).Status);
    }

    [Theory]
    [InlineData("?{0}")]
    [InlineData("Patient?{0}")]
    [InlineData("{0}&family=muster")]
    [InlineData("family:exact=Muster&{0}")]
    public async Task Criteria_are_search_parameters_however_many(string form)
    {
        string identifier = Unique();
        await CreateIfNoneAsync(identifier);

        Answer answer = await CreateIfNoneAsync(identifier, string.Format(null, form, Criteria(identifier)));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task All_criteria_must_be_met()
    {
        string identifier = Unique();
        await CreateIfNoneAsync(identifier);

        Assert.Equal(HttpStatusCode.Created, (await CreateIfNoneAsync(identifier, Criteria(identifier) + "&family=someone-else")).Status);
    }

    [Fact]
    public async Task Percent_encoded_criteria_are_understood()
    {
        string identifier = Unique();
        await CreateIfNoneAsync(identifier);

        Answer answer = await CreateIfNoneAsync(identifier, "identifier=" + Uri.EscapeDataString($"{Samples.IdentifierSystem}|{identifier}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory]
    [InlineData("nonsense=1")]
    [InlineData("identifier=x&nonsense=1")]
    [InlineData("birthdate=someday")]
    [InlineData("gender:nonsense=male")]
    [InlineData("_count=1")]
    public async Task Criteria_that_are_not_understood_are_refused_though_searches_may_pass_them_over(string criteria)
    {
        string identifier = Unique();

        Answer answer = await CreateIfNoneAsync(identifier, criteria);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Empty(await FindAsync("Patient?" + Criteria(identifier)));
    }

    [Fact]
    public async Task Result_parameters_do_not_change_what_matches()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await CreateIfNoneAsync(identifier, Criteria(identifier) + "&_count=1&_sort=family")).Status);
    }

    [Fact]
    public async Task Prefer_holds_for_the_match_too()
    {
        string identifier = Unique();
        await CreateIfNoneAsync(identifier);

        Answer answer = await CreateIfNoneAsync(identifier, null, ("Prefer", "return=minimal"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("", answer.Body);
        Assert.NotNull(answer.Header("Location"));
    }

    [Fact]
    public async Task Criteria_may_follow_references()
    {
        string identifier = Unique();
        string patient = await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Observation("Patient/" + patient));

        Answer answer = await PostAsync(
            "Observation", Samples.Observation("Patient/" + patient), ("If-None-Exist", $"subject:Patient.identifier={Samples.IdentifierSystem}|{identifier}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task An_invalid_resource_is_refused_when_it_would_be_created()
    {
        string identifier = Unique();

        Answer answer = await PostAsync("Patient", Samples.Patient(identifier: identifier, more: "\"gender\":\"x\""), ("If-None-Exist", Criteria(identifier)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_question_mark_in_a_value_is_part_of_the_value()
    {
        string value = Unique();
        string patient = $$"""{"resourceType":"Patient","identifier":[{"system":"http://ids.example.com/list?kind=a","value":"{{value}}"}]}""";
        string criteria = $"identifier=http://ids.example.com/list?kind=a|{value}";

        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Patient", patient, ("If-None-Exist", criteria))).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("Patient", patient, ("If-None-Exist", criteria))).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("Patient", patient, ("If-None-Exist", "Patient?" + criteria))).Status);
    }
}
