using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>The profiles of consents and requests: the server serves them, and holds to them what claims them.</summary>
public sealed class WorkflowProfileTests(WorkflowServer server) : WorkflowTest(server), IClassFixture<WorkflowServer>
{
    private const string Profiles = "https://healthchain.example/fhir/StructureDefinition/";

    [Theory]
    [InlineData("consent")]
    [InlineData("consent-grant")]
    [InlineData("consent-request")]
    public async Task They_are_served_and_profiles_themselves(string id)
    {
        JsonNode profile = await StandsAsync("StructureDefinition/" + id);

        Assert.Equal(Profiles + id, (string?)profile["url"]);
        Assert.Empty(await ErrorsAsync("StructureDefinition", profile));
    }

    [Fact]
    public async Task What_the_workflow_makes_keeps_them()
    {
        (JsonNode task, _) = await AskAsync();
        JsonNode consent = await OkAsync(CallAsync("patient", PathOf(task, "approve")));

        Assert.Equal(Profiles + "consent-request", (string?)task["meta"]!["profile"]![0]);
        Assert.Equal(Profiles + "consent-grant", (string?)consent["meta"]!["profile"]![0]);
        Assert.Empty(await ErrorsAsync("Task", task));
        Assert.Empty(await ErrorsAsync("Consent", consent));
        Assert.Empty(await ErrorsAsync("Consent", consent, "consent"));
    }

    [Theory]
    [InlineData("performer")]
    [InlineData("verification")]
    [InlineData("patient")]
    [InlineData("dateTime")]
    [InlineData("organization")]
    public async Task A_grant_without_what_it_needs_is_none(string element)
    {
        (JsonNode task, _) = await AskAsync();
        JsonNode consent = await OkAsync(CallAsync("patient", PathOf(task, "approve")));
        consent.AsObject().Remove(element);

        Assert.Contains(await ErrorsAsync("Consent", consent), error => error.Contains(element, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_that_leave_something_to_guess_are_against_them()
    {
        const string Consent = """
            {"resourceType":"Consent","meta":{"profile":["https://healthchain.example/fhir/StructureDefinition/consent"]},"status":"active","patient":{"reference":"Patient/patient"},"dateTime":"2026-01-01",
             "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],
             "policy":[{"uri":"urn:example:policy"}],"provision":RULES}
            """;
        const string Class = "\"class\":[{\"system\":\"http://hl7.org/fhir/resource-types\",\"code\":\"Observation\"}]";
        string With(string rules) => Consent.Replace("RULES", rules, StringComparison.Ordinal);

        Assert.Empty(await ErrorsAsync("Consent", JsonNode.Parse(With($$"""{"type":"permit","provision":[{"type":"deny",{{Class}} }]}"""))!));
        Assert.Empty(await ErrorsAsync("Consent", JsonNode.Parse(With($$"""{"period":{"end":"2099"},"provision":[{"type":"permit",{{Class}} }]}"""))!));
        foreach (string rules in new[]
        {
            $$"""{"type":"permit","provision":[{ {{Class}} }]}""",
            $$"""{"type":"permit","provision":[{"type":"deny",{{Class}},"provision":[{ {{Class}} }]}]}""",
            $$"""{ {{Class}},"provision":[{"type":"permit"}]}""",
        })
        {
            Assert.NotEmpty(await ErrorsAsync("Consent", JsonNode.Parse(With(rules))!));
        }
    }

    private async Task<string[]> ErrorsAsync(string type, JsonNode resource, string? profile = null)
    {
        Answer answer = await PostAsync($"{type}/$validate{(profile is null ? "" : "?profile=" + Profiles + profile)}", resource.ToJsonString());
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return [.. answer.Json["issue"]!.AsArray().Where(issue => (string?)issue!["severity"] is "error" or "fatal").Select(issue => issue!.ToJsonString())];
    }
}
