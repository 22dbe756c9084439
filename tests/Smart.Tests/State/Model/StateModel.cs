using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Tests.State.Model;

/// <summary>
/// What the state should do, told in the plainest way: lists of all that ever was, each with what ended it. Nothing of it is shared with the
/// state, and texts that only the state knows are numbers here.
/// </summary>
internal sealed class StateModel
{
    public const int MostFamilies = 3;
    public const int MostTokens = 2;
    private static readonly SmartStateOptions Lifetimes = new();

    public DateTimeOffset Now { get; set; } = TestClock.Start;

    public Dictionary<string, Client> Clients { get; } = [];

    public Dictionary<string, Account> Accounts { get; } = [];

    public List<ModelSession> Sessions { get; } = [];

    public List<ModelLaunch> Launches { get; } = [];

    public List<ModelFamily> Families { get; } = [];

    /// <summary>What users gave: account, client, scopes and patient.</summary>
    public Dictionary<(string Account, string Client), (string Scopes, string? Patient)> Authorisations { get; } = [];

    public Dictionary<(string Client, string Id), DateTimeOffset> Assertions { get; } = [];

    public StateModel Clone()
    {
        var copy = new StateModel { Now = Now };
        Copy(Clients, copy.Clients);
        Copy(Accounts, copy.Accounts);
        Copy(Authorisations, copy.Authorisations);
        Copy(Assertions, copy.Assertions);
        copy.Sessions.AddRange(Sessions.Select(session => session with { }));
        copy.Launches.AddRange(Launches.Select(launch => launch with { }));
        copy.Families.AddRange(Families.Select(family => family with { Tokens = [.. family.Tokens.Select(token => token with { })], UsedRefresh = [.. family.UsedRefresh] }));
        return copy;
    }

    /// <summary>The same for models that cannot be told apart.</summary>
    public string Digest() => string.Join(
        '\n',
        [
            .. Clients.Values.Select(client => $"{client.Id} {client.Name} {client.Kind} {client.AllowedScopes} {client.IsKeyBound} {client.IsBlocked}"),
            .. Accounts.Values.Select(account => account.ToString()),
            .. Authorisations.Select(pair => pair.ToString()),
            .. Assertions.Select(pair => pair.ToString()),
            .. Sessions.Select(session => session.ToString()),
            .. Launches.Select(launch => launch.ToString()),
            .. Families.Select(family => $"{family} {string.Join(' ', family.Tokens)} {string.Join(' ', family.UsedRefresh)}"),
        ]);

    public void Register(Client client)
    {
        if (Clients.TryGetValue(client.Id, out Client? before)
            && (client.IsBlocked || before.Kind != client.Kind || before.AllowedScopes != client.AllowedScopes || before.IsKeyBound != client.IsKeyBound || (before.IsTrusted && !client.IsTrusted)))
        {
            RemoveClient(client.Id);
        }

        Clients[client.Id] = client;
    }

    public bool RemoveClient(string id)
    {
        foreach (ModelFamily family in Families.Where(family => family.Client == id))
        {
            family.IsDead = true;
        }

        foreach ((string Account, string Client) key in Authorisations.Keys.Where(key => key.Client == id).ToList())
        {
            Authorisations.Remove(key);
        }

        return Clients.Remove(id);
    }

    public bool AddAccount(Account account)
    {
        bool isTaken = Accounts.ContainsKey(account.Id) || Accounts.Values.Any(other => IsSame(other.Name, account.Name));
        if (!isTaken)
        {
            Accounts.Add(account.Id, account);
        }

        return !isTaken;
    }

    public bool ChangeAccount(string id, Func<Account, Account> change)
    {
        if (!Accounts.TryGetValue(id, out Account? before))
        {
            return false;
        }

        Account after = change(before);
        if (Accounts.Values.Any(other => other.Id != id && IsSame(other.Name, after.Name)))
        {
            return false;
        }

        bool losesGlass = before.MayBreakGlass && !after.MayBreakGlass;
        if (after.IsDisabled || after.Role != before.Role || after.FhirUser != before.FhirUser || after.Organisation != before.Organisation || losesGlass)
        {
            RemoveAccount(id);
        }

        Accounts[id] = after;
        return true;
    }

    public bool RemoveAccount(string id)
    {
        if (!Accounts.ContainsKey(id))
        {
            return false;
        }

        Families.Where(family => family.Account == id).ToList().ForEach(family => family.IsDead = true);
        Sessions.Where(session => session.Account == id).ToList().ForEach(session => session.IsDead = true);
        Launches.Where(launch => launch.Account == id).ToList().ForEach(launch => launch.IsUsed = true);
        foreach ((string Account, string Client) key in Authorisations.Keys.Where(key => key.Account == id).ToList())
        {
            Authorisations.Remove(key);
        }

        return Accounts.Remove(id);
    }

    /// <summary>Whether a session begins, or the one that the browser had goes on.</summary>
    public bool EnterSession(int handle, string account, int before)
    {
        if (!Accounts.TryGetValue(account, out Account? found) || found.IsDisabled)
        {
            return false;
        }

        ModelSession? earlier = Sessions.Find(session => session.Handle == before);
        if (earlier is not null && earlier.Account == account && IsOpen(earlier))
        {
            earlier.LastUsed = Now;
            earlier.Expires = Now + Lifetimes.SessionLifetime;
            return true;
        }

        if (earlier is not null)
        {
            End(earlier);
        }

        Sessions.Add(new ModelSession(handle, account) { LastUsed = Now, Expires = Now + Lifetimes.SessionLifetime });
        return true;
    }

    /// <summary>Whether the session is open; looking at it is using it, and a use is remembered when a minute has passed since the last.</summary>
    public bool FindSession(int handle)
    {
        ModelSession? session = Sessions.Find(found => found.Handle == handle);
        if (session is null || !IsOpen(session))
        {
            return false;
        }

        session.LastUsed = Now - session.LastUsed >= TimeSpan.FromMinutes(1) ? Now : session.LastUsed;
        return true;
    }

    /// <summary>Whether there was such a session; one that has expired may be forgotten, so then the answer is not known.</summary>
    public bool? EndSession(int handle)
    {
        if (Sessions.Find(found => found.Handle == handle) is not { IsDead: false } session)
        {
            return false;
        }

        End(session);
        return Now < session.Expires ? true : null;
    }

    public void EndSessions(string account) => Sessions.Where(session => session.Account == account).ToList().ForEach(End);

    /// <summary>Null for a code, or the code of the refusal.</summary>
    public string? IssueCode(int handle, CodeRequest request, int? session, int? launch)
    {
        if (!Clients.TryGetValue(request.Client, out Client? client) || client.IsBlocked)
        {
            return "unauthorized_client";
        }

        if (!client.RedirectUris.Contains(request.RedirectUri))
        {
            return "invalid_request";
        }

        if (!Accounts.TryGetValue(request.Account, out Account? account) || account.IsDisabled)
        {
            return "access_denied";
        }

        if (session is not null && !Sessions.Exists(found => found.Handle == session && found.Account == request.Account && IsOpen(found)))
        {
            return "access_denied";
        }

        ModelLaunch? used = Launches.Find(found => found.Handle == launch);
        if (launch is not null
            && (used is null || used.IsUsed || Now >= used.Until || (used.Client ?? client.Id) != client.Id || (used.Account ?? account.Id) != account.Id))
        {
            return "invalid_request";
        }

        if (!Words(request.Scopes).IsSubsetOf(Meaning(client.AllowedScopes)))
        {
            return "invalid_scope";
        }

        Give(handle, request, session, used);
        return null;
    }

    public string? Redeem(int code, CodeRedemption redemption, bool isRight, int access, int refresh)
    {
        ModelFamily? family = FamilyOf(code);
        if (family is null || family.IsDead)
        {
            return "invalid_grant";
        }

        Client client = Clients[family.Client];
        bool isFirst = family.Code == code && !family.IsRedeemed && Now < family.CodeUntil;
        if (!isFirst || !isRight || redemption.Client != client.Id || (family.Thumbprint is not null && family.Thumbprint != redemption.KeyThumbprint))
        {
            family.IsDead = true;
            return "invalid_grant";
        }

        if (client.IsKeyBound && redemption.KeyThumbprint is null)
        {
            return "invalid_dpop_proof";
        }

        family.IsRedeemed = true;
        family.Thumbprint = client.Kind == ClientKind.Public ? redemption.KeyThumbprint : null;
        Issue(family, family.Scopes, redemption.KeyThumbprint, access, refresh);
        return null;
    }

    public string? Refresh(int token, RefreshRequest request, int access, int refresh)
    {
        ModelFamily? family = FamilyOf(token);
        if (family is null || family.IsDead)
        {
            return "invalid_grant";
        }

        if (family.Refresh != token)
        {
            family.IsDead = true;
            return "invalid_grant";
        }

        Client client = Clients[family.Client];
        bool isClients = request.Client is null ? client.Kind == ClientKind.Public : request.Client == client.Id;
        if (!isClients || Now >= family.RefreshUntil || (family.Thumbprint is not null && family.Thumbprint != request.KeyThumbprint))
        {
            return "invalid_grant";
        }

        if (client.IsKeyBound && request.KeyThumbprint is null)
        {
            return "invalid_dpop_proof";
        }

        string scopes = request.Scopes?.Text ?? family.Scopes;
        if (!Meaning(scopes).IsSubsetOf(Meaning(family.Scopes)))
        {
            return "invalid_scope";
        }

        family.UsedRefresh.Add(token);
        Issue(family, scopes, request.KeyThumbprint, access, refresh);
        return null;
    }

    public string? IssueForSystem(SystemRequest request, int access)
    {
        if (!Clients.TryGetValue(request.Client, out Client? client) || client.IsBlocked || client.Kind == ClientKind.Public)
        {
            return "unauthorized_client";
        }

        if (!Words(request.Scopes).IsSubsetOf(Meaning(client.AllowedScopes)))
        {
            return "invalid_scope";
        }

        if (client.IsKeyBound && request.KeyThumbprint is null)
        {
            return "invalid_dpop_proof";
        }

        var family = new ModelFamily(client.Id, null, request.Scopes.Text, null, null, Now + Lifetimes.AccessTokenLifetime);
        Families.Add(family);
        AddToken(family, family.Scopes, request.KeyThumbprint, access);
        return null;
    }

    public bool UseAssertion(string client, string id, DateTimeOffset until)
    {
        bool isFirst = !Assertions.TryGetValue((client, id), out DateTimeOffset used) || used <= Now;
        if (isFirst)
        {
            Assertions[(client, id)] = until;
        }

        return isFirst;
    }

    /// <summary>Null when the answer depends on whether what has expired is forgotten already.</summary>
    public RevocationOutcome? RevokeToken(string? client, int token)
    {
        ModelFamily? family = Families.Find(found =>
            !found.IsDead && (found.Code == token || found.Refresh == token || found.UsedRefresh.Contains(token) || found.Tokens.Exists(access => access.Handle == token)));
        ModelToken? access = family?.Tokens.Find(found => found.Handle == token);
        if (family is null || access is { IsDead: true })
        {
            return RevocationOutcome.Unknown;
        }

        bool isForgotten = access is not null ? access.Expires <= Now : family.Expires <= Now;
        bool isClients = client is null ? Clients[family.Client].Kind == ClientKind.Public : family.Client == client;
        if (isClients && access is not null)
        {
            access.IsDead = true;
        }
        else if (isClients)
        {
            family.IsDead = true;
        }

        return isForgotten ? null : isClients ? RevocationOutcome.Revoked : RevocationOutcome.NotYours;
    }

    public bool RevokeAuthorisation(string account, string client)
    {
        Families.Where(family => family.Account == account && family.Client == client).ToList().ForEach(family => family.IsDead = true);
        return Authorisations.Remove((account, client));
    }

    public int Erase(string patient)
    {
        List<string> accounts = [.. Accounts.Values.Where(account => account.FhirUser == $"Patient/{patient}").Select(account => account.Id)];
        accounts.ForEach(id => RemoveAccount(id));
        Families.Where(family => family.Patient == patient).ToList().ForEach(family => family.IsDead = true);
        Launches.Where(launch => launch.Patient == patient).ToList().ForEach(launch => launch.IsUsed = true);
        foreach (((string Account, string Client) key, (string Scopes, string? Patient) given) in Authorisations.ToList())
        {
            Authorisations[key] = given with { Patient = given.Patient == patient ? null : given.Patient };
        }

        return accounts.Count;
    }

    /// <summary>The family and token that an access token stands for, if it lives.</summary>
    public (ModelFamily Family, ModelToken Token)? FindToken(int handle)
    {
        ModelFamily? family = Families.Find(found => !found.IsDead && found.Tokens.Exists(token => token.Handle == handle));
        ModelToken? token = family?.Tokens.Find(found => found.Handle == handle);
        return family is null || token is null || token.IsDead || token.Expires <= Now ? null : (family, token);
    }

    /// <summary>The family of a refresh token, if it can be used.</summary>
    public ModelFamily? FindRefresh(int handle) =>
        Families.Find(found => !found.IsDead && found.Refresh == handle && Now < found.RefreshUntil);

    /// <summary>The family of a code or a refresh token, used or not: one of the other kind in its place is found out too.</summary>
    private ModelFamily? FamilyOf(int token) =>
        Families.Find(found => found.Code == token || found.Refresh == token || found.UsedRefresh.Contains(token));

    private static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static HashSet<string> Words(ScopeSet scopes) => Meaning(scopes.Text);

    /// <summary>Scopes of the few forms that the sequences use, each letter by itself.</summary>
    private static HashSet<string> Meaning(string scopes)
    {
        var meaning = new HashSet<string>();
        foreach (string scope in scopes.Split(' '))
        {
            int dot = scope.IndexOf('.', StringComparison.Ordinal);
            string head = dot < 0 ? scope : scope[..dot];
            string[] types = head.EndsWith("/*", StringComparison.Ordinal) ? ["*", "Observation", "Condition"] : [head[(head.IndexOf('/', StringComparison.Ordinal) + 1)..]];
            string context = head.Split('/')[0];
            IEnumerable<string> all = dot < 0 ? [scope] : from type in types from letter in scope[(dot + 1)..] select $"{context}/{type}.{letter}";
            meaning.UnionWith(all);
        }

        return meaning;
    }

    private static void Copy<TKey, TValue>(Dictionary<TKey, TValue> from, Dictionary<TKey, TValue> to)
        where TKey : notnull
    {
        foreach ((TKey key, TValue value) in from)
        {
            to.Add(key, value);
        }
    }

    private bool IsOpen(ModelSession session) =>
        !session.IsDead && Now < session.Expires && Now - session.LastUsed < Lifetimes.SessionIdleLifetime;

    private void End(ModelSession session)
    {
        session.IsDead = true;
        Families.Where(family => family.Session == session.Handle).ToList().ForEach(family => family.IsDead = true);
    }

    private void Give(int handle, CodeRequest request, int? session, ModelLaunch? launch)
    {
        if (launch is not null)
        {
            launch.IsUsed = true;
        }

        List<ModelFamily> others = [.. Families.Where(family =>
            !family.IsDead && family.Expires > Now && family.Account == request.Account && family.Client == request.Client)];
        for (int i = 0; i <= others.Count - MostFamilies; i++)
        {
            others[i].IsDead = true;
        }

        bool isOffline = request.Scopes.Text.Contains("offline_access", StringComparison.Ordinal);
        Authorisations[(request.Account, request.Client)] = (request.Scopes.Text, request.Launch.Patient);
        Families.Add(new ModelFamily(
            request.Client,
            request.Account,
            request.Scopes.Text,
            request.Launch.Patient,
            isOffline ? null : session,
            isOffline ? Now + Lifetimes.OfflineLifetime : Earlier(Now + Lifetimes.OnlineLifetime, Sessions.Find(found => found.Handle == session)?.Expires ?? DateTimeOffset.MaxValue))
        {
            Code = handle,
            CodeUntil = Now + Lifetimes.CodeLifetime,
            Expires = Now + Lifetimes.CodeLifetime,
            Thumbprint = request.KeyThumbprint,
        });
    }

    private void Issue(ModelFamily family, string scopes, string? thumbprint, int access, int refresh)
    {
        AddToken(family, scopes, thumbprint, access);
        family.Expires = family.Tokens[^1].Expires;
        if (family.Scopes.Contains("line_access", StringComparison.Ordinal))
        {
            family.Refresh = refresh;
            family.RefreshUntil = Earlier(Now + Lifetimes.RefreshIdleLifetime, family.Until);
            family.Expires = family.RefreshUntil > family.Expires ? family.RefreshUntil : family.Expires;
        }
    }

    private void AddToken(ModelFamily family, string scopes, string? thumbprint, int access)
    {
        List<ModelToken> alive = [.. family.Tokens.Where(token => !token.IsDead && token.Expires > Now)];
        for (int i = 0; i <= alive.Count - MostTokens; i++)
        {
            alive[i].IsDead = true;
        }

        family.Tokens.Add(new ModelToken(access, scopes, thumbprint, Earlier(Now + Lifetimes.AccessTokenLifetime, family.Until)));
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}

internal sealed record ModelSession(int Handle, string Account)
{
    public DateTimeOffset Expires { get; set; }

    public DateTimeOffset LastUsed { get; set; }

    public bool IsDead { get; set; }
}

internal sealed record ModelLaunch(int Handle, string? Client, string? Account, string? Patient, DateTimeOffset Until)
{
    public bool IsUsed { get; set; }
}

internal sealed record ModelFamily(string Client, string? Account, string Scopes, string? Patient, int? Session, DateTimeOffset Until)
{
    public int Code { get; init; } = -1;

    public DateTimeOffset CodeUntil { get; init; }

    public DateTimeOffset Expires { get; set; } = Until;

    public bool IsRedeemed { get; set; }

    public bool IsDead { get; set; }

    public string? Thumbprint { get; set; }

    public int Refresh { get; set; } = -1;

    public DateTimeOffset RefreshUntil { get; set; }

    public List<int> UsedRefresh { get; init; } = [];

    public List<ModelToken> Tokens { get; init; } = [];
}

internal sealed record ModelToken(int Handle, string Scopes, string? Thumbprint, DateTimeOffset Expires)
{
    public bool IsDead { get; set; }
}
