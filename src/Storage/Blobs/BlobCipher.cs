using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// Seals and opens the chunks of one blob under a key of its own, made from the subject's secret and the blob's salt. The nonce is the
/// chunk's number, which is safe because the key serves this blob alone and each chunk once. Not thread-safe.
/// </summary>
/// <remarks>
/// The bytes: format 1 | codec 1 (0: as it is) | chunks. A chunk: ciphertext, of 65,536 bytes except the last | tag 16. Authenticated with
/// each: format 1 | codec 1 | tenant 16 | last 1. So chunks cannot be left out, added, reordered or cut off at a border.
/// </remarks>
internal sealed class BlobCipher : IDisposable
{
    public const int ChunkBytes = 65536;
    public const int TagBytes = 16;
    public const int SealedChunkBytes = ChunkBytes + TagBytes;

    private readonly AesGcm _cipher;
    private readonly byte[] _bound = new byte[19];

    private BlobCipher(ReadOnlySpan<byte> key, UInt128 tenant)
    {
        _cipher = new AesGcm(key, TagBytes);
        Prefix.CopyTo(_bound);
        BinaryPrimitives.WriteUInt128BigEndian(_bound.AsSpan(Prefix.Length), tenant);
    }

    /// <summary>The first bytes of every blob.</summary>
    public static ReadOnlySpan<byte> Prefix => [1, 0];

    /// <summary>Null when the subject was destroyed.</summary>
    public static BlobCipher? Create(SubjectKeys keys, UInt128 tenant, UInt128 salt)
    {
        ReadOnlySpan<byte> purpose = "HealthChain 1 blob"u8;
        Span<byte> label = stackalloc byte[purpose.Length + 16];
        purpose.CopyTo(label);
        BinaryPrimitives.WriteUInt128BigEndian(label[purpose.Length..], salt);
        Span<byte> key = stackalloc byte[32];
        if (!keys.TryDerive(label, key))
        {
            return null;
        }

        var cipher = new BlobCipher(key, tenant);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    /// <summary>Number of the last chunk; an empty blob has one, too.</summary>
    public static long LastChunk(long bytes) => bytes == 0 ? 0 : (bytes - 1) / ChunkBytes;

    public static long SealedBytes(long bytes) => Prefix.Length + bytes + ((LastChunk(bytes) + 1) * TagBytes);

    public static long OffsetOf(long chunk) => Prefix.Length + (chunk * SealedChunkBytes);

    /// <summary>Seals a chunk into a buffer that is longer by the tag.</summary>
    public void Seal(long chunk, bool isLast, ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[12];
        Bind(chunk, isLast, nonce);
        _cipher.Encrypt(nonce, plain, destination[..plain.Length], destination[plain.Length..], _bound);
    }

    /// <summary>Opens a chunk; false when it is not the one that was sealed.</summary>
    public bool TryOpen(long chunk, bool isLast, ReadOnlySpan<byte> sealedChunk, Span<byte> destination)
    {
        Span<byte> nonce = stackalloc byte[12];
        Bind(chunk, isLast, nonce);
        try
        {
            _cipher.Decrypt(nonce, sealedChunk[..^TagBytes], sealedChunk[^TagBytes..], destination, _bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private void Bind(long chunk, bool isLast, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[4..], chunk);
        _bound[^1] = isLast ? (byte)1 : (byte)0;
    }

    public void Dispose() => _cipher.Dispose();
}
