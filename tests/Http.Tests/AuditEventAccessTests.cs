using System.Net;
using System.Text.Json.Nodes;
using System.Text;
using HealthChain.Consent;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>A server with two patients, a doctor, an auditor and an administrator, whose access log is on.</summary>
public sealed class ClinicServerFixture() : FhirServerFixture(Options)
{
    public const string Auditor = "auditor-of-these-tests";
    public const string Doctor = "doctor-of-this-clinic";
    public const string Administrator = "administrator-of-this-clinic";
    public const string Ann = "token-of-patient-ann";
    public const string Bob = "token-of-patient-bob";

    private static ServerOptions Options { get; } = new()
    {
        Development = true,
        ConsentPolicy = ImplicitPolicy.AllNormal.Uri,
        Tokens =
        [
            new TokenOptions { Token = Auditor, Name = "audit-tool", Role = Role.Auditor },
            new TokenOptions { Token = Doctor, Name = "ward", Role = Role.Practitioner, FhirUser = "Practitioner/7", Organisation = "Organization/1", Purpose = "TREAT" },
            new TokenOptions { Token = Administrator, Name = "desk", Role = Role.Administrator },
            new TokenOptions { Token = Ann, Name = "app-of-ann", Role = Role.Patient, FhirUser = "Patient/ann" },
            new TokenOptions { Token = Bob, Name = "app-of-bob", Role = Role.Patient, FhirUser = "Patient/bob" },
        ],
    };
}

/// <summary>Who finds what in the access log, over HTTP from the read to the AuditEvent.</summary>
public sealed class AuditEventAccessTests(ClinicServerFixture server) : FhirTest(server), IClassFixture<ClinicServerFixture>
{
    private Task<Answer> AsAsync(string token, string path, params (string, string)[] headers) => GetAsync(path, [("Authorization", "Bearer " + token), .. headers]);

    /// <summary>Two patients with an observation each, and a reading of Ann's on record, whichever test comes first.</summary>
    private async Task AdmitAsync()
    {
        await StoreAsync("""{"resourceType":"Patient","id":"ann"}""");
        await StoreAsync("""{"resourceType":"Patient","id":"bob"}""");
        await StoreAsync("""{"resourceType":"Observation","id":"of-ann","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ann"}}""");
        await StoreAsync("""{"resourceType":"Observation","id":"of-bob","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bob"}}""");
        await AsAsync(ClinicServerFixture.Doctor, "Observation/of-ann");
    }

    private async Task<List<JsonNode>> FoundAsync(string token, string path)
    {
        Answer answer = await AsAsync(token, path);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {(int)answer.Status} {answer.Body}");
        return [.. answer.Entries("match")];
    }

    [Fact]
    public async Task A_patient_finds_who_read_her_data_and_why()
    {
        await AdmitAsync();
        string request = Unique("request");
        Assert.Equal(HttpStatusCode.OK, (await AsAsync(ClinicServerFixture.Doctor, "Observation/of-ann", ("X-Request-Id", request))).Status);

        JsonNode read = (await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?patient=ann&entity=Observation/of-ann&action=R&_count=1"))[0];
        string text = read.ToJsonString();

        Assert.Contains("Practitioner/7", text, StringComparison.Ordinal);
        Assert.Contains("Organization/1", text, StringComparison.Ordinal);
        Assert.Contains("Observation/of-ann/_history/", text, StringComparison.Ordinal);
        Assert.Contains(request, text, StringComparison.Ordinal);
        Assert.Equal("TREAT", (string)read["purposeOfEvent"]![0]!["coding"]![0]!["code"]!);
        Assert.EndsWith("PatientRead", (string)read["meta"]!["profile"]![0]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AsAsync(ClinicServerFixture.Ann, $"AuditEvent/{read["id"]}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AsAsync(ClinicServerFixture.Bob, $"AuditEvent/{read["id"]}")).Status);
    }

    [Fact]
    public async Task A_search_that_found_two_patients_shows_each_herself()
    {
        await AdmitAsync();
        string tag = Unique("x");
        Assert.Equal(2, (await FoundAsync(ClinicServerFixture.Doctor, $"Patient?_id=ann,bob&_tag:not={tag}")).Count);
        string id = (string)(await FoundAsync(ClinicServerFixture.Auditor, "AuditEvent?action=E&agent=Practitioner/7&_count=1"))[0]["id"]!;

        string whole = (await AsAsync(ClinicServerFixture.Auditor, $"AuditEvent/{id}")).Body;
        string anns = (await AsAsync(ClinicServerFixture.Ann, $"AuditEvent/{id}")).Body;
        string bobs = (await AsAsync(ClinicServerFixture.Bob, $"AuditEvent/{id}")).Body;

        Assert.Equal($"Patient?_id=***&_tag:not={tag}", QueryIn(whole));
        Assert.Equal("Patient?_id=*&_tag:not=*", QueryIn(anns));
        Assert.Contains("Patient/ann/_history", whole, StringComparison.Ordinal);
        Assert.Contains("Patient/bob/_history", whole, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", anns, StringComparison.Ordinal);
        Assert.DoesNotContain("ann", bobs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patient_finds_nothing_that_is_not_about_her()
    {
        await AdmitAsync();
        await AsAsync(ClinicServerFixture.Doctor, "Observation/of-bob");
        await AsAsync(ClinicServerFixture.Doctor, "Observation/of-ann");
        await AsAsync(ClinicServerFixture.Doctor, "Organization?name=x");
        await AsAsync(ClinicServerFixture.Bob, "Observation");

        List<JsonNode> anns = await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?_count=1000");

        Assert.NotEmpty(anns);
        Assert.All(anns, found => Assert.Contains("Patient/ann", found.ToJsonString(), StringComparison.Ordinal));
        Assert.All(anns, found => Assert.DoesNotContain("bob", found.ToJsonString(), StringComparison.Ordinal));
        Assert.Empty(await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?patient=bob"));
        Assert.Empty(await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?entity=Observation/of-bob"));
    }

    [Theory]
    [InlineData(ClinicServerFixture.Doctor)]
    [InlineData(ClinicServerFixture.Administrator)]
    public async Task Others_do_not_see_the_log(string token)
    {
        await AdmitAsync();
        string id = (string)(await FoundAsync(ClinicServerFixture.Auditor, "AuditEvent?_count=1"))[0]["id"]!;

        foreach (string path in new[] { $"AuditEvent/{id}", $"AuditEvent/{id}/_history", $"AuditEvent/{id}/_history/1", $"AuditEvent/{id}/_history/1/$receipt" })
        {
            Assert.Contains((await AsAsync(token, path)).Status, new[] { HttpStatusCode.Forbidden, HttpStatusCode.NotFound });
        }

        Answer search = await AsAsync(token, "AuditEvent");
        Assert.True(search.Status == HttpStatusCode.Forbidden || !search.Entries("match").Any(), search.Body);
    }

    [Fact]
    public async Task Reading_the_log_is_on_record_too()
    {
        await AdmitAsync();
        string first = (string)(await FoundAsync(ClinicServerFixture.Auditor, "AuditEvent?patient=ann&_count=1"))[0]["id"]!;
        await AsAsync(ClinicServerFixture.Auditor, $"AuditEvent/{first}");

        JsonNode reading = (await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?patient=ann&action=R&agent:identifier=audit-tool&_count=1"))[0];

        Assert.Contains($"AuditEvent/{first}/_history/1", reading.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("disclose", reading.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_are_found_by_whom_they_protect()
    {
        await AdmitAsync();
        Answer refused = await AsAsync(ClinicServerFixture.Administrator, "Patient/ann");
        Assert.NotEqual(HttpStatusCode.OK, refused.Status);

        JsonNode found = (await FoundAsync(ClinicServerFixture.Ann, "AuditEvent?patient=ann&outcome=4&agent:identifier=desk&_count=1"))[0];

        Assert.StartsWith($"HTTP {(int)refused.Status}", (string)found["outcomeDesc"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_AuditEvent_of_real_requests_is_valid_and_keeps_its_profiles_rules()
    {
        await AdmitAsync();
        await PutAsync("Observation/of-ann", """{"resourceType":"Observation","id":"of-ann","status":"final","code":{"text":"y"},"subject":{"reference":"Patient/ann"}}""");
        await PostAsync("Observation", """{"resourceType":"Observation","status":"nonsense","code":{"text":"y"},"subject":{"reference":"Patient/ann"}}""");
        string created = await CreateAsync("""{"resourceType":"Observation","status":"final","code":{"text":"z"},"subject":{"reference":"Patient/ann"}}""");
        await PatchAsync($"Observation/{created}", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json");
        await DeleteAsync($"Observation/{created}");
        foreach (string path in new[] { "Patient/ann/$everything", "Patient/ann/_history", "Patient/ann/Observation?code=x", "_history", "Observation?patient=ann", "Nonsense/1", "Patient/a_b", "Observation/of-ann/_history/1", "$graphql?query={Patient(id:\"ann\"){id}}", "Observation?code=%22%00%0A" })
        {
            await GetAsync(path);
        }

        List<JsonNode> all = await FoundAsync(ClinicServerFixture.Auditor, "AuditEvent?_count=1000");

        var validator = new Fhir.Validation.Validator(Fhir.Definitions.DefinitionSet.R4, new Fhir.Terminology.TerminologyService(Fhir.Definitions.DefinitionSet.R4));
        Assert.True(all.Count > 15, $"{all.Count}");
        foreach (JsonNode found in all)
        {
            string json = found.ToJsonString();
            Assert.DoesNotContain(validator.Validate(Fhir.Model.FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root), issue => issue.Severity <= Fhir.IssueSeverity.Error);
        }
    }

    private static string QueryIn(string auditEvent) => Encoding.UTF8.GetString(Convert.FromBase64String(
        (string)((JsonArray)JsonNode.Parse(auditEvent)!["entity"]!).Single(entity => entity!["query"] is not null)!["query"]!));
}
