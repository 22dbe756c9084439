using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>Version-aware updates: https://hl7.org/fhir/R4/http.html#concurrency, RFC 9110 §13.1</summary>
public sealed class VersionTests(FhirServerFixture server) : FhirTest(server)
{
    [Theory]
    [InlineData("W/\"1\"")]
    [InlineData("\"1\"")]
    [InlineData("W/\"4\", W/\"1\"")]
    [InlineData("*")]
    public async Task If_Match_with_the_current_version_updates(string tag)
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id), ("If-Match", tag));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("W/\"2\"", answer.Header("ETag"));
    }

    [Theory]
    [InlineData("W/\"1\"")]
    [InlineData("W/\"3\"")]
    [InlineData("W/\"nonsense\"")]
    [InlineData("W/\"22\"")]
    public async Task If_Match_with_another_version_is_412_and_changes_nothing(string tag)
    {
        string id = await CreateAsync(Samples.Patient(family: "One"));
        await PutAsync("Patient/" + id, Samples.Patient(id, family: "Two"));

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id, family: "Three"), ("If-Match", tag));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
        Assert.Equal("Two", (string?)(await GetAsync("Patient/" + id)).Json["name"]![0]!["family"]);
    }

    [Theory]
    [InlineData("W/\"1\"")]
    [InlineData("*")]
    public async Task If_Match_on_an_absent_resource_is_412_and_creates_nothing(string tag)
    {
        string id = Unique();

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id), ("If-Match", tag));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task If_Match_on_a_deleted_resource_is_412()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync("Patient/" + id, Samples.Patient(id), ("If-Match", "W/\"2\""))).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task If_None_Match_any_creates_what_is_not_there()
    {
        string id = Unique();

        Assert.Equal(HttpStatusCode.Created, (await PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "*"))).Status);
    }

    [Fact]
    public async Task If_None_Match_any_does_not_touch_what_is_there()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "*"));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task If_None_Match_any_brings_back_what_was_deleted()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.Created, (await PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "*"))).Status);
    }

    [Fact]
    public async Task If_None_Match_with_the_current_version_is_412_for_an_update()
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "W/\"1\""))).Status);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "W/\"7\""))).Status);
    }

    [Fact]
    public async Task Of_two_who_read_the_same_version_the_second_is_refused()
    {
        string id = await CreateAsync(Samples.Patient());
        string tag = (await GetAsync("Patient/" + id)).Header("ETag")!;

        Answer first = await PutAsync("Patient/" + id, Samples.Patient(id, family: "First"), ("If-Match", tag));
        Answer second = await PutAsync("Patient/" + id, Samples.Patient(id, family: "Second"), ("If-Match", tag));
        Answer again = await PutAsync("Patient/" + id, Samples.Patient(id, family: "Second"), ("If-Match", first.Header("ETag")!));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.PreconditionFailed, HttpStatusCode.OK], [first.Status, second.Status, again.Status]);
    }

    [Fact]
    public async Task A_patch_is_version_aware()
    {
        string id = await CreateAsync(Samples.Patient());
        const string Patch = "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]";

        Answer stale = await PatchAsync("Patient/" + id, Patch, "application/json-patch+json", ("If-Match", "W/\"9\""));
        Answer current = await PatchAsync("Patient/" + id, Patch, "application/json-patch+json", ("If-Match", "W/\"1\""));

        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.Equal(HttpStatusCode.OK, current.Status);
    }

    [Fact]
    public async Task Conditions_on_versions_mean_nothing_to_a_create()
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Patient", Samples.Patient(), ("If-Match", "W/\"1\""))).Status);
    }

    [Theory]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("1.0")]
    public async Task Another_spelling_of_a_version_is_another_version(string version)
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Patient/{id}/_history/{version}")).Status);
    }
}
