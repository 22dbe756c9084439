using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#cond-update and conditional patch</summary>
public sealed class ConditionalUpdateTests(FhirServerFixture server) : FhirTest(server)
{
    private const string JsonPatch = "application/json-patch+json";

    private static string Path(string identifier) => $"Patient?identifier={Samples.IdentifierSystem}|{identifier}";

    [Fact]
    public async Task No_match_and_no_id_creates_under_an_id_of_the_server()
    {
        string identifier = Unique();

        Answer answer = await PutAsync(Path(identifier), Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.NotNull(answer.Header("Location"));
        Assert.Equal([(string)answer.Json["id"]!], await FindAsync(Path(identifier)));
    }

    [Fact]
    public async Task No_match_and_an_id_creates_under_that_id()
    {
        string identifier = Unique();
        string id = Unique();

        Answer answer = await PutAsync(Path(identifier), Samples.Patient(id, identifier));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(id, (string?)answer.Json["id"]);
    }

    [Fact]
    public async Task No_match_and_the_id_of_another_resource_is_409_and_changes_nothing()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await PutAsync(Path(Unique()), Samples.Patient(id));

        Assert.Equal(HttpStatusCode.Conflict, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task One_match_and_no_id_updates_the_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await PutAsync(Path(identifier), Samples.Patient(identifier: identifier, family: "Neu"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(id, (string?)answer.Json["id"]);
        Assert.Equal("W/\"2\"", answer.Header("ETag"));
    }

    [Fact]
    public async Task One_match_with_the_same_id_updates_the_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.OK, (await PutAsync(Path(identifier), Samples.Patient(id, identifier))).Status);
    }

    [Fact]
    public async Task One_match_with_another_id_is_400()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await PutAsync(Path(identifier), Samples.Patient(Unique(), identifier));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task Several_matches_are_412()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await PutAsync(Path(identifier), Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task The_update_may_end_the_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.OK, (await PutAsync(Path(identifier), Samples.Patient(identifier: Unique()))).Status);
        Assert.Empty(await FindAsync(Path(identifier)));
        Assert.Equal("W/\"2\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task If_Match_holds_for_the_match()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(Path(identifier), Samples.Patient(identifier: identifier), ("If-Match", "W/\"3\""))).Status);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(Path(identifier), Samples.Patient(identifier: identifier), ("If-Match", "W/\"1\""))).Status);
    }

    [Fact]
    public async Task If_Match_without_a_match_is_412()
    {
        string identifier = Unique();

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(Path(identifier), Samples.Patient(identifier: identifier), ("If-Match", "W/\"1\""))).Status);
        Assert.Empty(await FindAsync(Path(identifier)));
    }

    [Fact]
    public async Task If_None_Match_any_keeps_the_match_as_it_is()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(Path(identifier), Samples.Patient(identifier: identifier), ("If-None-Match", "*"))).Status);
    }

    [Theory]
    [InlineData("Patient?nonsense=1")]
    [InlineData("Patient?_sort=family")]
    [InlineData("Patient?identifier=")]
    public async Task Criteria_that_say_nothing_are_400(string path)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(path, Samples.Patient())).Status);
    }

    [Fact]
    public async Task A_conditional_patch_without_a_match_is_404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await PatchAsync(Path(Unique()), "[]", JsonPatch)).Status);
    }

    [Fact]
    public async Task A_conditional_patch_patches_the_one_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await PatchAsync(Path(identifier), "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]", JsonPatch);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonNode read = (await GetAsync("Patient/" + id)).Json;
        Assert.True((bool)read["active"]!);
        Assert.Equal("2", (string?)read["meta"]!["versionId"]);
    }

    [Fact]
    public async Task A_conditional_patch_with_several_matches_is_412()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PatchAsync(Path(identifier), "[]", JsonPatch)).Status);
    }
}
