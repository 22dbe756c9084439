using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace HealthChain.Storage.Sealing;

/// <summary>
/// The keys that a subject's secret gives. Thread-safe. Looked up for each use and not kept: only the one in the cache learns that the
/// subject is destroyed.
/// </summary>
internal sealed class SubjectKeys
{
    public const int SecretBytes = 32;

    private const int KeyBytes = 32;

    private readonly Lock _gate = new();
    private readonly byte[] _secret;

    // An AesGcm of the platform holds one native context, which no two threads may use at a time, and costs microseconds to make. So one is
    // kept here and lent; whoever comes meanwhile makes another.
    private AesGcm? _idle;

    // Made when it is first asked for and kept: each version and record needs a salt, and a new one costs as much again as the salt.
    private IncrementalHash? _salts;
    private bool _isDestroyed;
    private bool _isEvicted;

    public SubjectKeys(SubjectId subject, ReadOnlySpan<byte> secret)
    {
        Subject = subject;
        _secret = secret.ToArray();
    }

    public SubjectId Subject { get; }

    // Set by each use and taken back by the cache when it looks for something to drop.
    public bool WasUsed { get; set; }

    /// <summary>A 32-byte key for a purpose; false once destroyed.</summary>
    public bool TryDerive(ReadOnlySpan<byte> label, Span<byte> destination)
    {
        if (destination.Length != KeyBytes)
        {
            throw new ArgumentException($"A key has {KeyBytes} bytes.", nameof(destination));
        }

        lock (_gate)
        {
            if (_isDestroyed)
            {
                return false;
            }

            Derive(label, destination);
            return true;
        }
    }

    /// <summary>
    /// The salt of one commitment in the ledger: the beginning of HMAC-SHA-256 over the sequence number under the key for salts. False once
    /// destroyed.
    /// </summary>
    public bool TryWriteSalt(long sequence, Span<byte> salt)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64BigEndian(counter, sequence);
        lock (_gate)
        {
            if (_isDestroyed)
            {
                return false;
            }

            IncrementalHash salts = _salts ?? NewSalts();
            salts.AppendData(counter);
            salts.GetHashAndReset(mac);
            _salts = _isEvicted ? null : salts;
            if (_isEvicted)
            {
                salts.Dispose();
            }
        }

        mac[..salt.Length].CopyTo(salt);
        return true;
    }

    /// <summary>Lends the cipher of the data key; give it back. False once destroyed.</summary>
    public bool TryRent([NotNullWhen(true)] out AesGcm? cipher)
    {
        lock (_gate)
        {
            cipher = _isDestroyed ? null : _idle ?? NewCipher();
            _idle = null;
        }

        return cipher is not null;
    }

    public void Return(AesGcm cipher)
    {
        lock (_gate)
        {
            if (!_isDestroyed && !_isEvicted && _idle is null)
            {
                _idle = cipher;
                return;
            }
        }

        cipher.Dispose();
    }

    /// <summary>Releases what only the cache needs kept; holders go on.</summary>
    public void Evict()
    {
        lock (_gate)
        {
            _isEvicted = true;
            Release();
        }
    }

    public void Destroy()
    {
        lock (_gate)
        {
            _isDestroyed = true;
            CryptographicOperations.ZeroMemory(_secret);
            Release();
        }
    }

    private AesGcm NewCipher()
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        Derive("HealthChain 1 data"u8, key);
        var cipher = new AesGcm(key, ResourceSealer.TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private IncrementalHash NewSalts()
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        Derive("HealthChain 1 commitment salt"u8, key);
        var salts = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        CryptographicOperations.ZeroMemory(key);
        return salts;
    }

    private void Release()
    {
        _idle?.Dispose();
        _idle = null;
        _salts?.Dispose();
        _salts = null;
    }

    // The secret is uniformly random, so the extract step may be left out (RFC 5869 §3.3).
    private void Derive(ReadOnlySpan<byte> label, Span<byte> key)
    {
        HKDF.Expand(HashAlgorithmName.SHA256, _secret, key, label);
    }
}
