using System.Buffers.Binary;
using System.Text;

namespace HealthChain.LedgerProofs;

/// <summary>Text in a statement: printable ASCII without spaces, so that each has one form in bytes.</summary>
internal static class StatementText
{
    public static bool IsValid(string? text, int most) =>
        !string.IsNullOrEmpty(text) && text.Length <= most && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}

/// <summary>Reads values one after the other. Whatever is missing or wrong reads as zero, and <see cref="IsAtEnd"/> is false for good.</summary>
internal ref struct StatementReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private bool _hasFailed;

    public readonly bool IsAtEnd => !_hasFailed && _rest.IsEmpty;

    public byte Byte() => Take(1) is [var value] ? value : default;

    public ushort UInt16() => Take(2) is { Length: 2 } value ? BinaryPrimitives.ReadUInt16BigEndian(value) : default;

    public int Int32() => Take(4) is { Length: 4 } value ? BinaryPrimitives.ReadInt32BigEndian(value) : default;

    public long Int64() => Take(8) is { Length: 8 } value ? BinaryPrimitives.ReadInt64BigEndian(value) : default;

    public Hash256 Hash() => Take(Hash256.Bytes) is { Length: Hash256.Bytes } value ? new Hash256(value) : default;

    public string Text(int most)
    {
        int length = Byte();
        if (length > most)
        {
            _hasFailed = true;
        }

        // A byte that is not ASCII becomes '?', which would be another text.
        ReadOnlySpan<byte> text = Take(length);
        if (!Ascii.IsValid(text))
        {
            _hasFailed = true;
        }

        return Encoding.ASCII.GetString(text);
    }

    public SequenceList Sequences(int count)
    {
        ReadOnlySpan<byte> taken = Take(8 * count);
        if (taken.IsEmpty)
        {
            return SequenceList.Empty;
        }

        long[] sequences = new long[count];
        for (int i = 0; i < count; i++)
        {
            sequences[i] = BinaryPrimitives.ReadInt64BigEndian(taken[(8 * i)..]);
        }

        return new SequenceList(sequences);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_hasFailed || length > _rest.Length)
        {
            _hasFailed = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}

/// <summary>Writes values one after the other into a buffer that is large enough.</summary>
internal ref struct StatementWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public void Byte(byte value) => _destination[Written++] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Next(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Next(8), value);

    public void Hash(Hash256 value) => value.Write(Next(Hash256.Bytes));

    public void Text(string value)
    {
        Byte((byte)value.Length);
        Encoding.ASCII.GetBytes(value, Next(value.Length));
    }

    public void Sequences(SequenceList values)
    {
        for (int i = 0; i < values.Count; i++)
        {
            Int64(values[i]);
        }
    }

    private Span<byte> Next(int length)
    {
        Span<byte> next = _destination.Slice(Written, length);
        Written += length;
        return next;
    }
}
