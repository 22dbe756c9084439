using System.Net;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Operations;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>The definitions that the server works by are resources that clients can read and search, above all those that metadata names.</summary>
public sealed class DefinitionTests(FhirServerFixture server) : FhirTest(server)
{
    [Theory]
    [InlineData("OperationDefinition/Patient-erase")]
    [InlineData("OperationDefinition/Resource-diff")]
    [InlineData("OperationDefinition/Patient-everything")]
    [InlineData("OperationDefinition/Patient-everything/_history/1")]
    [InlineData("SearchParameter/individual-birthdate")]
    [InlineData("SearchParameter/clinical-patient")]
    [InlineData("SearchParameter/Observation-code-value-quantity")]
    [InlineData("CompartmentDefinition/patient")]
    [InlineData("StructureDefinition/Patient")]
    public async Task A_definition_is_read_as_any_resource(string path)
    {
        Answer answer = await GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.StartsWith($"{answer.Json["resourceType"]}/{answer.Json["id"]}", path, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotModified, (await GetAsync(path, ("If-None-Match", "W/\"1\""))).Status);
    }

    [Theory]
    [InlineData("OperationDefinition/absent")]
    [InlineData("OperationDefinition/Patient-everything/_history/2")]
    [InlineData("SearchParameter/contained-type")]
    public async Task There_are_no_others(string path) => Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(path)).Status);

    [Theory]
    [InlineData("OperationDefinition?code=erase", "Patient-erase")]
    [InlineData("OperationDefinition?code=everything&_sort=-url", "Patient-everything Encounter-everything")]
    [InlineData("SearchParameter?base=Patient&code=birthdate", "individual-birthdate")]
    [InlineData("SearchParameter?url=http://hl7.org/fhir/SearchParameter/Patient-name", "Patient-name")]
    [InlineData("SearchParameter?code=_id,_tag&_sort=code", "Resource-id Resource-tag")]
    [InlineData("CompartmentDefinition?_sort=code&_count=2", "device encounter")]
    [InlineData("StructureDefinition?url=http://hl7.org/fhir/StructureDefinition/Claim", "Claim")]
    [InlineData("StructureDefinition?type=Claim&abstract=true", "")]
    public async Task Definitions_are_found(string search, string ids) => Assert.Equal(ids, string.Join(' ', await FindAsync(search)));

    [Fact]
    public async Task Everything_that_the_capability_statement_refers_to_is_here()
    {
        JsonNode rest = (await GetAsync("metadata")).Json["rest"]![0]!;
        string[] canonicals =
        [
            .. Named(rest, "searchParam"), .. Named(rest, "operation"), .. ((JsonArray)rest["compartment"]!).Select(compartment => (string)compartment!),
            .. ((JsonArray)rest["resource"]!).SelectMany(resource => Named(resource!, "searchParam").Concat(Named(resource!, "operation")).Append((string)resource!["profile"]!)),
        ];

        var served = new HashSet<string>();
        foreach (string type in new[] { "SearchParameter", "OperationDefinition", "CompartmentDefinition", "StructureDefinition" })
        {
            served.UnionWith((await AllAsync(type)).Select(definition => (string)definition["url"]!));
        }

        Assert.True(canonicals.Length > 2000);
        Assert.Equal("", string.Join(' ', canonicals.Except(served)));
    }

    [Theory]
    [InlineData("SearchParameter")]
    [InlineData("OperationDefinition")]
    [InlineData("CompartmentDefinition")]
    [InlineData("StructureDefinition")]
    public async Task Pages_give_each_once_and_each_is_valid(string type)
    {
        DefinitionSet definitions = OwnDefinitions.Over(DefinitionSet.R4);
        var validator = new Validator(definitions, new TerminologyService(definitions));
        JsonNode[] all = await AllAsync(type);

        Assert.Equal(all.Length, all.Select(definition => (string)definition["id"]!).Distinct().Count());
        Assert.All(all.Where((_, index) => index % 7 == 0), definition =>
            Assert.DoesNotContain(validator.Validate(FhirJson.Read(System.Text.Encoding.UTF8.GetBytes(definition.ToJsonString())).Root), issue => issue.IsError));
    }

    [Fact]
    public async Task One_that_is_stored_takes_the_place_of_that_of_the_server()
    {
        await StoreAsync("""{"resourceType":"CompartmentDefinition","id":"device","url":"http://example.org/mine","name":"Mine","status":"draft","code":"Device","search":false}""");

        Assert.Equal("Mine", (string?)(await GetAsync("CompartmentDefinition/device")).Json["name"]);
        Assert.Equal(["device"], await FindAsync("CompartmentDefinition?code=Device"));
        Assert.Equal(5, (int)(await GetAsync("CompartmentDefinition?_summary=count")).Json["total"]!);
        await RemoveAsync("CompartmentDefinition", "device");
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("CompartmentDefinition/device")).Status);
    }

    private static IEnumerable<string> Named(JsonNode node, string list) => ((JsonArray?)node[list] ?? []).Select(item => (string)item!["definition"]!);

    /// <summary>All resources of a type, page by page.</summary>
    private async Task<JsonNode[]> AllAsync(string type)
    {
        var all = new List<JsonNode>();
        string? next = $"{type}?_count=333";
        while (next is not null)
        {
            Answer page = await GetAsync(next);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            all.AddRange(page.Entries("match"));
            next = (string?)((JsonArray)page.Json["link"]!).FirstOrDefault(link => (string?)link!["relation"] == "next")?["url"];
            Assert.True(next is not null || all.Count == (int)page.Json["total"]!);
        }

        return [.. all];
    }
}
