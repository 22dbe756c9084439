using System.Collections.Concurrent;
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
using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>An authorisation server on a free port of this machine, with a FHIR server behind it that is made up.</summary>
internal sealed class SmartSite : IAsyncDisposable
{
    public const string Password = "a long sentence of mine";
    public const string Callback = "http://127.0.0.1:4567/callback";
    public const string AppScopes = "openid fhirUser launch launch/patient launch/encounter offline_access online_access patient/*.cruds user/*.cruds";
    public const string Secret = "a-secret-that-nobody-else-knows-0123456789";

    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private readonly SmartServer _server;

    private SmartSite(WebApplication app, SmartServer server, DirectoryInfo folder)
    {
        _app = app;
        _server = server;
        _folder = folder;
    }

    public required TestClock Clock { get; init; }

    public required SmartState State { get; init; }

    public required AccountBook Accounts { get; init; }

    public required MadeUpHost Host { get; init; }

    public Uri Address => new(_app.Urls.Single());

    public string FhirBase => $"{Address.GetLeftPart(UriPartial.Authority)}/fhir";

    /// <summary>Starts it, with an app of each kind and an account in each of some roles.</summary>
    /// <param name="time">Null for a clock that stands.</param>
    public static async Task<SmartSite> StartAsync(SmartOptions? options = null, string? fhirBase = null, TimeProvider? time = null)
    {
        SmartOptions used = (options ?? new SmartOptions()) with { Passwords = new PasswordOptions { HashKibiBytes = 64, HashPasses = 1 } };
        var clock = new TestClock();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("healthchain");
        TimeProvider now = time ?? clock;
        SmartState state = SmartState.InMemory(used.State, now);
        var accounts = new AccountBook(state, used.Passwords, now);
        var host = new MadeUpHost();
        var keys = SigningKeys.Open(new SigningKeyOptions { Folder = folder.FullName }, now);
        var server = new SmartServer(new SmartParts(used, state, accounts, keys, host, fhirBase, new byte[32], now));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        server.Map(app, "/fhir", (context, next) => next(context));
        app.Map("/fhir", branch => branch.Run(context => AnswerFhirAsync(context, state)));
        await app.StartAsync(TestContext.Current.CancellationToken);
        var site = new SmartSite(app, server, folder) { Clock = clock, State = state, Accounts = accounts, Host = host };
        await site.FillAsync();
        return site;
    }

    public Browser Open() => new(Address);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _server.Dispose();
        Accounts.Dispose();
        State.Dispose();
        _folder.Delete(recursive: true);
    }

    public Task<Account> AddAccountAsync(string name, Role role, string? fhirUser = null) => AddAccountAsync(new NewAccount(name, role) { FhirUser = fhirUser, Password = Password, DisplayName = name + " <b>" });

    public async Task<Account> AddAccountAsync(NewAccount account) => (await Accounts.CreateAsync(account, TestContext.Current.CancellationToken)).Value.Account;

    public async Task AddClientAsync(Client client) => Assert.True((await State.RegisterAsync(client)).IsOk);

    /// <summary>Whatever is asked for is there for whoever has a token, and the key of one that is bound.</summary>
    private static async Task AnswerFhirAsync(HttpContext context, SmartState state)
    {
        HttpRequest request = context.Request;
        string[] words = request.Headers.Authorization.ToString().Split(' ');
        AccessGrant? grant = words.Length == 2 ? state.FindToken(words[1]) : null;
        bool isBound = grant?.KeyThumbprint is not null;
        var proofs = new DpopProofs((_, _, _, _) => ValueTask.FromResult(true), null, TimeProvider.System);
        var url = new Uri($"{request.Scheme}://{request.Host}{request.PathBase}{request.Path}");
        bool isProved = !isBound
            || (await proofs.VerifyAsync(request.Headers["DPoP"].ToString(), request.Method, url, words[1], context.RequestAborted) is { IsOk: true, Value: var key } && key == grant!.KeyThumbprint);
        bool isIn = grant is not null && isProved && words[0] == (isBound ? "DPoP" : "Bearer");
        context.Response.StatusCode = isIn ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = isIn ? default : "Bearer";
    }

    private async Task FillAsync()
    {
        await AddAccountAsync("ada", Role.Patient, "Patient/ada");
        await AddAccountAsync("grace", Role.Practitioner, "Practitioner/grace");
        await AddAccountAsync("root", Role.Administrator);
        string[] grants = [ClientMetadata.AuthorizationCode, ClientMetadata.RefreshToken];
        var app = new Client
        {
            Id = "app",
            Kind = ClientKind.Public,
            Name = "An <i>app</i>",
            RedirectUris = [Callback, Callback + "?with=query"],
            Origins = ["http://127.0.0.1:4567"],
            GrantTypes = grants,
            AllowedScopes = AppScopes,
        };
        await AddClientAsync(app);
        await AddClientAsync(app with { Id = "web", Kind = ClientKind.ConfidentialSymmetric, SecretHash = Secrets.Hash(Secret), Origins = [] });
        await AddClientAsync(app with { Id = "ehr", Kind = ClientKind.ConfidentialSymmetric, SecretHash = Secrets.Hash(Secret), IsTrusted = true, Origins = [] });
        await AddClientAsync(app with { Id = "blocked", IsBlocked = true });
    }
}

/// <summary>A FHIR server with three patients that writes what it is told of into a list.</summary>
internal sealed class MadeUpHost : ISmartHost
{
    private static readonly PatientChoice[] Patients =
        [new("ada", "Ada Lovelace", "1815-12-10", "female"), new("alan", "Alan <u>Turing</u>", "1912-06-23", "male"), new("p3", "Charles Babbage", null, null)];

    public ConcurrentQueue<SmartEvent> Records { get; } = new();

    /// <summary>Whether there is room for records.</summary>
    public bool CanWrite { get; set; } = true;

    public ValueTask<IReadOnlyList<PatientChoice>> FindPatientsAsync(Person user, string text, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<PatientChoice>>(
        user.Role == Role.Practitioner ? [.. Patients.Where(patient => patient.Name.Contains(text, StringComparison.OrdinalIgnoreCase))] : []);

    public ValueTask<PatientChoice?> FindPatientAsync(Person user, string id, CancellationToken cancellationToken) => ValueTask.FromResult(
        user.Role is Role.Practitioner or Role.Backend || user.FhirUser == $"Patient/{id}" ? Patients.FirstOrDefault(patient => patient.Id == id) : null);

    public bool IsVerified(string organisation) => true;

    public string? RefuseScope(ResourceScope scope) => scope.Type == "Martian" ? "There are none." : null;

    public ValueTask<bool> RecordAsync(SmartEvent happened, CancellationToken cancellationToken)
    {
        if (CanWrite)
        {
            Records.Enqueue(happened);
        }

        return ValueTask.FromResult(CanWrite);
    }
}
