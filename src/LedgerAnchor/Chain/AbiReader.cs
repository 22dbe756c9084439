using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Decodes what contracts return.</summary>
/// <remarks>
/// Offsets may point anywhere, so a few bytes could be made to stand for a million values. Here every word counts against the size of
/// the data: what no contract writes, two values in one place, is refused, and work and memory are bounded by the size of the input.
/// </remarks>
internal ref struct AbiReader
{
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _data;
    private int _unread;

    private AbiReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _unread = data.Length;
    }

    /// <exception cref="FormatException">The data do not hold such values.</exception>
    public static object[] Decode(IReadOnlyList<AbiParameter> parameters, ReadOnlySpan<byte> data)
    {
        var reader = new AbiReader(data);
        return reader.ReadComponents(parameters, 0);
    }

    /// <summary>A value that fills one word.</summary>
    public static object ReadWord(AbiType type, ReadOnlySpan<byte> word)
    {
        switch (type.Kind)
        {
            case AbiKind.UnsignedInteger:
                ExpectAll(word[..(AbiType.WordBytes - type.Size / 8)], 0);
                return new BigInteger(word, isUnsigned: true, isBigEndian: true);
            case AbiKind.SignedInteger:
                var number = word[(AbiType.WordBytes - type.Size / 8)..];
                ExpectAll(word[..^number.Length], (byte)(number[0] >= 0x80 ? 0xFF : 0));
                return new BigInteger(number, isUnsigned: false, isBigEndian: true);
            case AbiKind.Address:
                ExpectAll(word[..(AbiType.WordBytes - EthereumAddress.Bytes)], 0);
                return new EthereumAddress(word[(AbiType.WordBytes - EthereumAddress.Bytes)..]);
            case AbiKind.Bool:
                ExpectAll(word[..^1], 0);
                return word[^1] <= 1 ? word[^1] == 1 : throw new FormatException("A bool of the ABI is neither 0 nor 1.");
            default:
                ExpectAll(word[type.Size..], 0);
                return word[..type.Size].ToArray();
        }
    }

    private object[] ReadComponents(IReadOnlyList<AbiParameter> components, int start)
    {
        object[] values = new object[components.Count];
        int head = start;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadPlaced(components[i].Type, start, head);
            head += components[i].Type.HeadBytes;
        }

        return values;
    }

    private object[] ReadElements(AbiType element, int start, int count)
    {
        // Before the array is made: each element has a place of at least a word.
        if ((long)count * element.HeadBytes > _unread)
        {
            throw TooShort();
        }

        object[] values = new object[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = ReadPlaced(element, start, start + i * element.HeadBytes);
        }

        return values;
    }

    private object ReadPlaced(AbiType type, int start, int head)
    {
        if (!type.IsDynamic)
        {
            return ReadStatic(type, head);
        }

        int offset = ReadLength(head);
        return offset <= _data.Length - start ? ReadDynamic(type, start + offset) : throw TooShort();
    }

    private object ReadDynamic(AbiType type, int at)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                return ReadBytes(at).ToArray();
            case AbiKind.Text:
                try
                {
                    return _utf8.GetString(ReadBytes(at));
                }
                catch (DecoderFallbackException e)
                {
                    throw new FormatException("A string of the ABI is not UTF-8.", e);
                }

            case AbiKind.Tuple:
                return ReadComponents(type.Components, at);
            default:
                return type.Length is { } length
                    ? ReadElements(type.Element!, at, length)
                    : ReadElements(type.Element!, at + AbiType.WordBytes, ReadLength(at));
        }
    }

    private object ReadStatic(AbiType type, int at) => type.Kind switch
    {
        AbiKind.Array => ReadElements(type.Element!, at, type.Length!.Value),
        AbiKind.Tuple => ReadComponents(type.Components, at),
        _ => ReadWord(type, Take(at, AbiType.WordBytes)),
    };

    private ReadOnlySpan<byte> ReadBytes(int at)
    {
        int length = ReadLength(at);
        long padded = ((long)length + AbiType.WordBytes - 1) / AbiType.WordBytes * AbiType.WordBytes;
        var bytes = Take(at + AbiType.WordBytes, padded);
        ExpectAll(bytes[length..], 0);
        return bytes[..length];
    }

    private int ReadLength(int at)
    {
        var word = Take(at, AbiType.WordBytes);
        int length = BinaryPrimitives.ReadInt32BigEndian(word[^sizeof(int)..]);
        return length >= 0 && !word[..^sizeof(int)].ContainsAnyExcept((byte)0) ? length : throw TooShort();
    }

    private ReadOnlySpan<byte> Take(int at, long count)
    {
        if (at < 0 || count > _data.Length - at || count > _unread)
        {
            throw TooShort();
        }

        _unread -= (int)count;
        return _data.Slice(at, (int)count);
    }

    private static void ExpectAll(ReadOnlySpan<byte> bytes, byte value)
    {
        if (bytes.ContainsAnyExcept(value))
        {
            throw new FormatException("A value of the ABI is wider than its type, or its padding is not zero.");
        }
    }

    private static FormatException TooShort() => new("Data of the ABI are too short for what they claim to hold.");
}
