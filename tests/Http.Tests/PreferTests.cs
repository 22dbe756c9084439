using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>What a write answers with: https://hl7.org/fhir/R4/http.html#ops</summary>
public sealed class PreferTests(FhirServerFixture server) : FhirTest(server)
{
    public enum Write
    {
        Create,
        Update,
        Patch,
        UpdateAsCreate,
    }

    public static TheoryData<Write> Writes => [.. Enum.GetValues<Write>()];

    private async Task<Answer> SendAsync(Write write, string preference)
    {
        string id = write is Write.Create or Write.UpdateAsCreate ? Unique() : await CreateAsync(Samples.Patient());
        return write switch
        {
            Write.Create => await PostAsync("Patient", Samples.Patient(), ("Prefer", preference)),
            Write.Patch => await PatchAsync("Patient/" + id, "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]", "application/json-patch+json", ("Prefer", preference)),
            _ => await PutAsync("Patient/" + id, Samples.Patient(id), ("Prefer", preference)),
        };
    }

    private static HttpStatusCode StatusOf(Write write) => write is Write.Create or Write.UpdateAsCreate ? HttpStatusCode.Created : HttpStatusCode.OK;

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Minimal_answers_without_a_body_but_with_headers(Write write)
    {
        Answer answer = await SendAsync(write, "return=minimal");

        Assert.Equal(StatusOf(write), answer.Status);
        Assert.Equal("", answer.Body);
        Assert.NotNull(answer.Header("ETag"));
        Assert.NotNull(answer.Header("Last-Modified"));
        Assert.NotNull(answer.Header("Location"));
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Representation_answers_with_the_resource(Write write)
    {
        Answer answer = await SendAsync(write, "return=representation");

        Assert.Equal(StatusOf(write), answer.Status);
        Assert.Equal("Patient", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task OperationOutcome_answers_with_one(Write write)
    {
        Answer answer = await SendAsync(write, "return=OperationOutcome");

        Assert.Equal(StatusOf(write), answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
        Assert.NotNull(answer.Header("Location"));
    }

    [Theory]
    [InlineData("handling=strict, return=minimal")]
    [InlineData("return=minimal; foo=bar")]
    [InlineData("return = \"minimal\"")]
    public async Task Preferences_may_stand_together(string preference)
    {
        Assert.Equal("", (await SendAsync(Write.Create, preference)).Body);
    }

    [Theory]
    [InlineData("return=everything")]
    [InlineData("nonsense")]
    public async Task Unknown_preferences_are_ignored(string preference)
    {
        Assert.Equal("Patient", (string?)(await SendAsync(Write.Create, preference)).Json["resourceType"]);
    }

    [Fact]
    public async Task Warnings_stand_in_the_outcome()
    {
        Answer answer = await PostAsync(
            "Patient", Samples.Patient(more: "\"meta\":{\"profile\":[\"http://example.com/unknown\"]}"), ("Prefer", "return=OperationOutcome"));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Contains("warning", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_are_told_whatever_is_preferred()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(more: "\"gender\":\"x\""), ("Prefer", "return=minimal"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [InlineData("POST", "Patient", "return=minimal", "return=minimal")]
    [InlineData("POST", "Patient", "Return=minimal; foo", "return=minimal")]
    [InlineData("POST", "Patient", "return=representation, handling=strict", "return=representation")]
    [InlineData("POST", "Patient", "return=minimal, return=representation", "return=minimal")]
    [InlineData("POST", "Patient", "return=everything", null)]
    [InlineData("POST", "Patient", "respond-async, return=minimal", "return=minimal")]
    [InlineData("DELETE", "Patient/{id}", "return=OperationOutcome", "return=OperationOutcome")]
    [InlineData("DELETE", "Patient/{id}", "return=representation", null)]
    [InlineData("GET", "Patient/{id}", "handling=strict, return=minimal", "handling=strict")]
    [InlineData("GET", "Patient?_id=x", "handling=lenient", "handling=lenient")]
    [InlineData("GET", "Patient?_id=x", "return=minimal", null)]
    [InlineData("GET", "metadata", "handling=strict", null)]
    public async Task The_preferences_that_were_followed_are_named(string method, string path, string preference, string? applied)
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await SendAsync(new HttpMethod(method), path.Replace("{id}", id, StringComparison.Ordinal), method == "POST" ? Samples.Patient() : null, ("Prefer", preference));

        Assert.InRange((int)answer.Status, 200, 204);
        Assert.Equal(applied, answer.Header("Preference-Applied"));
    }

    [Fact]
    public async Task The_preferences_for_a_bundle_are_those_of_its_entries() => Assert.Equal(
        "return=minimal, handling=strict",
        (await PostAsync("", Samples.Batch(Samples.Entry("GET", "Patient?_id=x")), ("Prefer", "handling=strict, return=minimal"))).Header("Preference-Applied"));

    [Fact]
    public async Task Who_would_rather_be_refused_than_answered_at_once_is()
    {
        Answer answer = await GetAsync("Patient?_id=x", ("Prefer", "respond-async, handling=strict"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["not-supported"], answer.IssueCodes);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient?_id=x", ("Prefer", "respond-async"))).Status);
    }
}
