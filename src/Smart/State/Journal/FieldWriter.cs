using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State.Journal;

/// <summary>Writes fields one after the other, in as few bytes as they need.</summary>
internal sealed class FieldWriter
{
    private const int LongestNumber = 10;

    private readonly ArrayBufferWriter<byte> _bytes = new(1 << 12);

    public int Length => _bytes.WrittenCount;

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Clear() => _bytes.ResetWrittenCount();

    public void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>Seven bits in each byte, the lowest first.</summary>
    public void Number(ulong value)
    {
        Span<byte> destination = _bytes.GetSpan(LongestNumber);
        int at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            destination[at++] = (byte)(value | 0x80);
        }

        destination[at++] = (byte)value;
        _bytes.Advance(at);
    }

    public void Number(long value) => Number((ulong)value);

    public void Text(string? value)
    {
        if (value is null)
        {
            Number(0);
            return;
        }

        int length = Encoding.UTF8.GetByteCount(value);
        Number(length + 1L);
        Encoding.UTF8.GetBytes(value, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }

    public void Bytes(byte[]? value)
    {
        Number(value is null ? 0 : value.Length + 1L);
        _bytes.Write(value);
    }

    public void Raw(ReadOnlySpan<byte> value) => _bytes.Write(value);

    public void Texts(IReadOnlyList<string> values)
    {
        Number(values.Count);
        foreach (string value in values)
        {
            Text(value);
        }
    }

    public void Time(DateTimeOffset value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value.UtcTicks);
        _bytes.Advance(sizeof(long));
    }

    public void Time(DateTimeOffset? value)
    {
        Flag(value is not null);
        if (value is { } time)
        {
            Time(time);
        }
    }

    public void Hash(Hash256 value)
    {
        value.Write(_bytes.GetSpan(Hash256.Bytes));
        _bytes.Advance(Hash256.Bytes);
    }

    public void Hash(Hash256? value)
    {
        Flag(value is not null);
        if (value is { } hash)
        {
            Hash(hash);
        }
    }
}
