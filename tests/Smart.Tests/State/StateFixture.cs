using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Tests.State;

/// <summary>A state with an app, a system and a user, and a clock that a test sets.</summary>
internal sealed class StateFixture : IDisposable
{
    public const string App = "app";
    public const string System = "system";
    public const string User = "user";
    public const string RedirectUri = "https://app.example/back";
    public const string Verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";

    public StateFixture()
        : this(new SmartStateOptions())
    {
    }

    public StateFixture(SmartStateOptions options) => State = SmartState.InMemory(options, Clock);

    public TestClock Clock { get; } = new();

    public SmartState State { get; }

    public static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Verifier)));

    public static Client AppClient { get; } = new()
    {
        Id = App,
        Kind = ClientKind.Public,
        Name = "An app",
        RedirectUris = [RedirectUri],
        AllowedScopes = "openid fhirUser launch launch/patient offline_access online_access patient/*.cruds user/*.rs",
    };

    public static Client SystemClient { get; } = new()
    {
        Id = System,
        Kind = ClientKind.ConfidentialAsymmetric,
        Name = "A system",
        AllowedScopes = "system/*.rs",
        Organisation = "Organization/1",
    };

    public static Account UserAccount { get; } = new() { Id = User, Name = "Ada", Role = Role.Patient, FhirUser = "Patient/12" };

    public static CodeRequest Request(string scopes) => new()
    {
        Client = App,
        Account = User,
        RedirectUri = RedirectUri,
        CodeChallenge = Challenge,
        Scopes = ScopeSet.Parse(scopes),
        Authenticated = TestClock.Start,
        Nonce = "n-1",
        Launch = new LaunchContext { Patient = "12" },
    };

    public static CodeRedemption Redemption(string code) => new(App, code, RedirectUri, Verifier);

    public async Task<StateFixture> FillAsync()
    {
        await State.RegisterAsync(AppClient);
        await State.RegisterAsync(SystemClient);
        await State.AddAccountAsync(UserAccount);
        return this;
    }

    public async Task<string> CodeAsync(string scopes = "patient/*.rs offline_access") =>
        (await State.IssueCodeAsync(Request(scopes))).Value;

    public async Task<IssuedTokens> TokensAsync(string scopes = "patient/*.rs offline_access") =>
        (await State.RedeemCodeAsync(Redemption(await CodeAsync(scopes)))).Value;

    public void Dispose() => State.Dispose();
}

internal sealed class TestClock : TimeProvider
{
    public static DateTimeOffset Start { get; } = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private DateTimeOffset _now = Start;

    public void Advance(TimeSpan by) => _now += by;

    public override DateTimeOffset GetUtcNow() => _now;
}
