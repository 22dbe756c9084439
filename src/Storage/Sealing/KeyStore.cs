using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

/// <summary>What the key store knows of a subject.</summary>
public enum KeyState
{
    /// <summary>It never had a secret here.</summary>
    Unknown,

    Present,

    /// <summary>Its secret was destroyed; it never gets another one.</summary>
    Destroyed,
}

/// <summary>
/// Holds one random secret per subject, wrapped by the tenant key, in a file of its own. All sealing of a subject's data depends on that
/// secret, so destroying it erases the subject, also in copies of the database.
/// </summary>
/// <remarks>
/// Thread-safe; reading waits for no disk synchronisation. A new secret is in memory only until <see cref="Flush"/>, which must come before
/// the database commit that depends on it. One process at a time. Keep backups of the key folders apart from those of the database, and for a
/// shorter time: a subject is erased when the last backup of its secret is gone.
/// </remarks>
public sealed partial class KeyStore : IDisposable
{
    private readonly IDisk _disk;
    private readonly KeyStoreOptions _options;
    private readonly string _path;
    private readonly SubjectKeyCache _cache;

    // Taken for short, never while waiting for the disk to synchronise: the table, new secrets, the cache, and which file and tenant key are in use.
    private readonly Lock _gate = new();

    // Taken by whoever writes to the file; before _gate if both.
    private readonly Lock _writing = new();

    private readonly SubjectTable _table = new();
    private readonly Dictionary<SubjectId, byte[]> _new = [];
    private TenantKey _tenantKey;
    private IDiskFile _file;

    internal KeyStore(KeyStoreOptions options, IDisk disk)
    {
        _options = options;
        _disk = disk;
        _path = Path.Combine(options.Folder, "subjects.keys");
        _cache = new SubjectKeyCache(options.MaxCachedSubjects);
        PrivateFiles.EnsureFolder(disk, options.Folder);
        PrivateFiles.EnsureFolder(disk, options.TenantKeyFolder);
        IsNew = !File.Exists(_path);
        (_file, _tenantKey) = IsNew ? CreateFile() : OpenFile();
        try
        {
            Load();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Random id of the tenant, made with the file; part of what every seal is bound to.</summary>
    public UInt128 Tenant { get; private set; }

    /// <summary>True when there was no key file. If there is a database already, its key file was lost: do not go on.</summary>
    public bool IsNew { get; }

    /// <summary>Records at the end of the file that were not whole at the start, and those after them: a flush that a stop of the machine cut short.</summary>
    /// <remarks>
    /// Damage to the last flush before the start looks the same. So when this is not 0, check that <see cref="StateOf"/> knows every subject of
    /// the database before anything is written: a subject that lost its secret would get another one.
    /// </remarks>
    public int DroppedRecords { get; private set; }

    /// <summary>The file of the tenant key in use.</summary>
    public string TenantKeyPath
    {
        get
        {
            lock (_gate)
            {
                return TenantKey.PathOf(_options.TenantKeyFolder, _tenantKey.Id);
            }
        }
    }

    /// <summary>Subjects in the file, destroyed ones included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _table.Count;
            }
        }
    }

    /// <summary>Opens the key store, or creates it together with a tenant key.</summary>
    /// <exception cref="KeyStoreException">Files or folders are open to others, damaged or missing.</exception>
    public static KeyStore Open(KeyStoreOptions options) => new(options, RealDisk.Instance);

    public KeyState StateOf(SubjectId subject)
    {
        lock (_gate)
        {
            return State(subject, out _);
        }
    }

    /// <summary>Sees to it that the subject has a secret, for now in memory; false when it was destroyed.</summary>
    public bool Ensure(SubjectId subject) => TryGetOrCreate(subject, out _);

    /// <summary>The key (32 bytes) that decides by how many days the subject's dates are shifted.</summary>
    public KeyState GetDateOffsetKey(SubjectId subject, Span<byte> key) => Derive(subject, "HealthChain 1 date offset"u8, key);

    /// <summary>The key (32 bytes) for the salts of the subject's commitments in the ledger.</summary>
    public KeyState GetCommitmentSaltKey(SubjectId subject, Span<byte> key) => Derive(subject, "HealthChain 1 commitment salt"u8, key);

    /// <summary>The salt (16 bytes) of the subject's commitment with that sequence number, made from the key for salts.</summary>
    public KeyState GetCommitmentSalt(SubjectId subject, long sequence, Span<byte> salt)
    {
        KeyState state = TryGet(subject, out SubjectKeys? keys);
        return keys is null || keys.TryWriteSalt(sequence, salt) ? state : KeyState.Destroyed;
    }

    /// <summary>
    /// The key for the hashes of search indexes, made once: it comes from the secret of <see cref="SubjectId.NoPerson"/>, which is never
    /// destroyed, so it lies where the secrets lie and outlives rotations of the tenant key. It is durable when this returns.
    /// </summary>
    public IndexHasher GetIndexHasher()
    {
        Span<byte> key = stackalloc byte[SubjectKeys.SecretBytes];
        DeriveForNoPerson("HealthChain 1 search index"u8, key);
        var hasher = new IndexHasher(key[..IndexHasher.KeyBytes]);
        CryptographicOperations.ZeroMemory(key);
        return hasher;
    }

    /// <summary>The key (32 bytes) for what the authorisation server keeps, made once and durable like that of the search indexes.</summary>
    public void GetAuthorisationKey(Span<byte> key) => DeriveForNoPerson("HealthChain 1 authorisation state"u8, key);

    /// <summary>The key (32 bytes) for what is kept of subscriptions beside the resources, made once and durable likewise.</summary>
    public void GetSubscriptionKey(Span<byte> key) => DeriveForNoPerson("HealthChain 1 subscriptions"u8, key);

    internal KeyState TryGet(SubjectId subject, out SubjectKeys? keys)
    {
        if (_cache.TryGet(subject, out keys))
        {
            return KeyState.Present;
        }

        lock (_gate)
        {
            KeyState state = State(subject, out int record);
            keys = state == KeyState.Present ? Unwrap(subject, record) : null;
            return state;
        }
    }

    /// <summary>The subject's keys, new ones if it has none; false when they were destroyed.</summary>
    internal bool TryGetOrCreate(SubjectId subject, [NotNullWhen(true)] out SubjectKeys? keys)
    {
        if (_cache.TryGet(subject, out keys))
        {
            return true;
        }

        lock (_gate)
        {
            switch (State(subject, out int record))
            {
                case KeyState.Destroyed:
                    keys = null;
                    return false;
                case KeyState.Present:
                    keys = Unwrap(subject, record);
                    return true;
                default:
                    byte[] secret = RandomNumberGenerator.GetBytes(SubjectKeys.SecretBytes);
                    _new.Add(subject, secret);
                    keys = new SubjectKeys(subject, secret);
                    _cache.Add(keys);
                    return true;
            }
        }
    }

    private void DeriveForNoPerson(ReadOnlySpan<byte> label, Span<byte> key)
    {
        if (!TryGetOrCreate(SubjectId.NoPerson, out SubjectKeys? keys) || !keys.TryDerive(label, key))
        {
            throw new KeyStoreException($"{_path} says that the secret of no person was destroyed, which never happens. Restore it from its backup.");
        }

        Flush();
    }

    private KeyState Derive(SubjectId subject, ReadOnlySpan<byte> label, Span<byte> key)
    {
        KeyState state = TryGet(subject, out SubjectKeys? keys);
        return keys is null || keys.TryDerive(label, key) ? state : KeyState.Destroyed;
    }

    private KeyState State(SubjectId subject, out int record) =>
        _table.TryGet(subject, out record)
            ? record == SubjectTable.Destroyed ? KeyState.Destroyed : KeyState.Present
            : _new.ContainsKey(subject) ? KeyState.Present : KeyState.Unknown;

    // Under _gate, so that a secret read before its destruction cannot enter the cache after it.
    private SubjectKeys Unwrap(SubjectId subject, int record)
    {
        if (_cache.TryGet(subject, out SubjectKeys? keys))
        {
            return keys;
        }

        if (_new.TryGetValue(subject, out byte[]? fresh))
        {
            keys = new SubjectKeys(subject, fresh);
        }
        else
        {
            Span<byte> secret = stackalloc byte[SubjectKeys.SecretBytes];
            ReadSecret(subject, record, secret);
            keys = new SubjectKeys(subject, secret);
            CryptographicOperations.ZeroMemory(secret);
        }

        _cache.Add(keys);
        return keys;
    }

    private void ReadSecret(SubjectId subject, int record, Span<byte> secret)
    {
        Span<byte> bytes = stackalloc byte[KeyRecord.Bytes];
        bool isRead = _file.Read(bytes, OffsetOf(record)) == KeyRecord.Bytes
            && KeyRecord.IsWhole(bytes, record)
            && KeyRecord.Subject(bytes) == subject
            && KeyRecord.TryUnwrap(bytes, _tenantKey, Tenant, secret);
        if (!isRead)
        {
            throw new KeyStoreException($"Record {record} of {_path} was altered while in use. Restore the file from its backup.");
        }
    }

    private static long OffsetOf(int record) => KeyFileHeader.Bytes + ((long)record * KeyRecord.Bytes);

    public void Dispose()
    {
        _file.Dispose();
        _tenantKey.Dispose();
    }
}
