using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Consent;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Xunit;

namespace HealthChain.Http.Tests.Access;

/// <summary>A server with two of everything: an instance of each type for patient a and insurer a, and one for patient b and insurer b.</summary>
public sealed class MatrixServer : IAsyncLifetime
{
    /// <summary>Stands in what belongs to an owner, and nowhere else; in no request either.</summary>
    public static string SecretOf(string owner) => "urn:secret-of-" + owner;

    /// <summary>An app that a practitioner opened with patient a in context: its token is none of the operator's.</summary>
    public const string ChartApp = "chart-app-with-a";

    private static readonly ServerOptions Options = new()
    {
        Validation = ValidationLevel.Structure,
        ConsentPolicy = ImplicitPolicy.AllNormal.Uri,
        Tokens =
        [
            new TokenOptions { Token = TokenOf("operator"), Name = "operator" },
            Token("patient-a", Role.Patient) with { FhirUser = "Patient/patient-a" },
            Token("relative-of-a", Role.RelatedPerson) with { FhirUser = "RelatedPerson/relatedperson-a" },
            Token("app-of-a", Role.Patient) with { FhirUser = "Patient/patient-a", Scopes = "launch/patient patient/Observation.rs" },
            Token("laboratory-app-of-a", Role.Patient) with { FhirUser = "Patient/patient-a", Scopes = "patient/Observation.rs?category=laboratory" },
            Token("practitioner", Role.Practitioner) with { FhirUser = "Practitioner/practitioner-a", Organisation = "Organization/organization-a" },
            Token("practitioner-suspended", Role.Practitioner) with { Organisation = "Organization/suspended" },
            Token("backend", Role.Backend) with { Organisation = "Organization/organization-a", Scopes = "system/*.cruds" },
            Token("reading-backend", Role.Backend) with { Organisation = "Organization/organization-a", Scopes = "system/*.rs" },
            Token("insurer-a", Role.Insurer) with { Organisation = "Organization/insurer-a" },
            Token("analyst", Role.Analyst),
            Token("researcher", Role.Researcher),
            Token("auditor", Role.Auditor),
            Token("administrator", Role.Administrator),
        ],
    };

    private readonly SmartState _state = SmartState.InMemory(new SmartStateOptions { AccessTokenLifetime = TimeSpan.FromHours(1) }, TimeProvider.System);
    private readonly FhirServerFixture _server;

    private readonly Dictionary<string, HttpClient> _clients = [];
    private string _chartToken = "";

    public MatrixServer() => _server = new FhirServerFixture(Options) { Smart = _state };

    public static IReadOnlyList<string> Types { get; } = [.. ResourceTypes.All.Select(type => type.Name)];

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        foreach (string owner in new[] { "a", "b" })
        {
            foreach (string type in Types)
            {
                await _server.StoreAsync(type, IdOf(type, owner), InstanceOf(type, owner));
            }
        }

        // By the front door, so that the directory of organisations hears of it.
        await SendAsync("operator", HttpMethod.Put, "Organization/suspended", """{"resourceType":"Organization","id":"suspended","active":true}""");
        await SendAsync("operator", HttpMethod.Put, "VerificationResult/suspension", """
            {"resourceType":"VerificationResult","id":"suspension","target":[{"reference":"Organization/suspended"}],"status":"val-fail"}
            """);
        await SendAsync("operator", HttpMethod.Put, "Organization/clinic", """{"resourceType":"Organization","id":"clinic","active":true}""");
        await SendAsync("operator", HttpMethod.Put, "VerificationResult/validation", """
            {"resourceType":"VerificationResult","id":"validation","target":[{"reference":"Organization/clinic"}],"status":"validated"}
            """);
        _chartToken = await OpenChartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients.Values)
        {
            client.Dispose();
        }

        await _server.DisposeAsync();
        _state.Dispose();
    }

    public static string IdOf(string type, string owner) => $"{type.ToLowerInvariant()}-{owner}";

    public static string InstanceOf(string type, string owner, string? id = null)
    {
        string elements = MatrixTypes.ElementsOf(type, $"Patient/patient-{owner}", $"Organization/insurer-{owner}");
        return $$"""
            {"resourceType":"{{type}}","id":"{{id ?? IdOf(type, owner)}}","meta":{"source":"{{SecretOf(owner)}}"},"language":"en"{{(elements.Length == 0 ? "" : "," + elements)}}}
            """;
    }

    internal async Task<MatrixAnswer> SendAsync(string requester, HttpMethod method, string url, string? body = null, string? mediaType = null, params (string Name, string Value)[] headers)
    {
        HttpClient client;
        lock (_clients)
        {
            if (!_clients.TryGetValue(requester, out client!))
            {
                client = new HttpClient { BaseAddress = _server.Base };
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", requester == ChartApp ? _chartToken : TokenOf(requester));
                client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/fhir+json"));
                _clients.Add(requester, client);
            }
        }

        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, mediaType ?? "application/fhir+json");
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        return new MatrixAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.WwwAuthenticate.ToString());
    }

    private async Task<string> OpenChartAsync()
    {
        const string back = "https://chart.example/back";
        const string verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";
        ScopeSet scopes = ScopeSet.Parse("launch patient/*.cruds");
        await _state.RegisterAsync(new Client { Id = ChartApp, Kind = ClientKind.Public, Name = "Chart", RedirectUris = [back], AllowedScopes = scopes.Text });
        await _state.AddAccountAsync(new Account { Id = "grace", Name = "grace", Role = Role.Practitioner, FhirUser = "Practitioner/practitioner-a", Organisation = "Organization/clinic" });
        OAuthResult<string> code = await _state.IssueCodeAsync(new CodeRequest
        {
            Client = ChartApp,
            Account = "grace",
            RedirectUri = back,
            CodeChallenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            Scopes = scopes,
            Authenticated = DateTimeOffset.UnixEpoch,
            Launch = new LaunchContext { Patient = "patient-a" },
        });
        return (await _state.RedeemCodeAsync(new CodeRedemption(ChartApp, code.Value, back, verifier))).Value.AccessToken;
    }

    private static string TokenOf(string name) => $"a-fixed-token-of-{name}";

    private static TokenOptions Token(string name, Role role) => new() { Token = TokenOf(name), Name = name, Role = role };
}

internal sealed record MatrixAnswer(int Status, string Body, string Challenge);
