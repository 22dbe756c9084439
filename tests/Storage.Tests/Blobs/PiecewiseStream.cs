namespace HealthChain.Storage.Tests.Blobs;

/// <summary>A source that gives a few bytes at a time, may repeat itself, and may break off.</summary>
internal sealed class PiecewiseStream(byte[] content, int piece, long? breaksAt = null, long? repeatsUpTo = null) : Stream
{
    private readonly long _length = repeatsUpTo ?? content.Length;
    private long _position;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_position >= breaksAt)
        {
            throw new IOException("The connection was reset.");
        }

        int from = (int)(_position % content.Length);
        int length = (int)Math.Min(Math.Min(buffer.Length, piece), Math.Min(content.Length - from, _length - _position));
        content.AsSpan(from, length).CopyTo(buffer);
        _position += length;
        return length;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
