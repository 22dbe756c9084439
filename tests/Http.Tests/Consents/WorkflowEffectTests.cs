using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>What the steps of the workflow bring about: from the next request on, and for nobody else.</summary>
public sealed class WorkflowEffectTests(WorkflowServer server) : WorkflowTest(server), IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task What_was_agreed_to_exists_with_the_next_request_and_ends_with_the_next()
    {
        string observation = await ObservationAsync("patient");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, As("doctor"))).Status);

        (JsonNode task, string consent) = await AskAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, As("doctor"))).Status);

        await OkAsync(CallAsync("patient", PathOf(task, "approve"), Code("class", "Observation")));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, As("doctor"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, As("colleague"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, As("emergency"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/patient", As("doctor"))).Status);

        await OkAsync(CallAsync("patient", consent + "/$revoke"));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, As("doctor"))).Status);
    }

    /// <summary>Approving one must not lock out another, as a permission at the root would.</summary>
    [Fact]
    public async Task A_grant_takes_nothing_from_the_holder_nor_from_another_grant()
    {
        string patient = await HeldPatientAsync(WorkflowServer.Hospital), observation = await ObservationAsync(patient);
        string identifier = Known.Replace("no-patient", "no-" + patient, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, As("doctor"))).Status);

        foreach (string type in new[] { "Condition", "Observation" })
        {
            Answer asked = await CallAsync("emergency", "Patient/$request-access", Reason, identifier, Born, Until, Treating, Code("class", type));
            Assert.Equal(HttpStatusCode.Created, asked.Status);
            JsonNode consent = await StandsAsync((string)asked.Json["focus"]!["reference"]!);
            consent["status"] = "active";
            Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Consent/{consent["id"]}", consent.ToJsonString())).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, As("doctor"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, As("emergency"))).Status);
    }

    [Fact]
    public async Task Breaking_the_glass_opens_what_nobody_permitted_and_nothing_that_was_refused()
    {
        string patient = await HeldPatientAsync(WorkflowServer.Hospital), observation = await ObservationAsync(patient);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, As("emergency"))).Status);
        (string, string) token = ("Authorization", "Bearer " + await BreakAsync(patient));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(observation, token)).Status);

        string refusal = await RefuseAsync(patient, ",\"class\":[{\"system\":\"http://hl7.org/fhir/resource-types\",\"code\":\"Observation\"}]");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(observation, token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + patient, token)).Status);

        // Who is refused all is told nothing, not even that there is somebody.
        await RefuseAsync(patient, "");
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + patient, token)).Status);
        Answer unknown = await CallAsync("emergency", "$break-glass", For("unknown"), Emergency);
        Answer refused = await CallAsync("emergency", "$break-glass", For(patient), Emergency);
        Assert.Equal((HttpStatusCode.NotFound, unknown.Body), (refused.Status, refused.Body));
        Assert.NotEmpty(refusal);
    }

    private const string Emergency = "\"name\":\"reason\",\"valueString\":\"Unconscious after an accident.\"";

    private static string For(string patient) => $$"""
        "name":"patient","valueReference":{"reference":"Patient/{{patient}}"}
        """;

    private async Task<string> BreakAsync(string patient) =>
        (string)All(await OkAsync(CallAsync("emergency", "$break-glass", For(patient), Emergency)), "access_token").Single()["valueString"]!;

    /// <summary>A patient whose record an organisation holds.</summary>
    private async Task<string> HeldPatientAsync(string organisation)
    {
        string id = Unique("p");
        JsonNode patient = JsonNode.Parse(WorkflowServer.PatientOf(id))!;
        patient["managingOrganization"] = new JsonObject { ["reference"] = organisation };
        Assert.Equal(HttpStatusCode.Created, (await PutAsync("Patient/" + id, patient.ToJsonString())).Status);
        return id;
    }

    private async Task<string> ObservationAsync(string patient) => "Observation/" + await CreateAsync(
        $$$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{{patient}}}"}}""");

    /// <summary>The patient refuses the clinic something.</summary>
    private Task<string> RefuseAsync(string patient, string criteria) => CreateAsync($$"""
        {"resourceType":"Consent","status":"active","patient":{"reference":"Patient/{{patient}}"},"scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"policy":[{"uri":"urn:example:policy"}],
         "provision":{"type":"deny","actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/clinic"} }]{{criteria}} } }
        """);
}
