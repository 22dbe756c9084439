using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>All that the authorisation server keeps, as tables of immutable rows; what belongs to a row goes with it.</summary>
/// <remarks>
/// Changed and read under the lock of <see cref="SmartState"/>; only <see cref="FindGrant"/> takes none. Changes depend on nothing but the
/// tables, neither on time nor on chance, so that reading them from a journal leads to where they led when they happened.
/// </remarks>
internal sealed class StateTables
{
    private readonly ConcurrentDictionary<Hash256, AccessGrant> _grants = new();
    private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AccountNode> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<Hash256, FamilyNode> _families = [];
    private readonly Dictionary<Hash256, LaunchRow> _launches = [];
    private readonly Dictionary<Hash256, SessionNode> _sessions = [];
    private readonly Dictionary<Hash256, DateTimeOffset> _assertions = [];

    public IReadOnlyCollection<Client> Clients => _clients.Values;

    public IEnumerable<Account> Accounts => _accounts.Values.Select(node => node.Account);

    public IReadOnlyCollection<FamilyNode> Families => _families.Values;

    public IReadOnlyDictionary<Hash256, LaunchRow> Launches => _launches;

    public IReadOnlyDictionary<Hash256, SessionNode> Sessions => _sessions;

    public IReadOnlyDictionary<Hash256, DateTimeOffset> Assertions => _assertions;

    /// <summary>Access tokens that have not been removed; some may have expired.</summary>
    public ConcurrentDictionary<Hash256, AccessGrant> Grants => _grants;

    /// <summary>What a token gives; whoever asks looks at its expiry. Safe while changes are made.</summary>
    public AccessGrant? FindGrant(Hash256 token) => _grants.GetValueOrDefault(token);

    public IEnumerable<Authorisation> Authorisations =>
        _accounts.Values.SelectMany(account => account.Authorisations.Values).Select(node => node.Authorisation);

    /// <summary>What records call a token: a part of its hash, from which nobody gets back.</summary>
    public static string NameOf(Hash256 token) => token.ToString()[..24];

    /// <summary>Ids of the clients that anybody gave anything, or that asked for themselves.</summary>
    public HashSet<string> UsedClients() =>
        [.. Authorisations.Select(authorisation => authorisation.Client), .. _families.Values.Select(node => node.Family.Client)];

    public Client? FindClient(string id) => _clients.GetValueOrDefault(id);

    public AccountNode? FindAccount(string id) => _accounts.GetValueOrDefault(id);

    public Account? FindAccountByName(string name) =>
        _names.TryGetValue(name, out string? id) ? _accounts[id].Account : null;

    public AuthorisationNode? FindAuthorisation(AuthorisationKey key) =>
        _accounts.GetValueOrDefault(key.Account)?.Authorisations.GetValueOrDefault(key.Client);

    public FamilyNode? FindFamily(Hash256 key) => _families.GetValueOrDefault(key);

    public bool TryGetSession(Hash256 key, [NotNullWhen(true)] out SessionNode? node) => _sessions.TryGetValue(key, out node);

    public void Apply(Change change)
    {
        switch (change)
        {
            case Change.PutClient(var client):
                _clients[client.Id] = client;
                break;
            case Change.RemoveClient(var id):
                RemoveClient(id);
                break;
            case Change.PutAccount(var account):
                Put(account);
                break;
            case Change.RemoveAccount(var id):
                RemoveAccount(id);
                break;
            case Change.PutAuthorisation(var authorisation):
                Put(authorisation);
                break;
            case Change.RemoveAuthorisation(var key):
                RemoveAuthorisation(key);
                break;
            case Change.PutFamily(var family):
                Put(family);
                break;
            case Change.RemoveFamily(var key):
                RemoveFamily(key);
                break;
            case Change.PutToken(var token):
                Put(token);
                break;
            case Change.RemoveToken(var hash):
                RemoveToken(hash);
                break;
            case Change.PutLaunch(var key, var launch, var until):
                _launches[key] = new LaunchRow(launch, until);
                break;
            case Change.RemoveLaunch(var key):
                _launches.Remove(key);
                break;
            case Change.PutSession(var key, var session):
                Put(key, session);
                break;
            case Change.RemoveSession(var key):
                RemoveSession(key);
                break;
            case Change.PutAssertion(var key, var until):
                _assertions[key] = until;
                break;
            default:
                throw new UnreachableException(change.GetType().Name);
        }
    }

    /// <summary>Forgets what was over at a time. No change of the state: nothing of it could be used.</summary>
    public void DropExpired(DateTimeOffset now)
    {
        foreach ((Hash256 hash, AccessGrant grant) in _grants)
        {
            if (grant.Expires <= now)
            {
                RemoveToken(hash);
            }
        }

        foreach (Hash256 key in _families.Where(pair => pair.Value.Family.Expires <= now).Select(pair => pair.Key).ToList())
        {
            RemoveFamily(key);
        }

        foreach (Hash256 key in _sessions.Where(pair => pair.Value.Session.Expires <= now).Select(pair => pair.Key).ToList())
        {
            RemoveSession(key);
        }

        foreach (Hash256 key in _launches.Where(pair => pair.Value.Until <= now).Select(pair => pair.Key).ToList())
        {
            _launches.Remove(key);
        }

        foreach (Hash256 key in _assertions.Where(pair => pair.Value <= now).Select(pair => pair.Key).ToList())
        {
            _assertions.Remove(key);
        }
    }

    /// <summary>All that is there, as the changes that make it: whatever something belongs to comes before it.</summary>
    public List<Change> Snapshot()
    {
        var rows = new List<Change>(_clients.Count + (2 * _accounts.Count) + _sessions.Count + _families.Count + _grants.Count + _assertions.Count);
        rows.AddRange(_clients.Values.Select(client => new Change.PutClient(client)));
        rows.AddRange(_accounts.Values.Select(node => new Change.PutAccount(node.Account)));
        rows.AddRange(_sessions.Select(pair => new Change.PutSession(pair.Key, pair.Value.Session)));
        foreach (AuthorisationNode node in _accounts.Values.SelectMany(account => account.Authorisations.Values))
        {
            rows.Add(new Change.PutAuthorisation(node.Authorisation));
            node.Families.ForEach(family => AddRows(family, rows));
        }

        foreach (FamilyNode family in _families.Values.Where(node => node.Family.Account is null))
        {
            AddRows(family, rows);
        }

        rows.AddRange(_launches.Select(pair => new Change.PutLaunch(pair.Key, pair.Value.Launch, pair.Value.Until)));
        rows.AddRange(_assertions.Select(pair => new Change.PutAssertion(pair.Key, pair.Value)));
        return rows;
    }

    private void AddRows(FamilyNode node, List<Change> rows)
    {
        rows.Add(new Change.PutFamily(node.Family));
        foreach (Hash256 token in node.Tokens)
        {
            AccessGrant grant = _grants[token];
            rows.Add(new Change.PutToken(new AccessToken(token, node.Family.Key, grant.Scopes, grant.KeyThumbprint, grant.Expires)));
        }
    }

    private void Put(Account account)
    {
        if (_accounts.TryGetValue(account.Id, out AccountNode? node))
        {
            _names.Remove(node.Account.Name);
            node.Account = account;
        }
        else
        {
            _accounts.Add(account.Id, new AccountNode(account));
        }

        _names[account.Name] = account.Id;
    }

    private void Put(Authorisation authorisation)
    {
        if (_accounts.TryGetValue(authorisation.Account, out AccountNode? account))
        {
            if (account.Authorisations.TryGetValue(authorisation.Client, out AuthorisationNode? node))
            {
                node.Authorisation = authorisation;
            }
            else
            {
                account.Authorisations.Add(authorisation.Client, new AuthorisationNode(authorisation));
            }
        }
    }

    private void Put(TokenFamily family)
    {
        if (_families.TryGetValue(family.Key, out FamilyNode? node))
        {
            node.Family = family;
            return;
        }

        node = new FamilyNode(family);
        _families.Add(family.Key, node);
        if (family.Account is not null)
        {
            FindAuthorisation(new AuthorisationKey(family.Account, family.Client))?.Families.Add(node);
        }

        if (family.Session is { } session && _sessions.TryGetValue(session, out SessionNode? online))
        {
            online.Families.Add(node);
        }
    }

    private void Put(AccessToken token)
    {
        if (!_families.TryGetValue(token.Family, out FamilyNode? node))
        {
            return;
        }

        TokenFamily family = node.Family;
        Account? account = family.Account is null ? null : FindAccount(family.Account)?.Account;
        Client? client = FindClient(family.Client);
        if (client is null || (family.Account is not null && account is null))
        {
            return;
        }

        _grants[token.Hash] = new AccessGrant
        {
            TokenName = NameOf(token.Hash),
            Client = client.Id,
            Role = account?.Role ?? client.Role,
            Scopes = token.Scopes,
            Expires = token.Expires,
            Account = account?.Id,
            FhirUser = account?.FhirUser,
            Organisation = account is null ? client.Organisation : account.Organisation,
            Purpose = family.Purpose,
            Launch = family.Launch,
            KeyThumbprint = token.KeyThumbprint,
            Family = node,
        };
        if (!node.Tokens.Contains(token.Hash))
        {
            node.Tokens = [.. node.Tokens, token.Hash];
        }
    }

    private void Put(Hash256 key, Session session)
    {
        if (_sessions.TryGetValue(key, out SessionNode? node))
        {
            node.Session = session;
        }
        else
        {
            _sessions.Add(key, new SessionNode(session));
        }
    }

    private void RemoveClient(string id)
    {
        if (_clients.Remove(id))
        {
            foreach (AccountNode account in _accounts.Values)
            {
                RemoveAuthorisation(new AuthorisationKey(account.Account.Id, id));
            }

            foreach (Hash256 key in _families.Where(pair => pair.Value.Family.Client == id).Select(pair => pair.Key).ToList())
            {
                RemoveFamily(key);
            }
        }
    }

    private void RemoveAccount(string id)
    {
        if (_accounts.TryGetValue(id, out AccountNode? node))
        {
            foreach (string client in node.Authorisations.Keys.ToList())
            {
                RemoveAuthorisation(new AuthorisationKey(id, client));
            }

            foreach (Hash256 key in _sessions.Where(pair => pair.Value.Session.Account == id).Select(pair => pair.Key).ToList())
            {
                RemoveSession(key);
            }

            foreach (Hash256 key in _launches.Where(pair => pair.Value.Launch.Account == id).Select(pair => pair.Key).ToList())
            {
                _launches.Remove(key);
            }

            _accounts.Remove(id);
            _names.Remove(node.Account.Name);
        }
    }

    private void RemoveAuthorisation(AuthorisationKey key)
    {
        if (FindAuthorisation(key) is { } node)
        {
            foreach (FamilyNode family in node.Families.ToList())
            {
                RemoveFamily(family.Family.Key);
            }

            _accounts[key.Account].Authorisations.Remove(key.Client);
        }
    }

    private void RemoveFamily(Hash256 key)
    {
        if (!_families.Remove(key, out FamilyNode? node))
        {
            return;
        }

        foreach (Hash256 token in node.Tokens)
        {
            _grants.TryRemove(token, out _);
        }

        TokenFamily family = node.Family;
        if (family.Account is not null)
        {
            FindAuthorisation(new AuthorisationKey(family.Account, family.Client))?.Families.Remove(node);
        }

        if (family.Session is { } session && _sessions.TryGetValue(session, out SessionNode? online))
        {
            online.Families.Remove(node);
        }
    }

    private void RemoveToken(Hash256 hash)
    {
        if (_grants.TryRemove(hash, out AccessGrant? grant))
        {
            FamilyNode node = grant.Family!;
            node.Tokens = [.. node.Tokens.Where(token => token != hash)];
        }
    }

    private void RemoveSession(Hash256 key)
    {
        if (_sessions.TryGetValue(key, out SessionNode? node))
        {
            foreach (FamilyNode family in node.Families.ToList())
            {
                RemoveFamily(family.Family.Key);
            }

            _sessions.Remove(key);
        }
    }

}

/// <summary>An account, and what its owner gave to clients, by client.</summary>
internal sealed class AccountNode(Account account)
{
    public Account Account { get; set; } = account;

    public Dictionary<string, AuthorisationNode> Authorisations { get; } = new(StringComparer.Ordinal);
}

/// <summary>An authorisation and the families that came of it, the oldest first.</summary>
internal sealed class AuthorisationNode(Authorisation authorisation)
{
    public Authorisation Authorisation { get; set; } = authorisation;

    public List<FamilyNode> Families { get; } = [];
}

/// <summary>A session and the families that end with it.</summary>
internal sealed class SessionNode(Session session)
{
    public Session Session { get; set; } = session;

    public List<FamilyNode> Families { get; } = [];
}

internal readonly record struct LaunchRow(Launch Launch, DateTimeOffset Until);
