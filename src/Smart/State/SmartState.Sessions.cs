using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

// Users at the login pages, and what begins there.
public sealed partial class SmartState
{
    /// <summary>How long a session is used before that is written down: after a restart it may look idle for so much longer than it was.</summary>
    private static readonly TimeSpan Touch = TimeSpan.FromMinutes(1);

    /// <summary>Begins a session of a user that has proved who it is; returns the cookie, or null when the account is gone or disabled.</summary>
    /// <param name="methods">How it was proved, https://www.rfc-editor.org/rfc/rfc8176</param>
    public ValueTask<string?> StartSessionAsync(string account, IReadOnlyList<string> methods) => EnterSessionAsync(account, methods, before: null);

    /// <summary>
    /// The same in a browser that had a session before. A user who proves once more who it is goes on in that session, with what was given for it; any
    /// other session ends, for nobody could log out of it any more.
    /// </summary>
    /// <param name="before">The cookie that the browser has.</param>
    /// <param name="authenticated">When it was proved; null for now.</param>
    /// <param name="proved">
    /// The hash of the password by which it was proved, as the account had it then: whoever proved one that was changed meanwhile is not let in. Null for none.
    /// </param>
    public async ValueTask<string?> EnterSessionAsync(
        string account, IReadOnlyList<string> methods, string? before, DateTimeOffset? authenticated = null, byte[]? proved = null)
    {
        string cookie = Secrets.New();
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            if (_tables.FindAccount(account) is not { Account: { IsDisabled: false } known } || (proved is not null && !ReferenceEquals(known.Password, proved)))
            {
                return null;
            }

            DateTimeOffset now = _time.GetUtcNow();
            if (before is not null && _tables.TryGetSession(Secrets.HashOf(before), out SessionNode? earlier))
            {
                if (earlier.Session.Account == account && IsOpen(earlier.Session, now))
                {
                    cookie = before;
                }
                else
                {
                    Apply(new Change.RemoveSession(Secrets.HashOf(before)));
                }
            }

            Apply(new Change.PutSession(Secrets.HashOf(cookie), new Session(account, methods, authenticated ?? now, now, now + _options.SessionLifetime)));
            durable = CommitAsync();
        }

        await durable;
        return cookie;
    }

    /// <summary>The session of a cookie, which is in use by this; null when there is none, or it was idle for too long.</summary>
    public Session? FindSession(string cookie)
    {
        Hash256 key = Secrets.HashOf(cookie);
        lock (_gate)
        {
            DateTimeOffset now = _time.GetUtcNow();
            if (!_tables.TryGetSession(key, out SessionNode? node) || !IsOpen(node.Session, now))
            {
                return null;
            }

            if (now - node.Session.LastUsed >= Touch)
            {
                Apply(new Change.PutSession(key, node.Session with { LastUsed = now }));
                _ = CommitAsync();
            }

            return node.Session;
        }
    }

    /// <summary>Ends a session, and the access that lasts only while its user is online; false when there is none.</summary>
    public async ValueTask<bool> EndSessionAsync(string cookie)
    {
        Hash256 key = Secrets.HashOf(cookie);
        Task durable;
        bool isThere;
        lock (_gate)
        {
            isThere = _tables.TryGetSession(key, out _);
            if (isThere)
            {
                Apply(new Change.RemoveSession(key));
            }

            durable = CommitAsync();
        }

        await durable;
        return isThere;
    }

    /// <summary>Ends all sessions of an account, such as after its password was changed.</summary>
    public async ValueTask EndSessionsAsync(string account)
    {
        Task durable;
        lock (_gate)
        {
            foreach (Hash256 key in _tables.Sessions.Where(pair => pair.Value.Session.Account == account).Select(pair => pair.Key).ToList())
            {
                Apply(new Change.RemoveSession(key));
            }

            durable = CommitAsync();
        }

        await durable;
    }

    /// <summary>Keeps the context of an app that is about to start; returns the id by which the app asks for it.</summary>
    public async ValueTask<string> AddLaunchAsync(Launch launch)
    {
        string id = Secrets.New();
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            Apply(new Change.PutLaunch(Secrets.HashOf(id), launch, _time.GetUtcNow() + _options.LaunchLifetime));
            durable = CommitAsync();
        }

        await durable;
        return id;
    }

    /// <summary>A launch that a client may still use; it is used up by <see cref="IssueCodeAsync"/>.</summary>
    public Launch? FindLaunch(string id, string client)
    {
        lock (_gate)
        {
            return Usable(id, client);
        }
    }

    private bool IsOpen(Session session, DateTimeOffset now) =>
        now < session.Expires && now - session.LastUsed < _options.SessionIdleLifetime;

    private Launch? Usable(string id, string client) =>
        _tables.Launches.TryGetValue(Secrets.HashOf(id), out LaunchRow row) && row.Until > _time.GetUtcNow() && (row.Launch.Client ?? client) == client
            ? row.Launch
            : null;
}
