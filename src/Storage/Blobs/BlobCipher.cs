using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// Seals and opens the chunks of one blob under its own key. The nonce is the chunk's number, which is safe because the key serves this
/// blob alone and each chunk once. Not thread-safe.
/// </summary>
/// <remarks>
/// The bytes: format 1 | codec 1 (0: as it is) | chunks. A chunk: ciphertext, of 65,536 bytes except the last | tag 16. Authenticated with
/// each: format 1 | codec 1 | last 1. So chunks cannot be left out, added, reordered or cut off at a border.
/// </remarks>
internal sealed class BlobCipher : IDisposable
{
    public const int ChunkBytes = 65536;
    public const int TagBytes = 16;
    public const int SealedChunkBytes = ChunkBytes + TagBytes;

    private readonly AesGcm _cipher;
    private readonly byte[] _bound = [.. Prefix, 0];

    public BlobCipher(BlobKey key)
    {
        Span<byte> bytes = stackalloc byte[BlobKey.Bytes];
        key.Write(bytes);
        _cipher = new AesGcm(bytes, TagBytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>The first bytes of every blob.</summary>
    public static ReadOnlySpan<byte> Prefix => [1, 0];

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
