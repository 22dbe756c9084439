using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>All that the authorisation server keeps, as tables of immutable rows; what belongs to a row goes with it.</summary>
/// <remarks>
/// Changed and read under the lock of <see cref="SmartState"/>; only <see cref="FindGrant"/> takes none. Changes depend on nothing but the
/// tables, neither on time nor on chance, so that reading them from a journal leads to where they led when they happened. Tables that may become long
/// are concurrent ones, which can be gone through while they change: nobody waits until a million rows are listed.
/// </remarks>
internal sealed class StateTables
{
    private readonly ConcurrentDictionary<Hash256, AccessGrant> _grants = new();
    private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, AccountNode> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Hash256, FamilyNode> _families = [];
    private readonly ConcurrentDictionary<Hash256, LaunchRow> _launches = [];
    private readonly ConcurrentDictionary<Hash256, SessionNode> _sessions = [];
    private readonly ConcurrentDictionary<Hash256, DateTimeOffset> _assertions = [];

    // How many authorisations and families there are of a client.
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    public IReadOnlyCollection<Client> Clients => _clients.Values;

    public IEnumerable<Account> Accounts => _accounts.Select(pair => pair.Value.Account);

    public IEnumerable<FamilyNode> Families => _families.Select(pair => pair.Value);

    public IReadOnlyDictionary<Hash256, LaunchRow> Launches => _launches;

    public IReadOnlyDictionary<Hash256, SessionNode> Sessions => _sessions;

    public IReadOnlyDictionary<Hash256, DateTimeOffset> Assertions => _assertions;

    /// <summary>Access tokens that have not been removed; some may have expired.</summary>
    public ConcurrentDictionary<Hash256, AccessGrant> Grants => _grants;

    /// <summary>What a token gives; whoever asks looks at its expiry. Safe while changes are made.</summary>
    public AccessGrant? FindGrant(Hash256 token) => _grants.GetValueOrDefault(token);

    public IEnumerable<Authorisation> Authorisations =>
        _accounts.SelectMany(pair => pair.Value.Authorisations.Values).Select(node => node.Authorisation);

    /// <summary>What records call a token: a part of its hash, from which nobody gets back.</summary>
    public static string NameOf(Hash256 token) => token.ToString()[..24];

    /// <summary>Whether anybody gave a client anything, or it asked for itself.</summary>
    public bool IsUsed(string client) => _uses.ContainsKey(client);

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
                _launches.TryRemove(key, out _);
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
    /// <param name="gate">The lock, taken for each row by itself.</param>
    public void DropExpired(DateTimeOffset now, Lock gate)
    {
        DropExpired(_grants, grant => grant.Expires <= now, RemoveToken, gate);
        DropExpired(_families, node => node.Family.Expires <= now, RemoveFamily, gate);
        DropExpired(_sessions, node => node.Session.Expires <= now, RemoveSession, gate);
        DropExpired(_launches, launch => launch.Until <= now, key => _launches.TryRemove(key, out _), gate);
        DropExpired(_assertions, until => until <= now, key => _assertions.TryRemove(key, out _), gate);
    }

    /// <summary>
    /// All that is there, as the changes that make it: whatever something belongs to comes before it. What changes while it is listed may be there or
    /// not; applied after these, the changes since the beginning lead to what there is, whichever of them these hold already.
    /// </summary>
    /// <param name="gate">The lock, taken for a moment now and then, and not between two rows.</param>
    public IEnumerable<Change> Snapshot(Lock gate)
    {
        var rows = new List<Change>();
        lock (gate)
        {
            rows.AddRange(_clients.Values.Select(client => new Change.PutClient(client)));
        }

        IEnumerable<Change> sessions = _sessions.Select(pair => new Change.PutSession(pair.Key, pair.Value.Session));
        foreach (Change row in rows.Concat(sessions))
        {
            yield return row;
        }

        foreach ((string id, AccountNode account) in _accounts)
        {
            rows.Clear();
            lock (gate)
            {
                AddRows(id, account, rows);
            }

            foreach (Change row in rows)
            {
                yield return row;
            }
        }

        foreach ((_, FamilyNode family) in _families)
        {
            if (family.Family.Account is null)
            {
                rows.Clear();
                lock (gate)
                {
                    AddRows(family, rows);
                }

                foreach (Change row in rows)
                {
                    yield return row;
                }
            }
        }

        IEnumerable<Change> launches = _launches.Select(pair => new Change.PutLaunch(pair.Key, pair.Value.Launch, pair.Value.Until));
        IEnumerable<Change> assertions = _assertions.Select(pair => new Change.PutAssertion(pair.Key, pair.Value));
        foreach (Change row in launches.Concat(assertions))
        {
            yield return row;
        }
    }

    private static void DropExpired<T>(ConcurrentDictionary<Hash256, T> table, Predicate<T> isOver, Action<Hash256> remove, Lock gate)
    {
        foreach ((Hash256 key, T row) in table)
        {
            if (isOver(row))
            {
                lock (gate)
                {
                    // It may have been prolonged meanwhile.
                    if (table.TryGetValue(key, out T? present) && isOver(present))
                    {
                        remove(key);
                    }
                }
            }
        }
    }

    private void AddRows(string id, AccountNode account, List<Change> rows)
    {
        if (_accounts.GetValueOrDefault(id) != account)
        {
            return;
        }

        rows.Add(new Change.PutAccount(account.Account));
        foreach (AuthorisationNode node in account.Authorisations.Values)
        {
            rows.Add(new Change.PutAuthorisation(node.Authorisation));
            node.Families.ForEach(family => AddRows(family, rows));
        }
    }

    private void AddRows(FamilyNode node, List<Change> rows)
    {
        rows.Add(new Change.PutFamily(node.Family));
        foreach (Hash256 token in node.Tokens)
        {
            // A family that was removed meanwhile has none any more.
            if (_grants.TryGetValue(token, out AccessGrant? grant))
            {
                rows.Add(new Change.PutToken(new AccessToken(token, node.Family.Key, grant.Scopes, grant.KeyThumbprint, grant.Expires)));
            }
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
            _accounts[account.Id] = new AccountNode(account);
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
                Count(authorisation.Client, 1);
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

        // What it belongs to was removed before a snapshot listed it, and the family with it: the change that says so comes later.
        AuthorisationNode? authorisation = family.Account is null ? null : FindAuthorisation(new AuthorisationKey(family.Account, family.Client));
        SessionNode? session = family.Session is { } online ? _sessions.GetValueOrDefault(online) : null;
        if (!_clients.ContainsKey(family.Client) || authorisation is null != family.Account is null || session is null != family.Session is null)
        {
            return;
        }

        node = new FamilyNode(family);
        _families[family.Key] = node;
        Count(family.Client, 1);
        authorisation?.Families.Add(node);
        session?.Families.Add(node);
    }

    private void Count(string client, int change)
    {
        ref int uses = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, client, out _);
        uses += change;
        if (uses == 0)
        {
            _uses.Remove(client);
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
            MayBreakGlass = account?.MayBreakGlass ?? false,
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
            _sessions[key] = new SessionNode(session);
        }
    }

    private void RemoveClient(string id)
    {
        _clients.Remove(id);
        foreach ((string account, _) in _accounts)
        {
            RemoveAuthorisation(new AuthorisationKey(account, id));
        }

        foreach (Hash256 key in _families.Where(pair => pair.Value.Family.Client == id).Select(pair => pair.Key).ToList())
        {
            RemoveFamily(key);
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

            _accounts.TryRemove(id, out _);
            _names.Remove(node.Account.Name);
        }

        // A snapshot may have its sessions and not the account, which was removed before it was listed.
        foreach (Hash256 key in _sessions.Where(pair => pair.Value.Session.Account == id).Select(pair => pair.Key).ToList())
        {
            RemoveSession(key);
        }

        foreach (Hash256 key in _launches.Where(pair => pair.Value.Launch.Account == id).Select(pair => pair.Key).ToList())
        {
            _launches.TryRemove(key, out _);
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
            Count(key.Client, -1);
        }
    }

    private void RemoveFamily(Hash256 key)
    {
        if (!_families.TryRemove(key, out FamilyNode? node))
        {
            return;
        }

        Count(node.Family.Client, -1);

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

            _sessions.TryRemove(key, out _);
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
