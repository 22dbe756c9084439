using System.Buffers.Binary;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State.Journal;

/// <summary>
/// Reads what <see cref="FieldWriter"/> wrote. A row that ends early was written before its last fields were thought of: they read as absent,
/// false, zero or empty.
/// </summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes, TextPool texts)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool IsAtEnd => _at == _bytes.Length;

    public byte Byte() => IsAtEnd ? (byte)0 : _bytes[_at++];

    public bool Flag() => Byte() != 0;

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; !IsAtEnd && shift < 70; shift += 7)
        {
            byte next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return value;
    }

    public string? Text()
    {
        int length = (int)Number();
        return length == 0 ? null : texts.Of(Raw(length - 1));
    }

    /// <summary>A text that is always there; empty in a row that was written before it was thought of.</summary>
    public string TextOrEmpty() => Text() ?? "";

    public byte[]? Bytes()
    {
        int length = (int)Number();
        return length == 0 ? null : Raw(length - 1).ToArray();
    }

    public ReadOnlySpan<byte> Raw(int length)
    {
        ReadOnlySpan<byte> raw = _bytes.Slice(_at, length);
        _at += length;
        return raw;
    }

    public IReadOnlyList<string> Texts()
    {
        int count = (int)Number();
        if (count == 0)
        {
            return [];
        }

        // No more than there can be, so that a wrong number does not ask for memory.
        var values = new List<string>(Math.Min(count, _bytes.Length - _at));
        for (int i = 0; i < count; i++)
        {
            values.Add(TextOrEmpty());
        }

        return values;
    }

    public DateTimeOffset Time() =>
        IsAtEnd ? default : new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(Raw(sizeof(long))), TimeSpan.Zero);

    public DateTimeOffset? OptionalTime() => Flag() ? Time() : null;

    public Hash256 Hash() => new(Raw(Hash256.Bytes));

    public Hash256? OptionalHash() => Flag() ? Hash() : null;
}

/// <summary>Texts that come again and again, each kept once while a journal is read: ids of clients and accounts, scopes.</summary>
internal sealed class TextPool
{
    private const int Most = 1 << 16;
    private const int Longest = 512;

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public TextPool() => _lookup = _texts.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > Longest)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        Span<char> characters = stackalloc char[Longest];
        ReadOnlySpan<char> text = characters[..Encoding.UTF8.GetChars(utf8, characters)];
        if (_lookup.TryGetValue(text, out string? known))
        {
            return known;
        }

        string made = text.ToString();
        if (_texts.Count < Most)
        {
            _texts.Add(made, made);
        }

        return made;
    }
}
