using System.Security.Cryptography;
using System.Text;

namespace HealthChain.Smart.Accounts.Passwords;

/// <summary>What hashing may take of the machine.</summary>
public sealed record PasswordOptions
{
    /// <summary>Memory of one hash in KiB; docs/adr/0026 has what it costs.</summary>
    public int HashKibiBytes { get; init; } = 32 << 10;

    public int HashPasses { get; init; } = 3;

    /// <summary>Hashes that are made at the same time; 0 for half of the processors.</summary>
    public int HashesAtOnce { get; init; }

    /// <summary>Logins that wait for their turn; further ones are told to come later.</summary>
    public int MostWaiting { get; init; } = 32;

    /// <summary>Fewest characters of a password; NIST SP 800-63B-4 §3.1.1.2 has 15 for one that is the only factor.</summary>
    public int MinLength { get; init; } = 15;

    internal Argon2Cost Cost => new(HashKibiBytes, HashPasses, 1);
}

/// <summary>What came of checking a password.</summary>
internal enum PasswordVerdict
{
    Wrong,
    Right,

    /// <summary>Right, and hashed with another cost than new ones are: to be hashed anew.</summary>
    RightButOld,

    /// <summary>Too many wait already.</summary>
    Busy,
}

/// <summary>Makes and checks hashes of passwords, a few at a time: a flood of logins must not take the processors from those who are in.</summary>
internal sealed class PasswordHasher : IDisposable
{
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private readonly PasswordOptions _options;
    private readonly SemaphoreSlim _turns;

    // One memory for each turn, kept: 32 MiB that come and go would keep the garbage collector busy.
    private readonly Stack<ulong[]> _memories = new();
    private readonly PasswordHash _nobody;
    private int _waiting;
    private long _made;

    public PasswordHasher(PasswordOptions options)
        : this(options, new SemaphoreSlim(options.HashesAtOnce > 0 ? options.HashesAtOnce : Math.Max(1, Environment.ProcessorCount / 2)))
    {
    }

    /// <param name="turns">One for each hash that is made at the same time.</param>
    internal PasswordHasher(PasswordOptions options, SemaphoreSlim turns)
    {
        _options = options;
        _turns = turns;
        _nobody = new PasswordHash(options.Cost, RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(HashBytes));
    }

    /// <summary>How many hashes were made, for whatever password.</summary>
    public long Made => Interlocked.Read(ref _made);

    /// <summary>The hash of a new password; null when too many wait already.</summary>
    public async ValueTask<byte[]?> HashAsync(string password, CancellationToken cancellationToken)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[]? hash = await RunAsync(password, salt, _options.Cost, cancellationToken);
        return hash is null ? null : new PasswordHash(_options.Cost, salt, hash).ToBytes();
    }

    /// <summary>Checks a password against what is kept; null, for an account that does not exist or has none, takes the same time and is wrong.</summary>
    public async ValueTask<PasswordVerdict> VerifyAsync(string password, byte[]? kept, CancellationToken cancellationToken)
    {
        PasswordHash? known = kept is null ? null : PasswordHash.TryRead(kept);
        PasswordHash compared = known ?? _nobody;
        if (await RunAsync(password, compared.Salt, compared.Cost, cancellationToken) is not { } hash)
        {
            return PasswordVerdict.Busy;
        }

        return !CryptographicOperations.FixedTimeEquals(hash, compared.Hash) || known is null ? PasswordVerdict.Wrong
            : known.Cost == _options.Cost ? PasswordVerdict.Right
            : PasswordVerdict.RightButOld;
    }

    public void Dispose() => _turns.Dispose();

    private async ValueTask<byte[]?> RunAsync(string password, byte[] salt, Argon2Cost cost, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > _options.MostWaiting)
            {
                return null;
            }

            await _turns.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            ulong[] memory = TakeMemory(Argon2id.WordsFor(cost));
            byte[] bytes = Encoding.UTF8.GetBytes(password);
            byte[] hash = new byte[HashBytes];
            Argon2id.Hash(bytes, salt, cost, memory, hash);
            CryptographicOperations.ZeroMemory(bytes);
            KeepMemory(memory);
            Interlocked.Increment(ref _made);
            return hash;
        }
        finally
        {
            _turns.Release();
        }
    }

    private ulong[] TakeMemory(int words)
    {
        lock (_memories)
        {
            if (_memories.TryPop(out ulong[]? kept) && kept.Length >= words)
            {
                return kept;
            }
        }

        return GC.AllocateUninitializedArray<ulong>(words);
    }

    private void KeepMemory(ulong[] memory)
    {
        if (memory.Length == Argon2id.WordsFor(_options.Cost))
        {
            lock (_memories)
            {
                _memories.Push(memory);
            }
        }
    }
}
