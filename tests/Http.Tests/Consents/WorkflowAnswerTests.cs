using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>What patients and requesters make of a request: each is answered once.</summary>
public sealed class WorkflowAnswerTests(WorkflowServer server) : WorkflowTest(server), IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Approving_activates_the_consent_and_completes_the_task_together()
    {
        (JsonNode task, string reference) = await AskAsync();

        JsonNode consent = await OkAsync(CallAsync("patient", PathOf(task, "approve")));

        Assert.Equal(reference, $"Consent/{consent["id"]}");
        Assert.Equal(("active", "2"), ((string?)consent["status"], (string?)consent["meta"]!["versionId"]));
        Assert.Equal("Patient/patient", (string?)consent["performer"]![0]!["reference"]);
        Assert.True((bool)consent["verification"]![0]!["verified"]!);
        Assert.Equal("Patient/patient", (string?)consent["verification"]![0]!["verifiedWith"]!["reference"]);
        JsonNode answered = await StandsAsync($"Task/{task["id"]}");
        Assert.Equal("completed", (string?)answered["status"]);
        Assert.Equal(reference + "/_history/2", (string?)answered["output"]![0]!["valueReference"]!["reference"]);
    }

    [Fact]
    public async Task Rejecting_ends_both_and_says_why()
    {
        (JsonNode task, string reference) = await AskAsync();

        JsonNode answered = await OkAsync(CallAsync("patient", PathOf(task, "reject"), "\"name\":\"reason\",\"valueString\":\"I go elsewhere.\""));

        Assert.Equal(("rejected", "I go elsewhere."), ((string?)answered["status"], (string?)answered["statusReason"]!["text"]));
        Assert.Equal("rejected", (string?)(await StandsAsync(reference))["status"]);
    }

    [Fact]
    public async Task Requesters_and_their_colleagues_withdraw_and_nobody_else()
    {
        (JsonNode task, string reference) = await AskAsync();
        await RefusedAsync(CallAsync("insurer", PathOf(task, "withdraw")), HttpStatusCode.NotFound);
        await RefusedAsync(CallAsync("patient", PathOf(task, "withdraw")), HttpStatusCode.Forbidden);

        Assert.Equal("cancelled", (string?)(await OkAsync(CallAsync("colleague", PathOf(task, "withdraw"))))["status"]);
        Assert.Equal("inactive", (string?)(await StandsAsync(reference))["status"]);
        await RefusedAsync(CallAsync("patient", PathOf(task, "approve")), HttpStatusCode.Conflict, "conflict");
    }

    /// <summary>Somebody else's request is one that is not there.</summary>
    [Fact]
    public async Task Only_the_patient_answers()
    {
        (JsonNode task, string reference) = await AskAsync();
        string other = (string)(await StandsAsync("Task/" + await CreateAsync("""
            {"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"Patient/patient"},"requester":{"reference":"Practitioner/doctor"}}
            """)))["id"]!;

        foreach (string operation in new[] { "approve", "reject" })
        {
            Answer unknown = await CallAsync("patient", $"Task/unknown/${operation}");
            Answer withheld = await CallAsync("other-patient", PathOf(task, operation));
            Answer noRequest = await CallAsync("patient", $"Task/{other}/${operation}");
            Assert.All([unknown, withheld, noRequest], answer => Assert.Equal((HttpStatusCode.NotFound, unknown.Body), (answer.Status, answer.Body)));
            await RefusedAsync(CallAsync("doctor", PathOf(task, operation)), HttpStatusCode.Forbidden);
            await RefusedAsync(CallAsync("administrator", PathOf(task, operation)), HttpStatusCode.Forbidden);
            await RefusedAsync(CallAsync("reading-app", PathOf(task, operation)), HttpStatusCode.Forbidden);
            await RefusedAsync(PostAsync(PathOf(task, operation), Parameters()), HttpStatusCode.Forbidden);
        }

        Assert.Equal("proposed", (string?)(await StandsAsync(reference))["status"]);
    }

    [Fact]
    public async Task A_patient_agrees_to_less()
    {
        (JsonNode task, _) = await AskAsync();

        JsonNode consent = await OkAsync(CallAsync(
            "patient",
            PathOf(task, "approve"),
            Code("class", "Observation"),
            Code("purpose", "ETREAT"),
            "\"name\":\"period\",\"valuePeriod\":{\"end\":\"2090\"}",
            "\"name\":\"withhold\",\"valueCoding\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"PSY\"}"));

        JsonNode provision = consent["provision"]!;
        Assert.Equal(["Observation"], provision["class"]!.AsArray().Select(type => (string)type!["code"]!));
        Assert.Equal(("ETREAT", "2090"), ((string?)provision["purpose"]![0]!["code"], (string?)provision["period"]!["end"]));
        Assert.Equal(["permit", "deny"], provision["provision"]!.AsArray().Select(rule => (string)rule!["type"]!));
    }

    [Theory]
    [InlineData("\"name\":\"class\",\"valueCode\":\"MedicationRequest\"")]
    [InlineData("\"name\":\"purpose\",\"valueCode\":\"HPAYMT\"")]
    [InlineData("\"name\":\"action\",\"valueCode\":\"disclose\"")]
    [InlineData("\"name\":\"period\",\"valuePeriod\":{\"end\":\"2100-06-01\"}")]
    [InlineData("\"name\":\"period\",\"valuePeriod\":{\"start\":\"2026\"}")]
    [InlineData("\"name\":\"consent\",\"resource\":{\"resourceType\":\"Consent\",\"provision\":{\"type\":\"permit\"}}")]
    public async Task To_more_than_was_asked_for_nobody_agrees(string wider)
    {
        (JsonNode task, string reference) = await AskAsync();

        await RefusedAsync(CallAsync("patient", PathOf(task, "approve"), wider), HttpStatusCode.UnprocessableEntity, "business-rule");

        Assert.Equal("proposed", (string?)(await StandsAsync(reference))["status"]);
        Assert.Equal("requested", (string?)(await StandsAsync($"Task/{task["id"]}"))["status"]);
    }

    [Fact]
    public async Task A_proposal_that_changed_after_it_was_shown_is_not_agreed_to()
    {
        (JsonNode task, string reference) = await AskAsync();
        JsonNode consent = await StandsAsync(reference);
        consent["provision"]!["class"] = null;
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(reference, consent.ToJsonString().Replace(",\"class\":null", "", StringComparison.Ordinal).Replace("\"class\":null,", "", StringComparison.Ordinal))).Status);

        await RefusedAsync(CallAsync("patient", PathOf(task, "approve")), HttpStatusCode.Conflict, "conflict");
    }

    /// <summary>A Task that somebody made up answers nothing that was not proposed to that patient.</summary>
    [Theory]
    [InlineData("patient", "approve")]
    [InlineData("patient", "reject")]
    [InlineData("doctor", "withdraw")]
    public async Task A_request_that_names_another_Consent_changes_nothing(string requester, string operation)
    {
        const string Provision = """
            "provision":{"type":"permit","actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/hospital"}}]}
            """;
        foreach ((string patient, string status, string provision) in new[]
        {
            ("other", "proposed", Provision), ("other", "active", Provision), ("other", "inactive", Provision),
            ("patient", "active", Provision), ("patient", "inactive", Provision), ("patient", "rejected", Provision), ("patient", "proposed", "\"language\":\"en\""),
        })
        {
            string consent = "Consent/" + await CreateAsync($$"""
                {"resourceType":"Consent","status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
                "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/{{patient}}"},"policy":[{"uri":"urn:example:policy"}],{{provision}} }
                """);
            string task = await CreateAsync(MadeUp(consent));

            await RefusedAsync(CallAsync(requester, $"Task/{task}/${operation}"), HttpStatusCode.Conflict, "conflict");

            JsonNode stands = await StandsAsync(consent);
            Assert.Equal((status, "1"), ((string?)stands["status"], (string?)stands["meta"]!["versionId"]));
        }
    }

    /// <summary>What a patient reads of who asks and why is what the operation wrote.</summary>
    [Fact]
    public async Task Requests_are_written_by_the_operations_alone()
    {
        (JsonNode task, string reference) = await AskAsync();
        await OkAsync(CallAsync("patient", PathOf(task, "approve")));
        (JsonNode open, _) = await AskAsync();
        open["reasonCode"]!["text"] = "For another reason altogether.";

        await RefusedAsync(PutAsync($"Task/{open["id"]}", open.ToJsonString(), As("doctor")), HttpStatusCode.Forbidden, "forbidden");
        await RefusedAsync(PostAsync("Task", MadeUp(reference), As("doctor")), HttpStatusCode.Forbidden, "forbidden");
        Answer other = await PostAsync("Task", MadeUp(reference).Replace("""{"coding":[{"system":"https://healthchain.example/fhir/CodeSystem/task","code":"consent-request"}]}""", """{"text":"something else"}""", StringComparison.Ordinal), As("doctor"));

        Assert.Equal(HttpStatusCode.Created, other.Status);
        Assert.StartsWith("For treatment ", (string?)(await StandsAsync($"Task/{open["id"]}"))["reasonCode"]!["text"], StringComparison.Ordinal);
    }

    private static string MadeUp(string consent) => $$"""
        {"resourceType":"Task","status":"requested","intent":"proposal","code":{"coding":[{"system":"https://healthchain.example/fhir/CodeSystem/task","code":"consent-request"}]},
        "for":{"reference":"Patient/patient"},"owner":{"reference":"Patient/patient"},"requester":{"reference":"Practitioner/doctor"},
        "input":[{"type":{"coding":[{"system":"https://healthchain.example/fhir/CodeSystem/task","code":"proposed-consent"}]},"valueReference":{"reference":"{{consent}}/_history/1"} }]}
        """;

    [Fact]
    public async Task An_answer_may_depend_on_the_version_that_was_read()
    {
        (JsonNode task, _) = await AskAsync();

        await RefusedAsync(CallAsync("patient", PathOf(task, "approve"), "W/\"2\"", []), HttpStatusCode.PreconditionFailed);
        Assert.Equal("active", (string?)(await OkAsync(CallAsync("patient", PathOf(task, "approve"), "W/\"1\"", [])))["status"]);
    }

    [Fact]
    public async Task A_request_that_ran_out_is_not_approved_any_more()
    {
        (JsonNode task, _) = await AskAsync();
        task["restriction"]!["period"]!["end"] = "2026-01-01";
        task["restriction"]!["period"]!["start"] = "2025-01-01";
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Task/{task["id"]}", task.ToJsonString())).Status);

        await RefusedAsync(CallAsync("patient", PathOf(task, "approve")), HttpStatusCode.UnprocessableEntity);
        Assert.Equal("rejected", (string?)(await OkAsync(CallAsync("patient", PathOf(task, "reject"))))["status"]);
    }

    /// <summary>However many answers come at once, one counts.</summary>
    [Fact]
    public async Task Of_answers_that_come_together_one_wins()
    {
        for (int round = 0; round < 8; round++)
        {
            (JsonNode task, string reference) = await AskAsync();

            (string, string)[] calls = [("patient", "approve"), ("patient", "approve"), ("patient", "reject"), ("doctor", "withdraw"), ("patient", "approve"), ("patient", "reject")];
            Answer[] answers = await Task.WhenAll(calls.Select(call => CallAsync(call.Item1, PathOf(task, call.Item2))));

            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal(HttpStatusCode.Conflict, answer.Status));
            string won = calls[Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.OK)].Item2;
            JsonNode consent = await StandsAsync(reference), answered = await StandsAsync($"Task/{task["id"]}");
            Assert.Equal(
                won switch { "approve" => ("active", "completed"), "reject" => ("rejected", "rejected"), _ => ("inactive", "cancelled") },
                ((string?)consent["status"], (string?)answered["status"]));
            Assert.Equal(("2", "2"), ((string?)consent["meta"]!["versionId"], (string?)answered["meta"]!["versionId"]));
        }
    }

    [Fact]
    public async Task Revoking_keeps_the_id_and_doing_it_again_changes_nothing()
    {
        (JsonNode task, string reference) = await AskAsync();
        await OkAsync(CallAsync("patient", PathOf(task, "approve")));

        await RefusedAsync(CallAsync("patient", reference + "/$revoke", "W/\"1\"", []), HttpStatusCode.PreconditionFailed);
        JsonNode revoked = await OkAsync(CallAsync("patient", reference + "/$revoke", "W/\"2\"", []));
        Assert.Equal(("inactive", "3"), ((string?)revoked["status"], (string?)revoked["meta"]!["versionId"]));
        JsonNode again = await OkAsync(CallAsync("patient", reference + "/$revoke"));
        Assert.Equal(("inactive", "3"), ((string?)again["status"], (string?)again["meta"]!["versionId"]));
        await RefusedAsync(CallAsync("patient", reference + "/$revoke", "W/\"2\"", []), HttpStatusCode.PreconditionFailed);
    }

    /// <summary>Large data lies beside the resource; a step that changes the resource keeps it.</summary>
    [Fact]
    public async Task Revoking_keeps_the_paper_that_was_signed()
    {
        string paper = Convert.ToBase64String(new byte[100_000]);
        string consent = "Consent/" + await CreateAsync($$"""
            {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
            "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/patient"},"policy":[{"uri":"urn:example:policy"}],
            "sourceAttachment":{"contentType":"application/pdf","data":"{{paper}}"},"provision":{"type":"permit"} }
            """);

        JsonNode revoked = await OkAsync(CallAsync("patient", consent + "/$revoke"));

        Assert.Equal(("inactive", paper), ((string?)revoked["status"], (string?)revoked["sourceAttachment"]!["data"]));
        Assert.Equal(paper, (string?)(await StandsAsync(consent))["sourceAttachment"]!["data"]);
    }

    [Fact]
    public async Task Only_the_patient_revokes_and_only_what_was_given()
    {
        (JsonNode task, string reference) = await AskAsync();
        await RefusedAsync(CallAsync("patient", reference + "/$revoke"), HttpStatusCode.Conflict);
        await OkAsync(CallAsync("patient", PathOf(task, "approve")));

        Answer unknown = await RefusedAsync(CallAsync("patient", "Consent/unknown/$revoke"), HttpStatusCode.NotFound);
        Assert.Equal(unknown.Body, (await RefusedAsync(CallAsync("other-patient", reference + "/$revoke"), HttpStatusCode.NotFound)).Body);
        await RefusedAsync(CallAsync("doctor", reference + "/$revoke"), HttpStatusCode.Forbidden);
        await RefusedAsync(CallAsync("reading-app", reference + "/$revoke"), HttpStatusCode.Forbidden);
        Assert.Equal("active", (string?)(await StandsAsync(reference))["status"]);
    }

    [Fact]
    public async Task Revocations_that_come_together_make_one_version()
    {
        (JsonNode task, string reference) = await AskAsync();
        await OkAsync(CallAsync("patient", PathOf(task, "approve")));

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => CallAsync("patient", reference + "/$revoke")));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.OK, "3"), (answer.Status, (string?)answer.Json["meta"]!["versionId"])));
    }

    /// <summary>Each step is on record as what it is: a change of consent.</summary>
    [Fact]
    public async Task Steps_are_on_record_for_the_patient()
    {
        (JsonNode task, string reference) = await AskAsync();
        await OkAsync(CallAsync("patient", PathOf(task, "approve")));
        await OkAsync(CallAsync("patient", reference + "/$revoke"));

        Answer records = await GetAsync("AuditEvent?patient=patient&subtype=http://dicom.nema.org/resources/ontology/DCM|110135&_count=3", As("patient"));

        Assert.True(records.Status == HttpStatusCode.OK, records.Body);
        string[] targets = [.. records.Entries("match").Select(record => record.ToJsonString())];
        Assert.Equal(3, targets.Length);
        Assert.Contains(reference, targets[0], StringComparison.Ordinal);
        Assert.Contains("$revoke", Decoded(targets[0]), StringComparison.Ordinal);
        Assert.Contains("$approve", Decoded(targets[1]), StringComparison.Ordinal);
        Assert.Contains("$request-access", Decoded(targets[2]), StringComparison.Ordinal);

        static string Decoded(string record) => string.Concat(JsonNode.Parse(record)!["entity"]!.AsArray()
            .Select(entity => entity!["query"] is { } query ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String((string)query!)) : ""));
    }
}
