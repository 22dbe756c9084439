using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary><c>$diff</c>: our own OperationDefinition, and https://hl7.org/fhir/R4/fhirpatch.html for the answer.</summary>
public sealed class DiffTests(FhirServerFixture server) : OperationTest(server)
{
    private async Task<string> StoreVersionsAsync()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","active":true}""");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","active":false}""");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","active":false,"gender":"male"}""");
        return id;
    }

    private static string[] Operations(JsonNode patch) =>
    [
        .. All(patch, "operation").Select(operation => $"{(string?)Parts(operation, "type").Single()["valueCode"]} {(string?)Parts(operation, "path").Single()["valueString"]}"),
    ];

    private async Task<string[]> DiffAsync(string path) => Operations(await OkAsync(GetAsync(path)));

    [Theory]
    [InlineData("Patient/{0}/$diff", "add Patient")]
    [InlineData("Patient/{0}/$diff?fromVersion=1", "add Patient, replace Patient.active")]
    [InlineData("Patient/{0}/$diff?fromVersion=3", "")]
    [InlineData("Patient/{0}/_history/2/$diff", "replace Patient.active")]
    [InlineData("Patient/{0}/_history/1/$diff?fromVersion=3", "replace Patient.active, delete Patient.gender")]
    [InlineData("Patient/$diff?from=Patient/{0}/_history/1&to=Patient/{0}/_history/2", "replace Patient.active")]
    [InlineData("$diff?from=Patient/{0}/_history/2&to=Patient/{0}", "add Patient")]
    public async Task Versions_are_compared(string path, string operations)
    {
        string id = await StoreVersionsAsync();

        Assert.Equal(operations, string.Join(", ", await DiffAsync(string.Format(path, id))));
    }

    [Fact]
    public async Task Two_resources_are_compared_without_their_ids()
    {
        string one = await StoreVersionsAsync();
        string two = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{two}}","active":false,"gender":"female"}""");

        Assert.Equal(["replace Patient.gender"], await DiffAsync($"Patient/$diff?from=Patient/{one}&to=Patient/{two}"));
    }

    [Fact]
    public async Task References_may_be_urls_of_this_server()
    {
        string id = await StoreVersionsAsync();

        Assert.Single(await DiffAsync($"$diff?from={Base}Patient/{id}/_history/2&to={Base}Patient/{id}"));
    }

    [Fact]
    public async Task Parameters_may_come_by_POST()
    {
        string id = await StoreVersionsAsync();

        Assert.Equal(2, Operations(await OkAsync(PostAsync($"Patient/{id}/$diff", Parameters(Parameter("fromVersion", "valueString", "\"1\""))))).Length);
    }

    [Fact]
    public async Task What_the_server_assigns_is_compared_when_asked_for()
    {
        string id = await StoreVersionsAsync();

        // The dates of two versions may be the same; their numbers never are.
        Assert.Contains(await DiffAsync($"Patient/{id}/$diff?includeMeta=true"), operation => operation.StartsWith("replace Patient.meta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_patch_leads_from_the_one_to_the_other()
    {
        string id = await StoreVersionsAsync();
        Answer patch = await GetAsync($"Patient/{id}/_history/1/$diff?fromVersion=3");

        Answer patched = await PatchAsync($"Patient/{id}", patch.Body, "application/fhir+json");

        Assert.Equal(HttpStatusCode.OK, patched.Status);
        Assert.True((bool)patched.Json["active"]!);
        Assert.Null(patched.Json["gender"]);
    }

    [Fact]
    public async Task A_deletion_in_between_is_passed_over()
    {
        string id = await StoreVersionsAsync();
        await RemoveAsync("Patient", id);
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","active":false}""");

        Assert.Equal(["delete Patient.gender"], await DiffAsync($"Patient/{id}/$diff"));
    }

    [Theory]
    [InlineData("Patient/{0}/$diff?fromVersion=9", HttpStatusCode.NotFound)]
    [InlineData("Patient/{0}/_history/1/$diff", HttpStatusCode.NotFound)]
    [InlineData("Patient/none/$diff", HttpStatusCode.NotFound)]
    [InlineData("Patient/{0}/$diff?from=Patient/{0}", HttpStatusCode.BadRequest)]
    [InlineData("$diff?from=Patient/{0}", HttpStatusCode.BadRequest)]
    [InlineData("$diff?from=Patient/{0}&to=nothing", HttpStatusCode.BadRequest)]
    [InlineData("$diff?from=Patient/{0}&to=http://elsewhere.org/fhir/Patient/{0}", HttpStatusCode.BadRequest)]
    [InlineData("$diff?from=Patient/{0}&to=Patient/absent", HttpStatusCode.NotFound)]
    [InlineData("Observation/$diff?from=Patient/{0}&to=Patient/{0}", HttpStatusCode.BadRequest)]
    [InlineData("Patient/{0}/$diff?colour=red", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_compared_is_refused(string path, HttpStatusCode status)
    {
        string id = await StoreVersionsAsync();

        await RefusedAsync(GetAsync(string.Format(path, id)), status);
    }

    [Fact]
    public async Task Resources_of_different_types_are_refused()
    {
        string id = await StoreVersionsAsync();
        await StoreAsync($$"""{"resourceType":"Basic","id":"{{id}}","code":{"text":"x"} }""");

        await RefusedAsync(GetAsync($"$diff?from=Patient/{id}&to=Basic/{id}"), HttpStatusCode.BadRequest);
    }
}
