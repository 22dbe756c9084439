using System.Buffers;
using System.Security.Cryptography;
using HealthChain.Files;
using Microsoft.Win32.SafeHandles;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// The content of a blob, readable from any place. Each chunk is verified before a byte of it is handed out. Not thread-safe; dispose it.
/// </summary>
/// <remarks>Reading throws <see cref="InvalidDataException"/> when a chunk was altered.</remarks>
public sealed class BlobStream : Stream
{
    private readonly SafeFileHandle _file;
    private readonly BlobCipher _cipher;
    private readonly BlobAddress _address;
    private byte[] _sealed = ArrayPool<byte>.Shared.Rent(BlobCipher.SealedChunkBytes);
    private byte[] _plain = ArrayPool<byte>.Shared.Rent(BlobCipher.ChunkBytes);
    private long _chunk = -1;
    private long _position;
    private bool _isDisposed;

    internal BlobStream(SafeFileHandle file, BlobReference reference)
    {
        _file = file;
        _cipher = new BlobCipher(reference.Key);
        _address = reference.Address;
        Length = reference.Bytes;
    }

    public override bool CanRead => !_isDisposed;
    public override bool CanSeek => !_isDisposed;
    public override bool CanWrite => false;
    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_position >= Length || buffer.Length == 0)
        {
            return 0;
        }

        long chunk = _position / BlobCipher.ChunkBytes;
        if (chunk != _chunk)
        {
            OpenChunk(chunk);
        }

        int from = (int)(_position % BlobCipher.ChunkBytes);
        int count = Math.Min(buffer.Length, PlainBytes(chunk) - from);
        _plain.AsSpan(from, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    // From the page cache or a local disk: handing each chunk to another thread costs more than it frees.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => Length + offset,
        };
        return _position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _file.Dispose();
            _cipher.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
            ArrayPool<byte>.Shared.Return(_plain);
            ArrayPool<byte>.Shared.Return(_sealed);
            _plain = _sealed = [];
        }

        base.Dispose(disposing);
    }

    private int PlainBytes(long chunk) => (int)Math.Min(BlobCipher.ChunkBytes, Length - (chunk * BlobCipher.ChunkBytes));

    private void OpenChunk(long chunk)
    {
        // Nothing of a chunk that fails may be left for the next read.
        _chunk = -1;
        int plainBytes = PlainBytes(chunk);
        Span<byte> bytes = _sealed.AsSpan(0, plainBytes + BlobCipher.TagBytes);
        bool isWhole = RealDisk.ReadFully(_file, bytes, BlobCipher.OffsetOf(chunk)) == bytes.Length
            && _cipher.TryOpen(chunk, chunk == BlobCipher.LastChunk(Length), bytes, _plain.AsSpan(0, plainBytes));
        if (!isWhole)
        {
            throw new InvalidDataException($"Chunk {chunk} of blob {_address} is damaged.");
        }

        _chunk = chunk;
    }
}
