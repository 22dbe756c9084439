using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Organisations;

/// <summary>Patients, practitioners and their roles come in through verified organisations only, at each moment, whatever token is brought.</summary>
public sealed class OrganisationGateTests : IAsyncLifetime
{
    private const string AdministratorToken = "administrator-of-these-tests";
    private const string PractitionerToken = "practitioner-of-these-tests";

    private static readonly string[] Guarded = ["Patient", "Practitioner", "PractitionerRole"];

    private readonly ServerFactory _server = new()
    {
        Settings =
        {
            ["HealthChain:Development"] = "false",
            ["HealthChain:Consent:Policy"] = "https://profiles.ihe.net/ITI/PCF/Policy-all-normal",
            ["HealthChain:Smart:PasswordHashMemory"] = "64 KB",
            ["HealthChain:Smart:PasswordHashPasses"] = "1",
            ["HealthChain:Tokens:0:Token"] = AdministratorToken,
            ["HealthChain:Tokens:0:Name"] = "administrator",
            ["HealthChain:Tokens:0:Role"] = "administrator",
            ["HealthChain:Tokens:0:FhirUser"] = "Practitioner/registrar",
            ["HealthChain:Tokens:1:Token"] = PractitionerToken,
            ["HealthChain:Tokens:1:Name"] = "practitioner",
            ["HealthChain:Tokens:1:Role"] = "practitioner",
            ["HealthChain:Tokens:1:Organisation"] = "Organization/a",
        },
    };

    private readonly Dictionary<string, string> _tokens = [];
    private HttpClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SmartState State => _server.Services.GetRequiredService<SmartState>();

    public async ValueTask InitializeAsync()
    {
        _client = _server.CreateClient();
        foreach (string id in new[] { "a", "b", "c" })
        {
            await SendAsync(AdministratorToken, HttpMethod.Put, $"Organization/{id}", $$"""{"resourceType":"Organization","id":"{{id}}","name":"Hospital {{id}}"}""", HttpStatusCode.Created);
            _tokens[id] = await TokenAsync(id);
        }

        await DeclareAsync("a", "verify");
        await DeclareAsync("b", "verify");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_suspension_ends_what_tokens_issued_before_it_give_and_others_go_on()
    {
        string patient = await CreateAsync("a", "Patient", HttpStatusCode.Created);
        await CreateAsync("a", "Practitioner", HttpStatusCode.Created);
        await CreateAsync("a", "PractitionerRole", HttpStatusCode.Created);
        await SendAsync(_tokens["a"], HttpMethod.Get, patient, null, HttpStatusCode.OK);

        await DeclareAsync("a", "suspend");

        foreach (string type in Guarded)
        {
            await RefuseAsync(_tokens["a"], HttpMethod.Post, type, Resource(type));
            await CreateAsync("b", type, HttpStatusCode.Created);
        }

        await RefuseAsync(_tokens["a"], HttpMethod.Get, patient, null);
        await RefuseAsync(_tokens["a"], HttpMethod.Put, "Patient/made-by-put", Resource("Patient", "made-by-put"));
        await RefuseAsync(_tokens["a"], HttpMethod.Put, "Patient?identifier=x|1", Resource("Patient"));
        await RefuseAsync(_tokens["a"], HttpMethod.Delete, patient, null);
        await RefuseAsync(_tokens["a"], HttpMethod.Post, "", Bundle("transaction", "Patient"));
        JsonNode batch = await SendAsync(_tokens["a"], HttpMethod.Post, "", Bundle("batch", "Patient"), HttpStatusCode.OK);
        Assert.StartsWith("403", (string)batch["entry"]![0]!["response"]!["status"]!);
        Assert.Equal(2, await CountAsync("Patient"));

        await DeclareAsync("a", "verify");
        await CreateAsync("a", "Patient", HttpStatusCode.Created);
    }

    [Fact]
    public async Task Who_was_never_verified_or_whose_time_is_over_adds_nobody()
    {
        foreach (string type in Guarded)
        {
            await RefuseAsync(_tokens["c"], HttpMethod.Post, type, Resource(type));
        }

        await DeclareAsync("c", "verify", """{"name":"until","valueDate":"2001-01-01"}""");
        await RefuseAsync(_tokens["c"], HttpMethod.Post, "Patient", Resource("Patient"));

        await DeclareAsync("c", "verify", """{"name":"until","valueDate":"2099-01-01"}""", """{"name":"process","valueString":"Letter of the ministry"}""");
        await CreateAsync("c", "Patient", HttpStatusCode.Created);
    }

    [Fact]
    public async Task Only_administrators_declare_and_they_add_no_patients()
    {
        foreach (string token in new[] { _tokens["a"], PractitionerToken })
        {
            await RefuseAsync(token, HttpMethod.Post, "VerificationResult", """{"resourceType":"VerificationResult","status":"validated","target":[{"reference":"Organization/c"}]}""");
            await RefuseAsync(token, HttpMethod.Post, "Organization", """{"resourceType":"Organization","name":"Mine"}""");
            await RefuseAsync(token, HttpMethod.Put, "Organization/c", """{"resourceType":"Organization","id":"c","name":"Mine","partOf":{"reference":"Organization/a"}}""");
            await RefuseAsync(token, HttpMethod.Post, "Organization/c/$verify", "{\"resourceType\":\"Parameters\"}");
            await RefuseAsync(token, HttpMethod.Post, "Organization/b/$suspend", "{\"resourceType\":\"Parameters\"}");
        }

        await RefuseAsync(AdministratorToken, HttpMethod.Post, "Patient", Resource("Patient"));
        await RefuseAsync(_tokens["c"], HttpMethod.Post, "Patient", Resource("Patient"));
        await CreateAsync("b", "Patient", HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_declaration_is_a_VerificationResult_that_says_who_and_when()
    {
        JsonNode suspended = await DeclareAsync("b", "suspend", """{"name":"reason","valueString":"Licence lost"}""");

        Assert.Equal(("VerificationResult", "reval-fail", "Organization/b", "Practitioner/registrar", "Licence lost"), (
            (string)suspended["resourceType"]!,
            (string)suspended["status"]!,
            (string)suspended["target"]![0]!["reference"]!,
            (string)suspended["attestation"]!["who"]!["reference"]!,
            (string)suspended["validationProcess"]![0]!["text"]!));
        await SendAsync(AdministratorToken, HttpMethod.Post, "Organization/nobody/$verify", "{\"resourceType\":\"Parameters\"}", HttpStatusCode.NotFound);
        await SendAsync(AdministratorToken, HttpMethod.Post, "Organization/b/$verify", """{"resourceType":"Parameters","parameter":[{"name":"until","valueDate":"soon"}]}""", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Erasing_a_patient_erases_the_account_and_that_of_the_related_person()
    {
        string patient = await CreateAsync("b", "Patient", HttpStatusCode.Created);
        JsonNode related = await SendAsync(_tokens["b"], HttpMethod.Post, "RelatedPerson", $$$"""{"resourceType":"RelatedPerson","patient":{"reference":"{{{patient}}}"}}""", HttpStatusCode.Created);
        var accounts = _server.Services.GetRequiredService<AccountBook>();
        int before = State.Accounts.Count;
        foreach (NewAccount account in new[]
        {
            new NewAccount("patient", Role.Patient) { FhirUser = patient },
            new NewAccount("wife", Role.RelatedPerson) { FhirUser = $"RelatedPerson/{related["id"]}" },
            new NewAccount("doctor", Role.Practitioner) { FhirUser = "Practitioner/7", Organisation = "Organization/b" },
        })
        {
            Assert.True((await accounts.CreateAsync(account, Cancel)).IsOk);
        }

        await SendAsync(AdministratorToken, HttpMethod.Post, patient + "/$erase", """{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"asked for it"}]}""", HttpStatusCode.OK);

        Assert.Null(State.FindAccountByName("patient"));
        Assert.Null(State.FindAccountByName("wife"));
        Assert.Equal(before + 1, State.Accounts.Count);
    }

    private static string Resource(string type, string? id = null) => type switch
    {
        "PractitionerRole" => """{"resourceType":"PractitionerRole","active":true}""",
        _ => $$$"""{"resourceType":"{{{type}}}"{{{(id is null ? "" : $",\"id\":\"{id}\"")}}},"identifier":[{"system":"x","value":"1"}]}""",
    };

    private static string Bundle(string kind, string type) => new JsonObject
    {
        ["resourceType"] = "Bundle",
        ["type"] = kind,
        ["entry"] = new JsonArray(new JsonObject { ["resource"] = JsonNode.Parse(Resource(type)), ["request"] = new JsonObject { ["method"] = "POST", ["url"] = type } }),
    }.ToJsonString();

    private async Task<string> TokenAsync(string organisation)
    {
        var client = new Client
        {
            Id = "system-" + organisation,
            Name = "System of " + organisation,
            Kind = ClientKind.ConfidentialAsymmetric,
            GrantTypes = ["client_credentials"],
            AllowedScopes = "system/*.cruds",
            JwksUri = "https://system.example.org/jwks",
            Organisation = "Organization/" + organisation,
        };
        Assert.True((await State.RegisterAsync(client)).IsOk);
        return (await State.IssueForSystemAsync(new SystemRequest(client.Id, ScopeSet.Parse("system/*.cruds")))).Value.AccessToken;
    }

    private Task<JsonNode> DeclareAsync(string organisation, string operation, params string[] parameters) => SendAsync(
        AdministratorToken, HttpMethod.Post, $"Organization/{organisation}/${operation}", $$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', parameters)}}]}""".Replace(",\"parameter\":[]", "", StringComparison.Ordinal), HttpStatusCode.Created);

    private async Task<string> CreateAsync(string organisation, string type, HttpStatusCode expected) =>
        $"{type}/{(string?)(await SendAsync(_tokens[organisation], HttpMethod.Post, type, Resource(type), expected))["id"]}";

    private async Task<int> CountAsync(string type) => (int)(await SendAsync(_tokens["b"], HttpMethod.Get, type + "?_summary=count", null, HttpStatusCode.OK))["total"]!;

    /// <summary>Refused as such, or because what it is about does not exist for the requester.</summary>
    private async Task RefuseAsync(string token, HttpMethod method, string path, string? json)
    {
        using HttpResponseMessage answer = await AskAsync(token, method, path, json);
        Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancel)}");
    }

    private async Task<JsonNode> SendAsync(string token, HttpMethod method, string path, string? json, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await AskAsync(token, method, path, json);
        string body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {body}");
        return body.Length == 0 ? new JsonObject() : JsonNode.Parse(body)!;
    }

    private async Task<HttpResponseMessage> AskAsync(string token, HttpMethod method, string path, string? json)
    {
        using var request = new HttpRequestMessage(method, "/fhir/" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/fhir+json");
        return await _client.SendAsync(request, Cancel);
    }
}
