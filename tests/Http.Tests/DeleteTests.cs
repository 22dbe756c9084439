using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#delete</summary>
public sealed class DeleteTests(FhirServerFixture server) : FhirTest(server)
{
    [Fact]
    public async Task A_deletion_is_answered_with_204_and_no_body()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal("", answer.Body);
    }

    [Fact]
    public async Task A_deleted_resource_is_gone()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Answer answer = await GetAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.Gone, answer.Status);
        Assert.Equal(["deleted"], answer.IssueCodes);
    }

    [Fact]
    public async Task The_versions_before_the_deletion_stay_readable()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}/_history/1")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync($"Patient/{id}/_history/2")).Status);
    }

    [Fact]
    public async Task Deleting_what_never_was_succeeds()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("Patient/" + Unique())).Status);
    }

    [Fact]
    public async Task Deleting_twice_succeeds_and_makes_one_version()
    {
        string id = await CreateAsync(Samples.Patient());
        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("Patient/" + id)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Patient/{id}/_history/3")).Status);
    }

    [Fact]
    public async Task The_deletion_has_a_version_of_its_own()
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal("W/\"2\"", (await DeleteAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task An_outcome_is_given_to_who_asks_for_it()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await DeleteAsync("Patient/" + id, ("Prefer", "return=OperationOutcome"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Fact]
    public async Task Deletion_with_the_current_version_succeeds()
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("Patient/" + id, ("If-Match", "W/\"1\""))).Status);
    }

    [Fact]
    public async Task Deletion_with_another_version_is_412_and_deletes_nothing()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await DeleteAsync("Patient/" + id, ("If-Match", "W/\"7\""));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task Resources_that_refer_to_it_do_not_hinder_a_deletion()
    {
        string id = await CreateAsync(Samples.Patient());
        string observation = await CreateAsync(Samples.Observation("Patient/" + id));

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("Patient/" + id)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Observation/" + observation)).Status);
    }

    [Fact]
    public async Task Only_the_named_resource_is_deleted()
    {
        string kept = await CreateAsync(Samples.Patient());
        string id = await CreateAsync(Samples.Patient());

        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + kept)).Status);
    }

    [Fact]
    public async Task A_type_that_is_none_is_404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await DeleteAsync("Nonsense/1")).Status);
    }

    [Fact]
    public async Task A_version_cannot_be_deleted()
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await DeleteAsync($"Patient/{id}/_history/1")).Status);
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("Patient?")]
    [InlineData("Patient?_format=json")]
    [InlineData("Patient?_count=1")]
    public async Task A_whole_type_cannot_be_deleted(string path)
    {
        string id = await CreateAsync(Samples.Patient());

        Assert.Equal(HttpStatusCode.BadRequest, (await DeleteAsync(path)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + id)).Status);
    }
}
