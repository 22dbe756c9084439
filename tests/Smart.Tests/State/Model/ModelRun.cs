using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Smart.State.Journal;
using HealthChain.TestKit;

namespace HealthChain.Smart.Tests.State.Model;

/// <summary>The state did what no reading of the model allows.</summary>
internal sealed class MismatchException(string message) : Exception(message);

/// <summary>
/// Runs a sequence on a state over a disk that crashes, and on the model beside it. What was under way at a crash may have happened or not: from
/// there on there are several models, of which those fall away that are contradicted; one must be left.
/// </summary>
internal sealed class ModelRun : IDisposable
{
    private const string Folder = "/smart";
    private const string RedirectUri = "https://app.example/back";
    private const string Verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";
    private const string NoToken = "bm8gc3VjaCB0b2tlbg";

    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly SmartStateOptions Options = new() { MostFamiliesPerAuthorisation = StateModel.MostFamilies, MostTokensPerFamily = StateModel.MostTokens };
    private static readonly string[] Scopes =
    [
        "patient/*.rs offline_access", "patient/Observation.rs", "openid patient/*.cruds online_access", "patient/Observation.r offline_access",
        "patient/Condition.rs patient/Observation.rs", "system/*.rs", "system/Observation.s", "patient/*.cruds offline_access openid",
    ];

    private static readonly string[] Allowed =
        ["openid offline_access online_access patient/*.cruds system/*.rs", "offline_access patient/*.rs", "patient/Observation.rs offline_access system/Observation.rs"];

    private static readonly string?[] Thumbprints = [null, null, null, "key-1", "key-2"];

    private readonly Random _random;
    private readonly SimulatedDisk _disk;
    private readonly JournalLimits _limits;
    private readonly TestClock _clock = new();
    private readonly Dictionary<int, string> _texts = [];
    private readonly List<int> _codes = [];
    private readonly List<int> _refreshes = [];
    private readonly List<int> _accesses = [];
    private readonly List<int> _sessions = [];
    private readonly List<int> _launches = [];
    private List<StateModel> _models = [new()];
    private List<StateModel> _durable = [new()];
    private SmartState _state;
    private int _handles;

    private ModelRun(int seed)
    {
        _random = new Random(seed);
        _disk = new SimulatedDisk(seed);

        // Every other run compacts all the time, between and below the operations.
        _limits = new JournalLimits { CompactionBytes = seed % 2 == 0 ? 2_000 : 1 << 24 };
        _state = Open();
    }

    /// <summary>Whether the run had a crash of the power, for the count of what was tried.</summary>
    public int Crashes { get; private set; }

    public static async Task<int> RunAsync(int seed, IReadOnlyList<Operation> operations)
    {
        using var run = new ModelRun(seed);
        for (int i = 0; i < operations.Count; i++)
        {
            try
            {
                await run.StepAsync(operations[i]);
                run.CheckAll();
            }
            catch (MismatchException mismatch)
            {
                throw new MismatchException($"operation {i}, {operations[i].Kind}: {mismatch.Message}");
            }
        }

        return run.Crashes;
    }

    public void Dispose() => _state.Dispose();

    private static T Pick<T>(T[] from, int by) => from[by % from.Length];

    private Task StepAsync(Operation operation)
    {
        (OperationKind kind, int a, int b, int c, int d) = (operation.Kind, operation.A, operation.B, operation.C, operation.D);
        string client = $"c{a % 3}";
        string account = $"a{b % 3}";
        return kind switch
        {
            OperationKind.RegisterClient => DoAsync(model => model.Register(ClientOf(a, b, c)), async () => await _state.RegisterAsync(ClientOf(a, b, c))),
            OperationKind.RemoveClient => ExpectAsync(model => model.RemoveClient(client), () => _state.RemoveClientAsync(client)),
            OperationKind.AddAccount => ExpectAsync(model => model.AddAccount(AccountOf(a, b)), () => _state.AddAccountAsync(AccountOf(a, b))),
            OperationKind.ChangeAccount => ExpectAsync(
                model => model.ChangeAccount(account, before => Changed(before, c, d)),
                async () => await _state.ChangeAccountAsync(account, before => Changed(before, c, d)) is not null),
            OperationKind.RemoveAccount => ExpectAsync(model => model.RemoveAccount(account), () => _state.RemoveAccountAsync(account)),
            OperationKind.StartSession => EnterSessionAsync(account, c % 3 == 0 ? -2 : Known(_sessions, d)),
            OperationKind.FindSession => FindSession(Known(_sessions, a)),
            OperationKind.EndSession => ExpectAsync(model => model.EndSession(Known(_sessions, a)), async () => (bool?)await _state.EndSessionAsync(Text(Known(_sessions, a)))),
            OperationKind.EndSessions => DoAsync(model => model.EndSessions(account), async () => await _state.EndSessionsAsync(account)),
            OperationKind.AddLaunch => AddLaunchAsync(a % 4 == 0 ? null : client, b % 4 == 0 ? null : account, c),
            OperationKind.IssueCode => IssueCodeAsync(client, account, c, d),
            OperationKind.RedeemCode => RedeemAsync(Known(d % 19 == 0 ? _refreshes : _codes, a), b, c, d),
            OperationKind.Refresh => RefreshAsync(Known(d % 9 == 0 ? _codes : _refreshes, a), b, c, d),
            OperationKind.IssueForSystem => IssueForSystemAsync(client, b, c),
            OperationKind.UseAssertion => UseAssertionAsync(client, $"j{b % 5}", TimeSpan.FromSeconds(1 + (c % 300))),
            OperationKind.RevokeToken => RevokeAsync(d % 3 == 0 ? null : client, Known(Pick<List<int>>([_accesses, _refreshes, _codes], b), c)),
            OperationKind.RevokeAuthorisation => ExpectAsync(model => model.RevokeAuthorisation(account, client), () => RevokeAuthorisationAsync(account, client)),
            OperationKind.Introspect => Introspect(Known(_refreshes, a)),
            OperationKind.Erase => a % 4 == 0 ? ExpectAsync(model => model.Erase($"p{b % 3}"), () => _state.EraseAsync($"Patient/p{b % 3}")) : Task.CompletedTask,
            OperationKind.Wait => Wait(a, b),
            OperationKind.DropExpired => Quietly(_state.DropExpired),
            OperationKind.Compact => DoAsync(_ => { }, CompactAsync),
            OperationKind.Restart => RestartAsync(),
            OperationKind.Crash => Quietly(() => _disk.KillAfter(a % 8)),
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
    }

    private static Client ClientOf(int a, int b, int c) => new()
    {
        Id = $"c{a % 3}",
        Kind = (ClientKind)(a % 3),
        Name = $"client {c}",
        Registration = Registration.Administrator,
        RedirectUris = [RedirectUri],
        AllowedScopes = Pick(Allowed, b % 7 < 5 ? 0 : b),
        IsKeyBound = c % 11 == 10,
        IsTrusted = c % 7 == 6,
        IsBlocked = c % 13 == 12,
    };

    private static Account AccountOf(int a, int b) => new()
    {
        Id = $"a{a % 3}",
        Name = b % 2 == 0 ? $"name{b % 4}" : $"NAME{b % 4}",
        Role = Role.Patient,
        FhirUser = $"Patient/p{a % 3}",
    };

    private static Account Changed(Account account, int by, int to) => (by % 7) switch
    {
        0 => account with { IsDisabled = true },
        1 => account with { IsDisabled = false },
        2 => account with { Role = to % 2 == 0 ? Role.Patient : Role.RelatedPerson },
        3 => account with { Name = $"name{to % 4}" },
        4 => account with { Organisation = to % 2 == 0 ? null : "Organization/1" },
        5 => account with { MayBreakGlass = to % 2 == 0 },
        _ => account with { MustChangePassword = to % 2 == 0 },
    };

    private int Known(List<int> handles, int by) => handles.Count == 0 ? -2 : handles[handles.Count - 1 - (by % Math.Min(handles.Count, 1 + (by % 12)))];

    private string Text(int handle) => _texts.GetValueOrDefault(handle, NoToken);

    private int Give(string? text, List<int> among)
    {
        int handle = _handles++;
        if (text is not null)
        {
            _texts.Add(handle, text);
            among.Add(handle);
        }

        return handle;
    }

    private async Task EnterSessionAsync(string account, int before)
    {
        int handle = _handles;
        string? cookie = null;
        string? had = before < 0 ? null : Text(before);
        await ExpectAsync(model => model.EnterSession(handle, account, before), async () => (cookie = await _state.EnterSessionAsync(account, ["pwd"], had)) is not null);
        Give(cookie == had ? null : cookie, _sessions);
    }

    private Task FindSession(int handle)
    {
        bool isOpen = _state.FindSession(Text(handle)) is not null;
        Keep(model => model.FindSession(handle), isOpen, "session");
        return Task.CompletedTask;
    }

    private async Task AddLaunchAsync(string? client, string? account, int by)
    {
        int handle = _handles;
        string? id = null;
        string patient = $"p{by % 3}";
        await DoAsync(
            model => model.Launches.Add(new ModelLaunch(handle, client, account, patient, model.Now + Options.LaunchLifetime)),
            async () => id = await _state.AddLaunchAsync(new Launch(client, account, new LaunchContext { Patient = patient })));
        Give(id, _launches);
    }

    private async Task IssueCodeAsync(string client, string account, int c, int d)
    {
        int handle = _handles;
        int? session = c % 3 == 0 ? Known(_sessions, c) : null;
        int? launch = d % 5 == 0 ? Known(_launches, d) : null;
        var request = new CodeRequest
        {
            Client = client,
            Account = account,
            RedirectUri = c % 17 == 0 ? RedirectUri + "/" : RedirectUri,
            CodeChallenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Verifier))),
            Scopes = ScopeSet.Parse(Pick(Scopes, d)),
            Authenticated = _clock.GetUtcNow(),
            Session = session is null ? null : Text(session.Value),
            LaunchId = launch is null ? null : Text(launch.Value),
            Launch = new LaunchContext { Patient = $"p{d % 3}" },
            KeyThumbprint = Pick(Thumbprints, c + d),
        };
        string? code = null;
        await ExpectAsync(
            model => model.IssueCode(handle, request, session, launch),
            async () =>
            {
                OAuthResult<string> result = await _state.IssueCodeAsync(request);
                code = result.IsOk ? result.Value : null;
                return result.Error?.Code;
            });
        Give(code, _codes);
    }

    private async Task RedeemAsync(int code, int b, int c, int d)
    {
        // Mostly with the key that the code may be bound to, and right in all else.
        string? thumbprint = c % 4 == 0 ? Pick(Thumbprints, d) : _models[0].Families.Find(family => family.Code == code)?.Thumbprint;
        string client = b % 10 == 0 ? $"c{d % 3}" : _models[0].Families.Find(family => family.Code == code)?.Client ?? "c0";
        bool isRight = c % 12 != 1;
        var redemption = new CodeRedemption(client, Text(code), RedirectUri, isRight ? Verifier : Verifier + "x", thumbprint);
        await TokensAsync((model, access, refresh) => model.Redeem(code, redemption, isRight, access, refresh), () => _state.RedeemCodeAsync(redemption));
    }

    private async Task RefreshAsync(int token, int b, int c, int d)
    {
        ModelFamily? family = _models[0].Families.Find(found => found.Refresh == token);
        string? client = (b % 8) switch { 0 => null, 1 => $"c{d % 3}", _ => family?.Client };
        string? thumbprint = c % 6 == 0 ? Pick(Thumbprints, d) : family?.Thumbprint;
        ScopeSet? scopes = c % 3 == 0 ? ScopeSet.Parse(Pick(Scopes, b + d)) : null;
        var request = new RefreshRequest(client, Text(token), scopes, thumbprint);
        await TokensAsync((model, access, refresh) => model.Refresh(token, request, access, refresh), () => _state.RefreshAsync(request));
    }

    private Task IssueForSystemAsync(string client, int b, int c)
    {
        var request = new SystemRequest(client, ScopeSet.Parse(Pick(Scopes, b % 3 == 0 ? b : 5 + (b % 2))), Pick(Thumbprints, c));
        return TokensAsync((model, access, _) => model.IssueForSystem(request, access), () => _state.IssueForSystemAsync(request));
    }

    private async Task TokensAsync(Func<StateModel, int, int, string?> predict, Func<ValueTask<OAuthResult<IssuedTokens>>> act)
    {
        int access = _handles;
        IssuedTokens? tokens = null;
        await ExpectAsync(
            model => predict(model, access, access + 1),
            async () =>
            {
                OAuthResult<IssuedTokens> result = await act();
                tokens = result.IsOk ? result.Value : null;
                return result.Error?.Code;
            });
        Give(tokens?.AccessToken, _accesses);
        Give(tokens?.RefreshToken, _refreshes);
    }

    private Task UseAssertionAsync(string client, string id, TimeSpan lifetime)
    {
        DateTimeOffset until = _clock.GetUtcNow() + lifetime;
        return ExpectAsync(model => model.UseAssertion(client, id, until), () => _state.UseAssertionAsync(client, id, until));
    }

    private Task RevokeAsync(string? client, int token) =>
        ExpectAsync(model => model.RevokeToken(client, token), async () => (RevocationOutcome?)await _state.RevokeTokenAsync(client, Text(token)));

    private async ValueTask<bool> RevokeAuthorisationAsync(string account, string client) =>
        await _state.RevokeAuthorisationAsync(account, _state.FindAuthorisation(account, client)?.Id ?? "none");

    private Task Introspect(int token)
    {
        Introspection? found = _state.Introspect(Text(token));
        Keep(model => model.FindRefresh(token)?.Scopes, found?.Grant.Scopes.Text, "introspection");
        return Task.CompletedTask;
    }

    private Task Wait(int a, int b)
    {
        _clock.Advance(TimeSpan.FromSeconds((a % 10) switch { < 5 => b % 60, < 8 => b * 3, 8 => b * 60, _ => b * 3600 * 4 }));
        _models.Concat(_durable).ToList().ForEach(model => model.Now = _clock.GetUtcNow());
        return Task.CompletedTask;
    }

    private async Task CompactAsync() => await _state.CompactAsync();

    private Task RestartAsync()
    {
        _state.Dispose();
        Reopen();
        return Task.CompletedTask;
    }

    private static Task Quietly(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private Task DoAsync(Action<StateModel> predict, Func<Task> act) => ExpectAsync(
        model =>
        {
            predict(model);
            return true;
        },
        async () =>
        {
            await act();
            return true;
        });

    private async Task ExpectAsync<T>(Func<StateModel, T> predict, Func<ValueTask<T>> act)
    {
        List<StateModel> before = [.. _models.Select(model => model.Clone())];
        T actual;
        try
        {
            actual = await act();
        }
        catch (KilledException)
        {
            _models.ForEach(model => predict(model));
            _models = [.. _durable, .. before, .. _models];
            Recover();
            return;
        }

        Keep(predict, actual, "answer");
        _durable = [.. _models.Select(model => model.Clone())];
    }

    /// <summary>Keeps the models that agree. One that says nothing does not know.</summary>
    private void Keep<T>(Func<StateModel, T> predict, T actual, string what)
    {
        List<T> predicted = [.. _models.Select(predict)];
        List<StateModel> left = [.. _models.Where((_, i) => Equals(predicted[i], actual) || (predicted[i] is null && actual is bool or RevocationOutcome))];
        if (left.Count == 0)
        {
            throw new MismatchException($"{what} {actual?.ToString() ?? "none"}, expected {string.Join(" or ", predicted.Select(value => value?.ToString() ?? "none"))}");
        }

        _models = left;
    }

    private void CheckAll()
    {
        if (_models.Count > 1)
        {
            _models = [.. _models.DistinctBy(model => model.Digest())];
        }

        foreach (int handle in _accesses)
        {
            AccessGrant? grant = _state.FindToken(_texts[handle]);
            Keep(model => Told(model, handle), Told(grant), $"token {handle}");
        }

        Keep(
            model => string.Join(';', model.Authorisations.Select(pair => $"{pair.Key.Account} {pair.Key.Client} {pair.Value}").Order(StringComparer.Ordinal)),
            string.Join(';', _state.Accounts
                .SelectMany(account => _state.AuthorisationsOf(account.Id))
                .Select(given => $"{given.Account} {given.Client} {(given.Scopes.Text, given.Patient)}")
                .Order(StringComparer.Ordinal)),
            "authorisations");
        Keep(
            model => string.Join(';', model.Accounts.Values.Select(account => $"{account.Id} {account.Name} {account.Role} {account.IsDisabled}").Order(StringComparer.Ordinal)),
            string.Join(';', _state.Accounts.Select(account => $"{account.Id} {account.Name} {account.Role} {account.IsDisabled}").Order(StringComparer.Ordinal)),
            "accounts");
        Keep(
            model => string.Join(';', model.Clients.Values.Select(client => $"{client.Id} {client.Name} {client.AllowedScopes}").Order(StringComparer.Ordinal)),
            string.Join(';', _state.Clients.Select(client => $"{client.Id} {client.Name} {client.AllowedScopes}").Order(StringComparer.Ordinal)),
            "clients");
    }

    private static string? Told(AccessGrant? grant) => grant is null
        ? null
        : $"{grant.Client} {grant.Account} {grant.FhirUser} {grant.Organisation} {grant.Role} {grant.Scopes.Text} {grant.Launch.Patient} {grant.KeyThumbprint} {grant.Expires:O}";

    private static string? Told(StateModel model, int handle)
    {
        if (model.FindToken(handle) is not ({ } family, { } token))
        {
            return null;
        }

        Account? account = family.Account is null ? null : model.Accounts[family.Account];
        return $"{family.Client} {family.Account} {account?.FhirUser} {account?.Organisation} {account?.Role ?? Role.Backend} {token.Scopes} {family.Patient} {token.Thumbprint} {token.Expires:O}";
    }

    private void Recover()
    {
        Crashes++;
        _state.Dispose();
        if (_random.Next(4) == 0)
        {
            _disk.Kill();
        }
        else
        {
            _disk.Crash();
        }

        Reopen();
        _durable = [.. _models.Select(model => model.Clone())];
    }

    private void Reopen()
    {
        try
        {
            _state = Open();
        }
        catch (KilledException)
        {
            _disk.Crash();
            _state = Open();
        }
    }

    private SmartState Open() => SmartState.Open(Options, _disk, Folder, Key, _limits, _clock);
}
