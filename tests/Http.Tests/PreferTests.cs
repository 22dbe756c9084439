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
    [InlineData(Write.Create)]
    [InlineData(Write.Update)]
    [InlineData(Write.UpdateAsCreate)]
    [InlineData(Write.Patch)]
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
    [InlineData(Write.Create)]
    [InlineData(Write.Update)]
    [InlineData(Write.UpdateAsCreate)]
    [InlineData(Write.Patch)]
    public async Task Representation_answers_with_the_resource(Write write)
    {
        Answer answer = await SendAsync(write, "return=representation");

        Assert.Equal(StatusOf(write), answer.Status);
        Assert.Equal("Patient", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [InlineData(Write.Create)]
    [InlineData(Write.Update)]
    [InlineData(Write.UpdateAsCreate)]
    [InlineData(Write.Patch)]
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
}
