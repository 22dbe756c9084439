using System.Security.Cryptography;
using System.Text;
using HealthChain.Files;
using HealthChain.LedgerProofs;
using HealthChain.Smart.State.Journal;

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
    private static readonly TimeSpan MostGarbageAge = TimeSpan.FromDays(1);

    private readonly SmartStateOptions _options;
    private readonly TimeProvider _time;
    private readonly StateTables _tables = new();

    // Held for short and never while waiting for the disk.
    private readonly Lock _gate = new();

    // What the operation under way has changed.
    private readonly List<Change> _changes = [];
    private readonly StateJournal? _journal;
    private DateTimeOffset _compacted;

    private SmartState(SmartStateOptions options, TimeProvider time, Func<SmartState, StateJournal>? openJournal)
    {
        _options = options;
        _time = time;
        _compacted = time.GetUtcNow();
        _journal = openJournal?.Invoke(this);
        _tables.DropExpired(time.GetUtcNow(), _gate);
    }

    /// <summary>
    /// Name of the file of a folder that holds all. It is only appended to, or replaced as a whole, and drops a torn end: so a copy that is
    /// made at any time is the state of a moment.
    /// </summary>
    public const string FileName = "smart.journal";

    /// <summary>A state that ends with the process.</summary>
    public static SmartState InMemory(SmartStateOptions options, TimeProvider time) => new(options, time, openJournal: null);

    /// <summary>The state of a folder, which is made when it is not there. One process at a time.</summary>
    /// <param name="key">32 bytes; what is kept cannot be read without them.</param>
    /// <exception cref="SmartStateException">The journal is damaged, or belongs to another key.</exception>
    public static SmartState Open(SmartStateOptions options, string folder, ReadOnlySpan<byte> key, TimeProvider time) =>
        Open(options, RealDisk.Instance, folder, key, JournalLimits.Default, time);

    internal static SmartState Open(SmartStateOptions options, IDisk disk, string folder, ReadOnlySpan<byte> key, JournalLimits limits, TimeProvider time)
    {
        byte[] copy = key.ToArray();
        var opened = new SmartState(options, time, state => StateJournal.Open(disk, folder, copy, limits, state._tables.Apply, () => state._tables.Snapshot(state._gate)));
        CryptographicOperations.ZeroMemory(copy);
        return opened;
    }

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

    /// <summary>Forgets what has expired, on the disk within a day. Called about once a minute.</summary>
    public void DropExpired()
    {
        DateTimeOffset now = _time.GetUtcNow();
        _tables.DropExpired(now, _gate);
        lock (_gate)
        {
            DropUnusedRegistrations(now);
            if (now - _compacted >= MostGarbageAge)
            {
                _compacted = now;
                _ = _journal?.CompactAsync();
            }
        }
    }

    /// <summary>Writes the journal anew, so that nothing is in it but what lives.</summary>
    internal Task CompactAsync() => _journal?.CompactAsync() ?? Task.CompletedTask;

    public void Dispose() => _journal?.Dispose();

    /// <summary>Asked before anything new is made: a disk that fails must not let memory grow.</summary>
    private void EnsureRoom()
    {
        if (_journal is { IsFull: true })
        {
            throw new IOException("The journal of the authorisation server cannot be written, and too much waits for it.");
        }
    }

    private void Apply(Change change)
    {
        _tables.Apply(change);
        _changes.Add(change);
    }

    /// <summary>Ends an operation: completes when its changes, and all before them, are durable. Called under the lock, awaited outside.</summary>
    private Task CommitAsync()
    {
        Change[] changes = [.. _changes];
        _changes.Clear();
        return _journal?.AppendAsync(changes) ?? Task.CompletedTask;
    }
}
