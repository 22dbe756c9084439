namespace HealthChain.FhirServer.Cli;

/// <summary>A window that slides over a stream and grows to the longest piece that must be seen at once.</summary>
internal sealed class ByteWindow(Stream stream, int maxBytes)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The bytes in sight. They stay valid until the next <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(_start.._end);

    /// <summary>Whether the end of the stream is in sight.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>A part of the bytes in sight, as memory.</summary>
    public ReadOnlyMemory<byte> Slice(int offset, int length) => _buffer.AsMemory(_start + offset, length);

    /// <summary>Leaves the first bytes behind.</summary>
    public void Advance(int count)
    {
        _start += count;
        Position += count;
    }

    /// <summary>How many bytes of the stream have been left behind.</summary>
    public long Position { get; private set; }

    /// <summary>Brings more of the stream into sight; sets <see cref="IsFinal"/> when there is no more.</summary>
    public void Fill()
    {
        if (_end == _buffer.Length)
        {
            var kept = _end - _start;
            // Growing by doubling keeps the copying linear; moving within the buffer is enough when half of it is free.
            var target = kept > _buffer.Length / 2 ? new byte[Grown()] : _buffer;
            Array.Copy(_buffer, _start, target, 0, kept);
            (_buffer, _start, _end) = (target, 0, kept);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        IsFinal = read == 0;
    }

    /// <summary>Gives the next line without its end; false after the last. The line stays valid until the next call.</summary>
    public bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        for (var seen = 0; ;)
        {
            var newline = Bytes[seen..].IndexOf((byte)'\n');
            if (newline >= 0)
            {
                line = Slice(0, seen + newline);
                Advance(line.Length + 1);
                return true;
            }

            seen = Bytes.Length;
            if (IsFinal)
            {
                line = Slice(0, seen);
                Advance(seen);
                return seen > 0;
            }

            Fill();
        }
    }

    private int Grown() => _buffer.Length < maxBytes
        ? (int)Math.Min(_buffer.Length * 2L, maxBytes)
        : throw new InvalidDataException($"a resource is longer than {maxBytes} bytes");
}
