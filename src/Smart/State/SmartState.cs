using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>
/// What the authorisation server remembers: clients, accounts, sessions, launches, what users gave to clients, codes and tokens. It knows the
/// rules of their lives and nothing of HTTP.
/// </summary>
/// <remarks>
/// Thread-safe. A change holds at once, for everybody; what a method returned is durable. If a method throws <see cref="IOException"/>, what it
/// was to do is not promised: nothing that it would have returned may be used. Secrets are kept as hashes only.
/// </remarks>
public sealed partial class SmartState : IDisposable
{
    private readonly SmartStateOptions _options;
    private readonly TimeProvider _time;
    private readonly StateTables _tables = new();
    private readonly PendingRequests _pending;

    // Held for short and never while waiting for the disk.
    private readonly Lock _gate = new();

    private readonly List<Change> _changes = [];

    private SmartState(SmartStateOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _pending = new PendingRequests(options, time);
    }

    /// <summary>A state that ends with the process.</summary>
    public static SmartState InMemory(SmartStateOptions options, TimeProvider time) => new(options, time);

    /// <summary>What an access token gives, or null when there is none such that lives. Takes no lock and allocates nothing.</summary>
    /// <param name="token">The text of the token.</param>
    public AccessGrant? FindToken(ReadOnlySpan<byte> token)
    {
        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        SHA256.HashData(token, hash);
        AccessGrant? grant = _tables.FindGrant(new Hash256(hash));
        return grant is null || grant.Expires <= _time.GetUtcNow() ? null : grant;
    }

    /// <summary>The same for a token that was read as characters.</summary>
    public AccessGrant? FindToken(ReadOnlySpan<char> token)
    {
        const int Longest = 128;
        Span<byte> bytes = stackalloc byte[Longest];
        return token.Length <= Longest && Encoding.UTF8.TryGetBytes(token, bytes, out int written) ? FindToken(bytes[..written]) : null;
    }

    /// <summary>Forgets what has expired. Called about once a minute.</summary>
    public void DropExpired()
    {
        lock (_gate)
        {
            _tables.DropExpired(_time.GetUtcNow());
        }
    }

    public void Dispose()
    {
    }

    private void Apply(Change change)
    {
        _tables.Apply(change);
        _changes.Add(change);
    }

    /// <summary>Ends an operation: completes when its changes, and all before them, are durable. Called under the lock, awaited outside.</summary>
    private Task CommitAsync()
    {
        _changes.Clear();
        return Task.CompletedTask;
    }
}
