using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HealthChain.Storage.Sealing;

/// <summary>What came of sealing or opening.</summary>
public enum SealStatus : byte
{
    Ok,

    /// <summary>The subject never had a secret in this key store.</summary>
    UnknownSubject,

    /// <summary>The subject's secret was destroyed.</summary>
    ErasedSubject,

    /// <summary>The bytes begin with a format that this program does not know.</summary>
    UnknownFormat,

    /// <summary>The bytes were altered or cut, or are those of another version, resource, type or tenant.</summary>
    Damaged,

    /// <summary>There is nothing at that address.</summary>
    Missing,
}

/// <summary>Which version of which resource is sealed: bound to the bytes, so that none can pass for another.</summary>
/// <param name="Type">Resource type.</param>
/// <param name="Surrogate">The resource's own number within the store, never given to another; not its subject's.</param>
/// <param name="Version">Its version.</param>
public readonly record struct SealedVersion(string Type, UInt128 Surrogate, long Version);

/// <summary>Encrypts versions under their subject's key: AES-256-GCM, a random nonce each. Thread-safe; no allocation while the key is cached.</summary>
/// <remarks>
/// The bytes: format 1 | codec 1 (0: as it is) | nonce 12 | ciphertext | tag 16. Authenticated with them: format 1 | codec 1 | tenant 16 |
/// surrogate 16 | version 8 | type. All before the type has a fixed size, so no two versions give the same. With random nonces
/// one key is good for 2^32 versions (NIST SP 800-38D §8.3), far above what one subject has.
/// </remarks>
public sealed class ResourceSealer(KeyStore keys)
{
    /// <summary>How much longer the sealed bytes are.</summary>
    public const int Overhead = 2 + NonceBytes + TagBytes;

    internal const int TagBytes = 16;

    private const int NonceBytes = 12;
    private const byte Format = 1;
    private const byte NoCodec = 0;
    private const int MaxTypeBytes = 64;
    private const int TypeAt = 42;

    internal KeyStore Keys => keys;

    /// <summary>Seals a version into a buffer of its length plus <see cref="Overhead"/>. A subject without a secret gets one, to be flushed before the commit.</summary>
    /// <returns>Ok, or ErasedSubject.</returns>
    public SealStatus Seal(SubjectId subject, in SealedVersion version, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        CheckLength(plain.Length + Overhead, destination);
        if (!keys.TryGetOrCreate(subject, out SubjectKeys? subjectKeys) || !subjectKeys.TryRent(out AesGcm? cipher))
        {
            return SealStatus.ErasedSubject;
        }

        try
        {
            destination[0] = Format;
            destination[1] = NoCodec;
            Span<byte> nonce = destination.Slice(2, NonceBytes);
            Nonces.Next(nonce);
            Span<byte> bound = stackalloc byte[TypeAt + MaxTypeBytes];
            bound = bound[..WriteBound(bound, destination, version)];
            cipher.Encrypt(nonce, plain, destination[(2 + NonceBytes)..^TagBytes], destination[^TagBytes..], bound);
        }
        finally
        {
            subjectKeys.Return(cipher);
        }

        return SealStatus.Ok;
    }

    /// <summary>Opens a version into a buffer of its length less <see cref="Overhead"/>. The buffer is all zeros unless the result is Ok.</summary>
    public SealStatus Open(SubjectId subject, in SealedVersion version, ReadOnlySpan<byte> sealedBytes, Span<byte> destination)
    {
        destination.Clear();
        if (sealedBytes.Length < Overhead)
        {
            return SealStatus.Damaged;
        }

        CheckLength(sealedBytes.Length - Overhead, destination);
        if (sealedBytes[0] != Format || sealedBytes[1] != NoCodec)
        {
            return SealStatus.UnknownFormat;
        }

        KeyState state = keys.TryGet(subject, out SubjectKeys? subjectKeys);
        if (state == KeyState.Unknown)
        {
            return SealStatus.UnknownSubject;
        }

        if (subjectKeys is null || !subjectKeys.TryRent(out AesGcm? cipher))
        {
            return SealStatus.ErasedSubject;
        }

        try
        {
            Span<byte> bound = stackalloc byte[TypeAt + MaxTypeBytes];
            bound = bound[..WriteBound(bound, sealedBytes, version)];
            cipher.Decrypt(
                sealedBytes.Slice(2, NonceBytes), sealedBytes[(2 + NonceBytes)..^TagBytes], sealedBytes[^TagBytes..], destination, bound);
            return SealStatus.Ok;
        }
        catch (AuthenticationTagMismatchException)
        {
            destination.Clear();
            return SealStatus.Damaged;
        }
        finally
        {
            subjectKeys.Return(cipher);
        }
    }

    private static void CheckLength(int expected, ReadOnlySpan<byte> destination)
    {
        if (destination.Length != expected)
        {
            throw new ArgumentException($"The buffer must have {expected} bytes.", nameof(destination));
        }
    }

    private int WriteBound(Span<byte> bound, ReadOnlySpan<byte> sealedBytes, in SealedVersion version)
    {
        sealedBytes[..2].CopyTo(bound);
        BinaryPrimitives.WriteUInt128BigEndian(bound[2..], keys.Tenant);
        BinaryPrimitives.WriteUInt128BigEndian(bound[18..], version.Surrogate);
        BinaryPrimitives.WriteInt64BigEndian(bound[34..], version.Version);
        return TypeAt + Encoding.UTF8.GetBytes(version.Type, bound[TypeAt..]);
    }
}
