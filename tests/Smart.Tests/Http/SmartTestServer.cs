using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Accounts.Passwords;
using HealthChain.Smart.Http;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.Tests.Jose;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HealthChain.Smart.Tests.Http;

/// <summary>What the server answered.</summary>
internal sealed record Answer(int Status, JsonElement Json, HttpResponseHeaders Headers)
{
    public string? Error => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("error", out JsonElement error) ? error.GetString() : null;

    public string Text(string name) => Json.GetProperty(name).GetString()!;
}

/// <summary>The authorisation server on a port of this machine, with its state in memory and a clock of ours. A patient and a practitioner can log in.</summary>
internal sealed class SmartTestServer : IAsyncDisposable
{
    public const string Password = "correct horse battery staple";
    public const string Redirect = "https://app.example/cb";
    public const string RegistrationToken = "let-me-register";

    private readonly WebApplication _app;
    private readonly SmartServer _server;
    private readonly AccountBook _book;
    private readonly string _folder;
    private readonly string? _cookie;

    private SmartTestServer(WebApplication app, SmartServer server, SmartState state, AccountBook book, RememberingHost host, TestClock clock, string folder, Account patient, string? cookie)
    {
        _app = app;
        _server = server;
        _book = book;
        _folder = folder;
        _cookie = cookie;
        State = state;
        Host = host;
        Clock = clock;
        Patient = patient;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(Origin) };
    }

    public HttpClient Client { get; }

    public SmartState State { get; }

    public RememberingHost Host { get; }

    public TestClock Clock { get; }

    /// <summary>Account of Patient/1.</summary>
    public Account Patient { get; }

    public string Origin => _app.Urls.First();

    public string TokenUrl => Origin + Issuer.TokenPath;

    public static async Task<SmartTestServer> StartAsync(Func<SmartOptions, SmartOptions>? change = null, TimeProvider? time = null)
    {
        var clock = new TestClock { Now = TimeProvider.System.GetUtcNow() };
        TimeProvider used = time ?? clock;
        SmartOptions plain = new() { Registration = RegistrationMode.Guarded, RegistrationToken = RegistrationToken, MayFetchFromLoopback = true, FailuresOfAddress = 10_000, RegistrationsOfAddress = 10_000 };
        SmartOptions options = change is null ? plain : change(plain);
        string folder = Path.Combine(Path.GetTempPath(), "healthchain-smart-" + Path.GetRandomFileName());
        SmartState state = SmartState.InMemory(options.State, used);
        var book = new AccountBook(state, new PasswordOptions { HashKibiBytes = 8 << 10, HashPasses = 1 }, used);
        Account patient = (await book.CreateAsync(new NewAccount("ada", Role.Patient) { FhirUser = "Patient/1", Password = Password }, CancellationToken.None)).Value.Account;
        _ = (await book.CreateAsync(new NewAccount("meyer", Role.Practitioner) { FhirUser = "Practitioner/7", Organisation = "Organization/1", Password = Password }, CancellationToken.None)).Value;
        var host = new RememberingHost();
        var server = new SmartServer(new SmartParts(options, state, book, SigningKeys.Open(new SigningKeyOptions { Folder = folder }, used), host, null, RandomNumberGenerator.GetBytes(32), used));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        server.Map(app, "/fhir", (context, next) => next(context));
        app.Map("/fhir", branch => branch.Run(context => AnswerFhirAsync(context, state)));
        await app.StartAsync();
        return new SmartTestServer(app, server, state, book, host, clock, folder, patient, await state.StartSessionAsync(patient.Id, ["pwd"]));
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
        Launch = new LaunchContext { Patient = "1" },
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

        using HttpResponseMessage response = await Client.SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        bool isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new Answer((int)response.StatusCode, isJson ? JsonElement.Parse(body) : default, response.Headers);
    }

    public static FormUrlEncodedContent Form(params (string Name, string Value)[] form) => new(form.Select(one => KeyValuePair.Create(one.Name, one.Value)));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _server.Dispose();
        _book.Dispose();
        State.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Stands for the FHIR server: anything is there for whoever has a token.</summary>
    private static async Task AnswerFhirAsync(HttpContext context, SmartState state)
    {
        string[] words = context.Request.Headers.Authorization.ToString().Split(' ');
        AccessGrant? grant = words.Length == 2 ? state.FindToken(words[1]) : null;
        bool isBound = grant?.KeyThumbprint is not null;
        var proofs = new DpopProofs((_, _, _, _) => ValueTask.FromResult(true), null, TimeProvider.System);
        var url = new Uri($"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}{context.Request.Path}");
        bool isProved = !isBound || await proofs.VerifyAsync(context.Request.Headers["DPoP"].ToString(), context.Request.Method, url, words[1], context.RequestAborted) is { IsOk: true, Value: var key } && key == grant!.KeyThumbprint;
        context.Response.StatusCode = grant is not null && isProved && words[0] == (isBound ? "DPoP" : "Bearer") ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized;
        if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }
    }
}
