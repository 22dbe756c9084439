using System.Numerics;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Writes Recursive Length Prefix (Yellow Paper, appendix B): strings of bytes, and lists of them.</summary>
public sealed class RlpWriter
{
    private readonly Stack<int> _lists = new();
    private byte[] _bytes = new byte[256];
    private int _length;

    public void Write(ReadOnlySpan<byte> text)
    {
        if (text is not [< RlpReader.ShortText])
        {
            WriteHead(_length, RlpReader.ShortText, text.Length);
        }

        WriteRaw(text);
    }

    /// <summary>Writes a number, which is its bytes without zeros in front; zero is the empty string.</summary>
    public void Write(BigInteger number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        Write(number.IsZero ? [] : number.ToByteArray(isUnsigned: true, isBigEndian: true));
    }

    public void Write(long number) => Write((BigInteger)number);

    public void BeginList() => _lists.Push(_length);

    public void EndList()
    {
        int start = _lists.Pop();
        WriteHead(start, RlpReader.ShortList, _length - start);
    }

    /// <summary>Adds bytes that are RLP already.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    public byte[] ToArray() => _lists.Count == 0 ? _bytes[.._length] : throw new InvalidOperationException("A list was not ended.");

    // What follows the head may be there already, and then moves.
    private void WriteHead(int at, byte kind, int length)
    {
        Span<byte> head = stackalloc byte[1 + sizeof(int)];
        int size = 1;
        if (length <= RlpReader.MaxShort)
        {
            head[0] = (byte)(kind + length);
        }
        else
        {
            int lengthBytes = (BitOperations.Log2((uint)length) >> 3) + 1;
            head[0] = (byte)(kind + RlpReader.MaxShort + lengthBytes);
            for (int i = 0; i < lengthBytes; i++)
            {
                head[size++] = (byte)(length >> (8 * (lengthBytes - 1 - i)));
            }
        }

        Reserve(size);
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + size));
        head[..size].CopyTo(_bytes.AsSpan(at));
        _length += size;
    }

    private void Reserve(int more)
    {
        if (_length + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + more));
        }
    }
}

/// <summary>Reads RLP item by item. It takes the one canonical form only: what it accepts, <see cref="RlpWriter"/> writes back byte by byte.</summary>
/// <remarks>Methods throw <see cref="FormatException"/> when the bytes are not what is asked for. It never recurses: how deep lists nest is for the caller.</remarks>
public ref struct RlpReader(ReadOnlySpan<byte> bytes)
{
    internal const byte ShortText = 0x80;
    internal const byte ShortList = 0xC0;
    internal const int MaxShort = 55;

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public readonly bool IsAtList => !_rest.IsEmpty && _rest[0] >= ShortList;

    public ReadOnlySpan<byte> ReadText()
    {
        if (IsAtList)
        {
            throw new FormatException("RLP has a list where a string belongs.");
        }

        var item = Next(out int head);
        return item[head..];
    }

    /// <summary>Reads a string that must have this many bytes.</summary>
    public ReadOnlySpan<byte> ReadText(int length)
    {
        var text = ReadText();
        return text.Length == length ? text : throw new FormatException($"RLP has a string of {text.Length} bytes where {length} belong.");
    }

    /// <summary>Reads a number of at most 256 bits without zeros in front.</summary>
    public BigInteger ReadInteger()
    {
        var text = ReadText();
        return text is not [0, ..] && text.Length <= 32
            ? new BigInteger(text, isUnsigned: true, isBigEndian: true)
            : throw new FormatException("RLP has a number with zeros in front, or beyond 256 bits.");
    }

    /// <summary>Reads a number that a long can hold.</summary>
    public long ReadLong()
    {
        var number = ReadInteger();
        return number <= long.MaxValue ? (long)number : throw new FormatException("RLP has a number beyond 63 bits.");
    }

    /// <summary>Reads a list: what is returned reads its items.</summary>
    public RlpReader ReadList()
    {
        if (!IsAtList)
        {
            throw new FormatException("RLP has a string where a list belongs.");
        }

        var item = Next(out int head);
        return new RlpReader(item[head..]);
    }

    /// <summary>The next item as it stands, with its head.</summary>
    public ReadOnlySpan<byte> ReadRaw() => Next(out _);

    public readonly void ExpectEnd()
    {
        if (!IsAtEnd)
        {
            throw new FormatException("RLP goes on after its end.");
        }
    }

    private ReadOnlySpan<byte> Next(out int head)
    {
        if (_rest.IsEmpty)
        {
            throw new FormatException("RLP ends too early.");
        }

        byte first = _rest[0];
        byte kind = first >= ShortList ? ShortList : ShortText;
        long length = 1;
        head = 0;
        if (first >= ShortText)
        {
            head = 1;
            length = first - kind <= MaxShort ? first - kind : LongLength(first - kind - MaxShort, out head);
        }

        if (length > _rest.Length - head)
        {
            throw new FormatException("RLP ends too early.");
        }

        var item = _rest[..(head + (int)length)];
        if (item is [0x81, < ShortText])
        {
            throw new FormatException("RLP writes a byte below 0x80 as itself.");
        }

        _rest = _rest[item.Length..];
        return item;
    }

    private readonly long LongLength(int bytes, out int head)
    {
        head = 1 + bytes;
        if (_rest.Length < head)
        {
            throw new FormatException("RLP ends too early.");
        }

        var text = _rest[1..head];
        if (text[0] == 0 || bytes > sizeof(int))
        {
            throw new FormatException("RLP has a length with zeros in front, or beyond 32 bits.");
        }

        long length = 0;
        foreach (byte digit in text)
        {
            length = (length << 8) | digit;
        }

        return length > MaxShort ? length : throw new FormatException("RLP writes a length up to 55 in one byte.");
    }
}
