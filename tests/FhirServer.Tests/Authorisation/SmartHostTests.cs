using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Authorisation;

/// <summary>What the pages of the authorisation server show of patients, and which pages of others may call the FHIR server.</summary>
public sealed class SmartHostTests : IAsyncLifetime
{
    private const string AdministratorToken = "administrator-of-these-tests";
    private const string AuditorToken = "auditor-of-these-tests";
    private const string Origin = "https://app.example.org";

    private readonly ServerFactory _server = new()
    {
        Settings =
        {
            ["HealthChain:Development"] = "false",
            ["HealthChain:Consent:Policy"] = "https://profiles.ihe.net/ITI/PCF/Policy-all-normal",
            ["HealthChain:Tokens:0:Token"] = AdministratorToken,
            ["HealthChain:Tokens:0:Name"] = "administrator",
            ["HealthChain:Tokens:0:Role"] = "administrator",
            ["HealthChain:Tokens:1:Token"] = AuditorToken,
            ["HealthChain:Tokens:1:Name"] = "auditor",
            ["HealthChain:Tokens:1:Role"] = "auditor",
        },
    };

    private HttpClient _client = new();
    private string _ada = "";
    private string _alan = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Person Doctor { get; } = new("grace", Role.Practitioner, "Practitioner/grace", "Organization/clinic");

    private Person Ada => new("ada", Role.Patient, "Patient/" + _ada, null);

    private ISmartHost Host => _server.Services.GetRequiredService<ISmartHost>();

    private SmartState State => _server.Services.GetRequiredService<SmartState>();

    public async ValueTask InitializeAsync()
    {
        _client = _server.CreateClient();
        await SendAsync(AdministratorToken, HttpMethod.Put, "Organization/clinic", """{"resourceType":"Organization","id":"clinic","name":"The clinic"}""");
        await SendAsync(AdministratorToken, HttpMethod.Put, "Organization/unknown", """{"resourceType":"Organization","id":"unknown","name":"Another clinic"}""");
        await SendAsync(AdministratorToken, HttpMethod.Post, "Organization/clinic/$verify", """{"resourceType":"Parameters"}""");
        await State.RegisterAsync(new Client
        {
            Id = "clinic",
            Kind = ClientKind.ConfidentialAsymmetric,
            Name = "The clinic",
            GrantTypes = ["client_credentials"],
            Origins = [Origin],
            AllowedScopes = "system/*.cruds",
            Organisation = "Organization/clinic",
        });
        string token = (await State.IssueForSystemAsync(new SystemRequest("clinic", ScopeSet.Parse("system/*.cruds")))).Value.AccessToken;
        _ada = (string)(await SendAsync(token, HttpMethod.Post, "Patient", """{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"4711"}],"name":[{"family":"Lovelace","given":["Ada"]}],"birthDate":"1815-12-10","gender":"female"}"""))["id"]!;
        _alan = (string)(await SendAsync(token, HttpMethod.Post, "Patient", """{"resourceType":"Patient","name":[{"text":"Alan M. Turing","family":"Turing"}]}"""))["id"]!;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_user_chooses_among_patients_whom_the_user_may_see()
    {
        Assert.Equal([new PatientChoice(_ada, "Ada Lovelace", "1815-12-10", "female")], await FindAsync(Doctor, "lovelace"));
        Assert.Equal([new PatientChoice(_ada, "Ada Lovelace", "1815-12-10", "female")], await FindAsync(Doctor, "urn:mrn|4711"));
        Assert.Equal(new PatientChoice(_alan, "Alan M. Turing", null, null), await Host.FindPatientAsync(Doctor, _alan, Cancel));
        Assert.Equal(2, (await FindAsync(Doctor, " ")).Count);
        Assert.Empty(await FindAsync(Doctor, "babbage"));

        Assert.Equal(_ada, Assert.Single(await FindAsync(Ada, "")).Id);
        Assert.Null(await Host.FindPatientAsync(Ada, _alan, Cancel));
        foreach (Person other in new[]
        {
            Doctor with { Organisation = "Organization/unknown" },
            Doctor with { Organisation = null },
            Doctor with { Role = Role.Administrator },
            Doctor with { Role = Role.Analyst },
            Ada with { FhirUser = null },
            Ada with { FhirUser = "Practitioner/" + _ada },
        })
        {
            Assert.Empty(await FindAsync(other, ""));
            Assert.Null(await Host.FindPatientAsync(other, _ada, Cancel));
        }

        await SendAsync(AdministratorToken, HttpMethod.Post, "Organization/clinic/$suspend", """{"resourceType":"Parameters"}""");
        Assert.Empty(await FindAsync(Doctor, "lovelace"));
        Assert.Null(await Host.FindPatientAsync(Doctor, _ada, Cancel));
    }

    [Fact]
    public async Task What_is_no_id_of_a_patient_is_nobody()
    {
        foreach (string id in new[] { "", "nobody", _ada + "/_history/1", _ada + "/$everything", _ada + "?_elements=id", "../Patient/" + _ada, "$everything" })
        {
            Assert.Null(await Host.FindPatientAsync(Doctor, id, Cancel));
        }
    }

    [Fact]
    public async Task Who_was_shown_among_whom_one_chooses_is_on_record()
    {
        int before = await RecordsAsync();

        await FindAsync(Doctor, "lovelace");
        await Host.FindPatientAsync(Doctor, _ada, Cancel);

        Assert.Equal(before + 2, await RecordsAsync());
    }

    [Fact]
    public async Task Pages_of_registered_apps_may_call_the_FHIR_server_and_any_may_learn_what_it_can_do()
    {
        Assert.Equal((Origin, HttpStatusCode.Unauthorized), await AskFromAsync(HttpMethod.Get, "Patient", Origin));
        Assert.Equal((Origin, HttpStatusCode.NoContent), await AskFromAsync(HttpMethod.Options, "Patient", Origin));
        foreach (string other in new[] { "https://evil.example", "null", Origin + ".evil.example", "http://app.example.org" })
        {
            Assert.Equal((null, HttpStatusCode.Unauthorized), await AskFromAsync(HttpMethod.Get, "Patient", other));
            Assert.Null((await AskFromAsync(HttpMethod.Options, "Patient", other)).Allowed);
            Assert.Equal(("*", HttpStatusCode.OK), await AskFromAsync(HttpMethod.Get, "metadata", other));
            Assert.Equal(("*", HttpStatusCode.OK), await AskFromAsync(HttpMethod.Get, ".well-known/smart-configuration", other));
        }

        // https://hl7.org/fhir/smart-app-launch/conformance.html: in JSON, whatever is asked for.
        foreach (string accept in new[] { "text/html", "application/fhir+xml", "image/png;q=0.1" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/.well-known/smart-configuration");
            request.Headers.TryAddWithoutValidation("Accept", accept);
            using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
            Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        }
    }

    private ValueTask<IReadOnlyList<PatientChoice>> FindAsync(Person user, string text) => Host.FindPatientsAsync(user, text, Cancel);

    private async Task<int> RecordsAsync() => (int)(await SendAsync(AuditorToken, HttpMethod.Get, $"AuditEvent?patient=Patient/{_ada}&agent=Practitioner/grace", null))["total"]!;

    private async Task<(string? Allowed, HttpStatusCode Status)> AskFromAsync(HttpMethod method, string path, string origin)
    {
        using var request = new HttpRequestMessage(method, "/fhir/" + path);
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "GET");
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
        return (answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed) ? Assert.Single(allowed) : null, answer.StatusCode);
    }

    private async Task<JsonNode> SendAsync(string token, HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, "/fhir/" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage answer = await _client.SendAsync(request, Cancel);
        string body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {body}");
        return JsonNode.Parse(body)!;
    }
}
