using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthChain.Smart.Http;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Jose;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What the server answered.</summary>
internal sealed record Answer(int Status, JsonElement Json, HttpResponseHeaders Headers)
{
    public string? Error => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("error", out JsonElement error) ? error.GetString() : null;

    public string Text(string name) => Json.GetProperty(name).GetString()!;
}

/// <summary>A server seen by clients alone: codes come without pages, and forms are sent as they are.</summary>
internal sealed class SmartTestServer : IAsyncDisposable
{
    public const string Redirect = "https://app.example/cb";
    public const string RegistrationToken = "let-me-register";

    private readonly SmartSite _site;
    private readonly string? _cookie;
    private readonly HttpClient _client;

    private SmartTestServer(SmartSite site, Account patient, string? cookie)
    {
        _site = site;
        _cookie = cookie;
        Patient = patient;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = site.Address };
    }

    /// <summary>Who gives the codes.</summary>
    public Account Patient { get; }

    public SmartState State => _site.State;

    public MadeUpHost Host => _site.Host;

    public TestClock Clock => _site.Clock;

    public string Origin => _site.Address.GetLeftPart(UriPartial.Authority);

    public string TokenUrl => Origin + Issuer.TokenPath;

    /// <summary>With guarded registration, and room for many failures.</summary>
    public static SmartOptions Options { get; } = new()
    {
        Registration = RegistrationMode.Guarded,
        RegistrationToken = RegistrationToken,
        MayFetchFromLoopback = true,
        FailuresOfAddress = 10_000,
        RegistrationsOfAddress = 10_000,
    };

    public static async Task<SmartTestServer> StartAsync(SmartOptions? options = null)
    {
        SmartSite site = await SmartSite.StartAsync(options ?? Options);
        Account patient = site.State.FindAccountByName("ada")!;
        return new SmartTestServer(site, patient, await site.State.StartSessionAsync(patient.Id, ["pwd"]));
    }

    public async Task<Client> AddClientAsync(ClientKind kind, string grants = "authorization_code refresh_token", string scopes = "openid fhirUser launch/patient offline_access patient/*.rs system/*.rs", string? secret = null, string? jwks = null)
    {
        var client = new Client
        {
            Id = Secrets.NewId(),
            Kind = kind,
            Name = "Test",
            GrantTypes = grants.Split(' '),
            RedirectUris = grants.Contains("authorization_code", StringComparison.Ordinal) ? [Redirect] : [],
            AllowedScopes = scopes,
            SecretHash = secret is null ? null : Secrets.Hash(secret),
            Jwks = jwks,
            Organisation = "Organization/1",
        };
        return (await State.RegisterAsync(client)).Value;
    }

    /// <summary>A code as the pages give it when the patient says yes.</summary>
    public async Task<string> CodeAsync(Client client, string verifier, string scopes = "openid fhirUser launch/patient offline_access patient/*.rs", string? key = null) => (await State.IssueCodeAsync(new CodeRequest
    {
        Client = client.Id,
        Account = Patient.Id,
        RedirectUri = Redirect,
        CodeChallenge = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
        Scopes = ScopeSet.Parse(scopes),
        Authenticated = Clock.Now,
        Session = _cookie,
        Launch = new LaunchContext { Patient = "ada" },
        Nonce = "n",
        KeyThumbprint = key,
    })).Value;

    public Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) => SendAsync(HttpMethod.Post, path, Form(form));

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, string? authorization = null, params string[] proofs)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        foreach (string proof in proofs)
        {
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        }

        using HttpResponseMessage response = await _client.SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        bool isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new Answer((int)response.StatusCode, isJson ? JsonElement.Parse(body) : default, response.Headers);
    }

    public static FormUrlEncodedContent Form(params (string Name, string Value)[] form) => new(form.Select(one => KeyValuePair.Create(one.Name, one.Value)));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _site.DisposeAsync();
    }
}
