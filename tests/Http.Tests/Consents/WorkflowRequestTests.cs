using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Asking a patient for access.</summary>
public sealed class WorkflowRequestTests(WorkflowServer server) : WorkflowTest(server), IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task A_request_makes_a_task_for_the_patient_and_the_consent_that_it_proposes()
    {
        (JsonNode task, string reference) = await AskAsync();

        Assert.Equal("requested", (string?)task["status"]);
        Assert.Equal("Patient/patient", (string?)task["for"]!["reference"]);
        Assert.Equal("Patient/patient", (string?)task["owner"]!["reference"]);
        Assert.Equal("Practitioner/doctor", (string?)task["requester"]!["reference"]);
        Assert.StartsWith("For treatment ", (string?)task["reasonCode"]!["text"], StringComparison.Ordinal);
        Assert.Equal(reference + "/_history/1", (string?)task["input"]![0]!["valueReference"]!["reference"]);

        JsonNode consent = await StandsAsync(reference);
        Assert.Equal("proposed", (string?)consent["status"]);
        Assert.Equal("Patient/patient", (string?)consent["patient"]!["reference"]);
        Assert.Equal(WorkflowServer.Hospital, (string?)consent["provision"]!["actor"]![0]!["reference"]!["reference"]);
        Assert.Equal("TREAT", (string?)consent["provision"]!["purpose"]![0]!["code"]);
        Assert.Equal(["Observation", "Condition"], consent["provision"]!["class"]!.AsArray().Select(type => (string)type!["code"]!));
    }

    [Theory]
    [InlineData("insurer", WorkflowServer.Insurer, WorkflowServer.Insurer)]
    [InlineData("researcher", "Practitioner/researcher", "Organization/university")]
    public async Task Who_sees_no_patients_may_ask_whom_they_know(string requester, string by, string recipient)
    {
        (JsonNode task, string reference) = await AskAsync(requester);

        Assert.Equal(by, (string?)task["requester"]!["reference"]);
        Assert.Equal(recipient, (string?)(await StandsAsync(reference))["provision"]!["actor"]![0]!["reference"]!["reference"]);
    }

    [Fact]
    public async Task A_patient_is_found_by_identifier_and_day_of_birth()
    {
        Answer answer = await CallAsync("insurer", "Patient/$request-access", Usual);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("Patient/patient", (string?)answer.Json["for"]!["reference"]);
    }

    /// <summary>Who got no answer asks again, and the patient is asked once.</summary>
    [Fact]
    public async Task The_same_request_again_is_the_one_that_waits_for_the_patient()
    {
        string[] asked = Usual;
        (JsonNode task, string reference) = await AskAsync("doctor", asked);

        Answer again = await CallAsync("doctor", "Patient/$request-access", asked);
        Answer ofColleague = await CallAsync("colleague", "Patient/patient/$request-access", asked);
        Answer ofMore = await CallAsync("doctor", "Patient/patient/$request-access", [.. asked, Code("class", "Procedure")]);

        Assert.Equal((HttpStatusCode.OK, (string?)task["id"], reference), (again.Status, (string?)again.Json["id"], (string?)again.Json["focus"]!["reference"]));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (ofColleague.Status, ofMore.Status));

        Assert.Equal(HttpStatusCode.OK, (await CallAsync("patient", PathOf(task, "reject"))).Status);
        (JsonNode anew, _) = await AskAsync("doctor", asked);
        Assert.NotEqual((string?)task["id"], (string?)anew["id"]);
    }

    [Fact]
    public async Task The_same_request_several_times_at_once_is_one()
    {
        string[] asked = Usual;

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => CallAsync("doctor", "Patient/$request-access", asked)));

        Assert.Equal(11, answers.Count(static answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers, static answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(answers.Select(static answer => (string?)answer.Json["id"]).Distinct());
    }

    /// <summary>Whether somebody is a patient here does not come out by asking.</summary>
    [Fact]
    public async Task Unknown_patients_and_wrong_guesses_get_the_same_answer_and_few_of_them()
    {
        string[] rest = [Reason, Until, Treating];
        string otherDay = Born.Replace("1970", "1971", StringComparison.Ordinal), otherNumber = Known.Replace("no-patient", "no-other", StringComparison.Ordinal);
        Answer[] answers =
        [
            await CallAsync("guesser", "Patient/unknown/$request-access", [.. rest, Known, Born]),
            await CallAsync("guesser", "Patient/patient/$request-access", rest),
            await CallAsync("guesser", "Patient/patient/$request-access", [.. rest, Known]),
            await CallAsync("guesser", "Patient/patient/$request-access", [.. rest, Known, otherDay]),
            await CallAsync("guesser", "Patient/patient/$request-access", [.. rest, otherNumber, Born]),
            await CallAsync("guesser", "Patient/$request-access", [.. rest, Known, otherDay]),
            await CallAsync("guesser", "Patient/$request-access", [.. rest, Known, Born.Replace("1970-03-04", "1970-03", StringComparison.Ordinal)]),
            await CallAsync("guesser", "Patient/$request-access", rest),
        ];

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.NotFound, answers[0].Body), (answer.Status, answer.Body)));
        for (int more = answers.Length; more < 20; more++)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await CallAsync("guesser", "Patient/unknown/$request-access", rest)).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await CallAsync("guesser", "Patient/patient/$request-access", Usual)).Status);
    }

    /// <summary>Many guesses at once are no more than one after the other.</summary>
    [Fact]
    public async Task Guesses_that_come_together_are_counted_each()
    {
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => CallAsync("many-guesses", "Patient/unknown/$request-access", Reason, Until, Treating)));

        Assert.Equal(20, answers.Count(answer => answer.Status == HttpStatusCode.NotFound));
        Assert.Equal(40, answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests));
    }

    /// <summary>Who asks again and again would hide from the patient what others ask.</summary>
    [Fact]
    public async Task An_organisation_has_so_many_requests_open_with_a_patient()
    {
        var last = new Answer[20];
        for (int i = 0; i < last.Length; i++)
        {
            last[i] = await CallAsync("eager", "Patient/$request-access", Usual);
            Assert.Equal(HttpStatusCode.Created, last[i].Status);
        }

        await RefusedAsync(CallAsync("eager", "Patient/$request-access", Usual), HttpStatusCode.UnprocessableEntity, "too-costly");
        await AskAsync("insurer");
        await OkAsync(CallAsync("eager", PathOf(last[7].Json, "withdraw")));
        await AskAsync("eager");
    }

    [Theory]
    [InlineData("9999")]
    [InlineData("9999-12-31")]
    [InlineData("9999-12-31T23:59:59-05:00")]
    public async Task The_end_of_the_calendar_is_an_end(string end)
    {
        (JsonNode task, _) = await AskAsync("doctor", Reason, Known, Born, Treating, $"\"name\":\"period\",\"valuePeriod\":{{\"end\":\"{end}\"}}");

        Assert.Equal("active", (string?)(await OkAsync(CallAsync("patient", PathOf(task, "approve"))))["status"]);
    }

    [Theory]
    [InlineData("patient")]
    [InlineData("suspended")]
    [InlineData("nobodys")]
    [InlineData("administrator")]
    public async Task Only_who_acts_for_an_organisation_in_good_standing_asks(string requester) =>
        await RefusedAsync(CallAsync(requester, "Patient/patient/$request-access", Usual), HttpStatusCode.Forbidden, "forbidden");

    [Fact]
    public async Task Nobody_asks_without_a_login_or_by_get()
    {
        await RefusedAsync(PostAsync("Patient/patient/$request-access", Parameters(Usual)), HttpStatusCode.Forbidden, "forbidden");
        await RefusedAsync(GetAsync("Patient/patient/$request-access?reason=because", As("doctor")), HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task A_request_says_why_what_for_and_until_when()
    {
        const string Path = "Patient/patient/$request-access";
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Until, Treating), HttpStatusCode.BadRequest, "required");
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Until, Treating, "\"name\":\"reason\",\"valueString\":\"because\""), HttpStatusCode.BadRequest, "value");
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Until, Reason), HttpStatusCode.BadRequest, "required");
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Treating, Reason), HttpStatusCode.BadRequest, "required");
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Treating, Reason, "\"name\":\"period\",\"valuePeriod\":{\"start\":\"2020\"}"), HttpStatusCode.UnprocessableEntity);
        await RefusedAsync(CallAsync("doctor", Path, Known, Born, Treating, Reason, "\"name\":\"period\",\"valuePeriod\":{\"end\":\"2020\"}"), HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Rules_of_ones_own_are_proposed_as_they_are_if_they_can_be_followed()
    {
        string Consent(string provision) => $$"""
            "name":"consent","resource":{"resourceType":"Consent","status":"proposed","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
            "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"policy":[{"uri":"urn:example:policy"}],"provision":{{provision}} }
            """;
        const string Actor = """
            "actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/hospital"}}]
            """;

        (JsonNode task, string reference) = await AskAsync("doctor", Reason, Known, Born, Consent($$"""{"type":"permit","period":{"end":"2099"},{{Actor}} }"""));
        Assert.Equal("permit", (string?)(await StandsAsync(reference))["provision"]!["type"]);
        Assert.Equal("requested", (string?)task["status"]);

        foreach (string provision in new[]
        {
            """{"type":"permit","period":{"end":"2099"}}""",
            $$"""{"period":{"end":"2099"},{{Actor}} }""",
            $$"""{"type":"deny","period":{"end":"2099"},{{Actor}} }""",
            $$"""{"type":"permit","period":{"end":"2099"},{{Actor}},"provision":[{"type":"deny","securityLabel":[{"system":"urn:unknown","code":"x"}]}]}""",
        })
        {
            await RefusedAsync(CallAsync("doctor", "Patient/patient/$request-access", Reason, Known, Born, Consent(provision)), HttpStatusCode.UnprocessableEntity);
        }

        await RefusedAsync(CallAsync("doctor", "Patient/patient/$request-access", [.. Usual, Consent($$"""{"type":"permit",{{Actor}} }""")]), HttpStatusCode.BadRequest, "value");
    }
}
