using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Seeing for a patient's safety what nobody permitted.</summary>
public sealed class WorkflowBreakGlassTests(WorkflowServer server) : WorkflowTest(server), IClassFixture<WorkflowServer>
{
    private const string Emergency = "\"name\":\"reason\",\"valueString\":\"Unconscious after an accident.\"";
    private const string Event = "http://dicom.nema.org/resources/ontology/DCM|110127";

    private readonly WorkflowServer _server = server;

    private static string For(string patient) => $$"""
        "name":"patient","valueReference":{"reference":"Patient/{{patient}}"}
        """;

    private async Task<string> BreakAsync(string requester, string patient) =>
        (string)All(await OkAsync(CallAsync(requester, "$break-glass", For(patient), Emergency)), "access_token").Single()["valueString"]!;

    private static (string, string) With(string token) => ("Authorization", "Bearer " + token);

    [Fact]
    public async Task The_token_shows_that_patient_alone_and_writes_nothing()
    {
        string own = Unique("bg"), other = Unique("bg");
        await StoreAsync($$$"""{"resourceType":"Observation","id":"{{{own}}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/patient"}}""");
        await StoreAsync($$$"""{"resourceType":"Observation","id":"{{{other}}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/other"}}""");

        JsonNode answer = await OkAsync(CallAsync("emergency", "$break-glass", For("patient"), Emergency));
        (string, string) token = With((string)All(answer, "access_token").Single()["valueString"]!);
        Assert.Equal("Bearer", (string?)All(answer, "token_type").Single()["valueCode"]);
        Assert.InRange((int)All(answer, "expires_in").Single()["valueInteger"]!, 1, 900);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/patient", token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Observation/" + own, token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/other", token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Observation/" + other, token)).Status);
        Answer found = await GetAsync($"Observation?_id={own},{other}", token);
        Assert.Equal([own], found.Entries("match").Select(match => (string)match["id"]!));
        await RefusedAsync(PostAsync("Observation", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/patient"}}""", token), HttpStatusCode.Forbidden);
        await RefusedAsync(PostAsync("$break-glass", Parameters(For("other"), Emergency), token), HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_patient_may_be_named_by_an_identifier()
    {
        const string Identifier = """
            "name":"patient","valueReference":{"identifier":{"system":"urn:numbers","value":"no-other"}}
            """;

        Assert.Equal("other", (string?)All(await OkAsync(CallAsync("emergency", "$break-glass", Identifier, Emergency)), "patient").Single()["valueId"]);
        await RefusedAsync(CallAsync("emergency", "$break-glass", Identifier.Replace("no-other", "no-one", StringComparison.Ordinal), Emergency), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_patient_is_told_at_once_and_so_are_the_auditors()
    {
        string token = await BreakAsync("emergency", "patient");

        Answer told = await GetAsync("Communication?subject=Patient/patient&_sort=-_lastUpdated&_count=1", As("patient"));
        JsonNode report = told.Entries("match").Single();
        Assert.Equal("Unconscious after an accident.", (string?)report["payload"]![0]!["contentString"]);
        Assert.Equal("Practitioner/emergency", (string?)report["sender"]!["reference"]);

        JsonNode queued = (await GetAsync($"AuditEvent?subtype={Event}&patient=patient&_count=1", As("auditor"))).Entries("match").Single();
        Assert.Contains("BTG", queued["purposeOfEvent"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("Break-glass: Unconscious after an accident.", (string)queued["outcomeDesc"]!, StringComparison.Ordinal);

        // And so is all that is done with the token.
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/patient", With(token))).Status);
        JsonNode read = (await GetAsync("AuditEvent?patient=patient&subtype=http://hl7.org/fhir/restful-interaction|read&_count=1", As("auditor"))).Entries("match").First();
        Assert.Contains("BTG", read["purposeOfEvent"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("Break-glass: Unconscious after an accident.", (string)read["outcomeDesc"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_that_is_refused_is_on_record_as_well()
    {
        await RefusedAsync(CallAsync("doctor", "$break-glass", For("other"), Emergency), HttpStatusCode.Forbidden);

        JsonNode queued = (await GetAsync($"AuditEvent?subtype={Event}&patient=other&outcome=4&_count=1", As("auditor"))).Entries("match").Single();
        Assert.Contains("Practitioner/doctor", queued.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("insurer")]
    [InlineData("patient")]
    [InlineData("administrator")]
    [InlineData("emergency-suspended")]
    public async Task Only_practitioners_who_may_break_the_glass(string requester) =>
        await RefusedAsync(CallAsync(requester, "$break-glass", For("patient"), Emergency), HttpStatusCode.Forbidden, "forbidden");

    [Theory]
    [InlineData("")]
    [InlineData("urgent")]
    [InlineData("1234567890 .,;-_ 1234567890")]
    [InlineData("two lines of\\nreasons for it")]
    public async Task A_reason_is_needed_that_one_can_read(string reason) =>
        await RefusedAsync(CallAsync("emergency", "$break-glass", For("patient"), $"\"name\":\"reason\",\"valueString\":\"{reason}\""), HttpStatusCode.BadRequest);

    [Fact]
    public async Task Nobody_breaks_it_all_the_time()
    {
        for (int i = 0; i < 10; i++)
        {
            await RefusedAsync(CallAsync("hasty", "$break-glass", For("unknown"), Emergency), HttpStatusCode.NotFound);
        }

        await RefusedAsync(CallAsync("hasty", "$break-glass", For("patient"), Emergency), HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_made_up_token_is_none()
    {
        string token = await BreakAsync("emergency", "patient");

        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("Patient/patient", With(token[..^1] + (token[^1] == 'A' ? 'B' : 'A')))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("Patient/patient", ("Authorization", "DPoP " + token))).Status);
    }

    /// <summary>After its time, and as soon as the account may no more, the token is good for nothing.</summary>
    [Fact]
    public async Task A_token_ends_with_its_time_and_with_the_account()
    {
        var clock = new SteppedClock();
        using var state = SmartState.InMemory(new SmartStateOptions(), clock);
        await state.AddAccountAsync(new Account { Id = "a", Name = "a", Role = Role.Practitioner, MayBreakGlass = true });
        var tokens = new EmergencyTokens(clock, state);
        var requester = new Requester("a", new ClosedScope("a")) { Role = Role.Practitioner, Account = "a", BreakGlass = new BreakGlassDeclaration("Because of that.", clock.GetUtcNow().AddMinutes(15)) };
        var decisions = _server.Server.Part<AccessDecisions>();
        (string token, TokenRights rights) = tokens.Issue(_ => decisions.OfOperator(requester, Role.Practitioner, ScopeSet.None))!.Value;

        Assert.Null(tokens.Find(token));
        tokens.Admit(token, rights);
        Assert.NotNull(tokens.Find(token));
        clock.Step(TimeSpan.FromMinutes(15) - TimeSpan.FromTicks(1));
        Assert.NotNull(tokens.Find(token));
        _ = await state.ChangeAccountAsync("a", account => account with { MayBreakGlass = false });
        Assert.Null(tokens.Find(token));
        _ = await state.ChangeAccountAsync("a", account => account with { MayBreakGlass = true });
        Assert.NotNull(tokens.Find(token));
        clock.Step(TimeSpan.FromTicks(1));
        Assert.Null(tokens.Find(token));
    }

    [Fact]
    public async Task A_token_ends_with_the_app_that_asked_for_it()
    {
        var clock = new SteppedClock();
        using var state = SmartState.InMemory(new SmartStateOptions(), clock);
        await state.AddAccountAsync(new Account { Id = "a", Name = "a", Role = Role.Practitioner, MayBreakGlass = true });
        Client app = (await state.RegisterAsync(new Client { Id = "app", Name = "app", Kind = ClientKind.Public })).Value;
        var tokens = new EmergencyTokens(clock, state);
        var grant = new AccessGrant { TokenName = "t", Client = app.Id, Role = Role.Practitioner, Account = "a", Scopes = ScopeSet.None, Expires = clock.GetUtcNow().AddMinutes(5) };
        var requester = new Requester("app", new ClosedScope("a")) { Role = Role.Practitioner, Account = "a", Grant = grant, BreakGlass = new BreakGlassDeclaration("Because of that.", clock.GetUtcNow().AddMinutes(15)) };
        (string token, TokenRights rights) = tokens.Issue(_ => _server.Server.Part<AccessDecisions>().OfOperator(requester, Role.Practitioner, ScopeSet.None))!.Value;
        tokens.Admit(token, rights);

        // It outlives the token by which it was got.
        clock.Step(TimeSpan.FromMinutes(10));
        Assert.NotNull(tokens.Find(token));
        Assert.True(await state.RemoveClientAsync(app.Id));
        Assert.Null(tokens.Find(token));
    }

    private sealed class SteppedClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Step(TimeSpan time) => _now += time;
    }
}
