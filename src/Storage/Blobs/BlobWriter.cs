using System.Buffers;
using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Files;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// Takes in the content of one blob, piece by piece, and seals it chunk by chunk. Not thread-safe; dispose it: nothing stays of a blob that was
/// not completed.
/// </summary>
public sealed class BlobWriter : IDisposable
{
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly IDiskFile _file;
    private readonly BlobKey _key = BlobKey.NewRandom();
    private readonly BlobCipher _cipher;
    private readonly IncrementalHash _contentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _sealedHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    // One byte more than a chunk tells that a full chunk is not the last.
    private byte[] _plain = ArrayPool<byte>.Shared.Rent(BlobCipher.ChunkBytes + 1);
    private byte[] _sealed = ArrayPool<byte>.Shared.Rent(BlobCipher.SealedChunkBytes);
    private int _filled;
    private long _chunk;
    private bool _isPublished;
    private bool _isDisposed;

    internal BlobWriter(BlobStore store, string path, IDiskFile file, long maxBytes)
    {
        _store = store;
        _path = path;
        _file = file;
        MaxBytes = maxBytes;
        _cipher = new BlobCipher(_key);
    }

    /// <summary>Longest content that is taken.</summary>
    public long MaxBytes { get; }

    /// <summary>Content taken so far.</summary>
    public long Bytes => (_chunk * BlobCipher.ChunkBytes) + _filled;

    /// <summary>Room for content, to be filled from its start and told to <see cref="TryAdvance"/>; never empty.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public Memory<byte> GetMemory()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        WriteFullChunk();
        return _plain.AsMemory(_filled, BlobCipher.ChunkBytes + 1 - _filled);
    }

    /// <summary>Takes the first bytes of <see cref="GetMemory"/>; false when the content is longer than is allowed, and then it is over.</summary>
    public bool TryAdvance(int count)
    {
        _filled += count;
        return Bytes <= MaxBytes;
    }

    /// <summary>Takes a piece; false when the content is longer than is allowed, and then it is over.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public bool TryAppend(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            Span<byte> room = GetMemory().Span;
            int count = Math.Min(room.Length, piece.Length);
            piece[..count].CopyTo(room);
            piece = piece[count..];
            if (!TryAdvance(count))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends the content. The blob is durable when this returns.</summary>
    /// <returns>The reference, or an error when the content is too long.</returns>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    public Result<BlobReference> Complete()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        long bytes = Bytes;
        if (bytes > MaxBytes)
        {
            return BlobStore.TooLong(MaxBytes);
        }

        WriteFullChunk();
        WriteChunk(_filled, isLast: true);
        _file.Sync();
        var address = new BlobAddress(Digest.Read(_sealedHash.GetHashAndReset()));
        _file.Dispose();
        _store.Publish(_path, address);
        _isPublished = true;
        return new BlobReference(address, bytes, Digest.Read(_contentHash.GetHashAndReset()), _key);
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _file.Dispose();
        _cipher.Dispose();
        _contentHash.Dispose();
        _sealedHash.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
        ArrayPool<byte>.Shared.Return(_plain);
        ArrayPool<byte>.Shared.Return(_sealed);
        _plain = _sealed = [];
        _store.End(_path, _isPublished);
    }

    private void WriteFullChunk()
    {
        if (_filled > BlobCipher.ChunkBytes)
        {
            WriteChunk(BlobCipher.ChunkBytes, isLast: false);
            _plain[0] = _plain[BlobCipher.ChunkBytes];
            _filled = 1;
        }
    }

    private void WriteChunk(int length, bool isLast)
    {
        if (_chunk == 0)
        {
            _file.Write(BlobCipher.Prefix, 0);
            _sealedHash.AppendData(BlobCipher.Prefix);
        }

        Span<byte> sealedChunk = _sealed.AsSpan(0, length + BlobCipher.TagBytes);
        _contentHash.AppendData(_plain, 0, length);
        _cipher.Seal(_chunk, isLast, _plain.AsSpan(0, length), sealedChunk);
        _sealedHash.AppendData(sealedChunk);
        _file.Write(sealedChunk, BlobCipher.OffsetOf(_chunk));
        _chunk++;
    }
}
