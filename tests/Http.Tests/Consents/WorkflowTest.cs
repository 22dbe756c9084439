using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using HealthChain.Http.Tests.Operations;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>A server with patients, and people of several organisations who want something of them.</summary>
public sealed class WorkflowServer : IAsyncLifetime
{
    public const string Hospital = "Organization/hospital";
    public const string Ward = "Organization/ward";
    public const string Insurer = "Organization/insurer";

    public FhirServerFixture Server { get; } = new(new ServerOptions
    {
        Development = true,
        Tokens =
        [
            Token("patient", Role.Patient) with { FhirUser = "Patient/patient" },
            Token("reading-app", Role.Patient) with { FhirUser = "Patient/patient", Scopes = "patient/*.rs" },
            Token("other-patient", Role.Patient) with { FhirUser = "Patient/other" },
            Token("doctor", Role.Practitioner) with { FhirUser = "Practitioner/doctor", Organisation = Hospital, Purpose = "TREAT" },
            Token("colleague", Role.Practitioner) with { FhirUser = "Practitioner/colleague", Organisation = Hospital, Purpose = "TREAT" },
            Token("suspended", Role.Practitioner) with { FhirUser = "Practitioner/suspended", Organisation = "Organization/suspended" },
            Token("nobodys", Role.Practitioner) with { FhirUser = "Practitioner/nobodys" },
            Token("emergency", Role.Practitioner) with { FhirUser = "Practitioner/emergency", Organisation = "Organization/clinic", Purpose = "TREAT", MayBreakGlass = true },
            Token("hasty", Role.Practitioner) with { FhirUser = "Practitioner/hasty", Organisation = "Organization/clinic", MayBreakGlass = true },
            Token("emergency-suspended", Role.Practitioner) with { FhirUser = "Practitioner/suspended", Organisation = "Organization/suspended", MayBreakGlass = true },
            Token("auditor", Role.Auditor),
            Token("insurer", Role.Insurer) with { Organisation = Insurer },
            Token("guesser", Role.Insurer) with { Organisation = Insurer },
            Token("many-guesses", Role.Insurer) with { Organisation = Insurer },
            Token("eager", Role.Insurer) with { Organisation = "Organization/eager" },
            Token("researcher", Role.Researcher) with { FhirUser = "Practitioner/researcher", Organisation = "Organization/university" },
            Token("administrator", Role.Administrator),
        ],
    });

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        using var client = new HttpClient { BaseAddress = Server.Base };
        foreach (string resource in new[]
        {
            """{"resourceType":"Organization","id":"hospital","name":"Hospital"}""",
            """{"resourceType":"Organization","id":"ward","name":"Ward","partOf":{"reference":"Organization/hospital"}}""",
            """{"resourceType":"Organization","id":"suspended","name":"Suspended"}""",
            """{"resourceType":"VerificationResult","id":"suspension","target":[{"reference":"Organization/suspended"}],"status":"val-fail"}""",
            PatientOf("patient"),
            PatientOf("other"),
        })
        {
            JsonNode json = JsonNode.Parse(resource)!;
            using var content = new StringContent(resource, System.Text.Encoding.UTF8, "application/fhir+json");
            using HttpResponseMessage response = await client.PutAsync($"{json["resourceType"]}/{json["id"]}", content);
            response.EnsureSuccessStatusCode();
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    public static string TokenOf(string name) => $"a-fixed-token-of-{name}";

    public static string PatientOf(string id) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","birthDate":"1970-03-04","identifier":[{"system":"urn:numbers","value":"no-{{id}}"}]}""";

    private static TokenOptions Token(string name, Role role) => new() { Token = TokenOf(name), Name = name, Role = role };
}

/// <summary>What tests of the workflow share.</summary>
public abstract class WorkflowTest(WorkflowServer server) : OperationTest(server.Server)
{
    protected const string Known = "\"name\":\"identifier\",\"valueIdentifier\":{\"system\":\"urn:numbers\",\"value\":\"no-patient\"}";
    protected const string Born = "\"name\":\"birthDate\",\"valueDate\":\"1970-03-04\"";
    protected const string Until = "\"name\":\"period\",\"valuePeriod\":{\"end\":\"2099-12-31\"}";
    protected const string Treating = "\"name\":\"purpose\",\"valueCode\":\"TREAT\"";

    private static int _requests;

    /// <summary>Another each time: the same request twice is one.</summary>
    protected static string Reason => $"\"name\":\"reason\",\"valueString\":\"For treatment {Interlocked.Increment(ref _requests)}.\"";

    protected static string Code(string name, string code) => $"\"name\":\"{name}\",\"valueCode\":\"{code}\"";

    /// <summary>A request that anybody may make who may ask at all.</summary>
    protected static string[] Usual => [Reason, Known, Born, Until, Treating, Code("class", "Observation"), Code("class", "Condition")];

    protected static (string, string) As(string name) => ("Authorization", "Bearer " + WorkflowServer.TokenOf(name));

    protected Task<Answer> CallAsync(string requester, string path, params string[] parameters) => PostAsync(path, Parameters(parameters), As(requester));

    protected Task<Answer> CallAsync(string requester, string path, string ifMatch, string[] parameters) => PostAsync(path, Parameters(parameters), As(requester), ("If-Match", ifMatch));

    /// <summary>Asks for access and gives the Task and the reference to the proposed Consent.</summary>
    protected async Task<(JsonNode Task, string Consent)> AskAsync(string requester = "doctor", params string[] parameters)
    {
        Answer answer = await CallAsync(requester, "Patient/patient/$request-access", parameters.Length == 0 ? Usual : parameters);
        Assert.True(answer.Status == HttpStatusCode.Created, $"{(int)answer.Status} {answer.Body}");
        return (answer.Json, (string)answer.Json["focus"]!["reference"]!);
    }

    protected static string PathOf(JsonNode task, string operation) => $"Task/{task["id"]}/${operation}";

    /// <summary>A resource as it stands, whoever may see it.</summary>
    protected async Task<JsonNode> StandsAsync(string reference)
    {
        Answer answer = await GetAsync(reference);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{reference}: {(int)answer.Status} {answer.Body}");
        return answer.Json;
    }
}
