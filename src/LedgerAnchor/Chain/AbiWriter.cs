using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Encodes values for contracts: first a head of fixed size, then what is of any length.</summary>
internal sealed class AbiWriter
{
    private byte[] _bytes = new byte[256];
    private int _length;

    /// <exception cref="ArgumentException">A value does not fit its type.</exception>
    public static byte[] Encode(IReadOnlyList<AbiParameter> parameters, IReadOnlyList<object> values, ReadOnlySpan<byte> prefix = default)
    {
        var writer = new AbiWriter();
        writer.AppendBytes(prefix, prefix.Length);
        writer.WriteSequence(parameters.Select(static parameter => parameter.Type), values, parameters.Count);
        return writer._bytes[..writer._length];
    }

    private void WriteSequence(IEnumerable<AbiType> types, IReadOnlyList<object> values, int count)
    {
        if (values.Count != count)
        {
            throw new ArgumentException($"{values.Count} values are given where {count} belong.", nameof(values));
        }

        int start = Append(types.Take(count).Sum(static type => type.HeadBytes));
        int head = start;
        int index = 0;
        foreach (AbiType type in types.Take(count))
        {
            if (type.IsDynamic)
            {
                WriteInteger(head, _length - start);
                WriteDynamic(type, values[index++]);
            }
            else
            {
                WriteStatic(type, values[index++], head);
            }

            head += type.HeadBytes;
        }
    }

    private void WriteDynamic(AbiType type, object value)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                WriteBytes(AbiValue.Bytes(value));
                break;
            case AbiKind.Text:
                WriteBytes(Encoding.UTF8.GetBytes(AbiValue.As<string>(value, type)));
                break;
            case AbiKind.Tuple:
                WriteSequence(type.Components.Select(static component => component.Type), AbiValue.List(value, type.Name), type.Components.Count);
                break;
            default:
                var elements = AbiValue.List(value, type.Name);
                if (type.Length is null)
                {
                    WriteInteger(Append(AbiType.WordBytes), elements.Count);
                }

                WriteSequence(Enumerable.Repeat(type.Element!, elements.Count), elements, type.Length ?? elements.Count);
                break;
        }
    }

    private void WriteStatic(AbiType type, object value, int at)
    {
        switch (type.Kind)
        {
            case AbiKind.Array:
                var elements = AbiValue.List(value, type.Name, type.Length!.Value);
                for (int i = 0; i < elements.Count; i++)
                {
                    WriteStatic(type.Element!, elements[i], at + i * type.Element!.HeadBytes);
                }

                break;
            case AbiKind.Tuple:
                var parts = AbiValue.List(value, type.Name, type.Components.Count);
                for (int i = 0; i < parts.Count; i++)
                {
                    WriteStatic(type.Components[i].Type, parts[i], at);
                    at += type.Components[i].Type.HeadBytes;
                }

                break;
            default:
                AbiValue.WriteWord(type, value, _bytes.AsSpan(at, AbiType.WordBytes));
                break;
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteInteger(Append(AbiType.WordBytes), bytes.Length);
        AppendBytes(bytes, (bytes.Length + AbiType.WordBytes - 1) / AbiType.WordBytes * AbiType.WordBytes);
    }

    private void AppendBytes(ReadOnlySpan<byte> bytes, int room)
    {
        int at = Append(room);
        bytes.CopyTo(_bytes.AsSpan(at));
    }

    private void WriteInteger(int at, int value) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(at + AbiType.WordBytes - sizeof(int)), value);

    private int Append(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + count));
        }

        int at = _length;
        _length += count;
        return at;
    }
}

/// <summary>The .NET values that stand for values of the ABI.</summary>
internal static class AbiValue
{
    /// <summary>Writes a value that fills one word.</summary>
    public static void WriteWord(AbiType type, object value, Span<byte> word)
    {
        word.Clear();
        switch (type.Kind)
        {
            case AbiKind.UnsignedInteger:
            case AbiKind.SignedInteger:
                WriteInteger(type, Integer(value, type), word);
                break;
            case AbiKind.Address:
                As<EthereumAddress>(value, type).Write(word[(AbiType.WordBytes - EthereumAddress.Bytes)..]);
                break;
            case AbiKind.Bool:
                word[^1] = As<bool>(value, type) ? (byte)1 : (byte)0;
                break;
            default:
                byte[] bytes = Bytes(value);
                if (bytes.Length != type.Size)
                {
                    throw new ArgumentException($"{bytes.Length} bytes are given where a {type} belongs.", nameof(value));
                }

                bytes.CopyTo(word);
                break;
        }
    }

    public static byte[] Bytes(object value) => value switch
    {
        byte[] bytes => bytes,
        ReadOnlyMemory<byte> bytes => bytes.ToArray(),
        Hash256 hash => hash.ToArray(),
        _ => throw new ArgumentException($"A {value.GetType().Name} is given where bytes belong.", nameof(value)),
    };

    public static T As<T>(object value, AbiType type) => value is T wanted ? wanted : throw Misfit(value, type.Name);

    public static IReadOnlyList<object> List(object value, string type, int? length = null)
    {
        IReadOnlyList<object> list = value switch
        {
            IReadOnlyList<object> objects => objects,
            System.Collections.IList any and not byte[] => [.. any.Cast<object>()],
            _ => throw Misfit(value, type),
        };
        return length is null || list.Count == length
            ? list
            : throw new ArgumentException($"{list.Count} values are given where a {type} has {length}.", nameof(value));
    }

    private static BigInteger Integer(object value, AbiType type) => value switch
    {
        BigInteger number => number,
        long number => number,
        int number => number,
        ulong number => number,
        uint number => number,
        ushort number => number,
        byte number => number,
        UInt128 number => number,
        _ => throw Misfit(value, type.Name),
    };

    private static void WriteInteger(AbiType type, BigInteger number, Span<byte> word)
    {
        bool isSigned = type.Kind == AbiKind.SignedInteger;
        BigInteger limit = BigInteger.One << (isSigned ? type.Size - 1 : type.Size);
        if (number >= limit || number < (isSigned ? -limit : BigInteger.Zero))
        {
            throw new ArgumentException($"A number is given that does not fit {type}.", nameof(number));
        }

        if (number.Sign < 0)
        {
            word.Fill(0xFF);
        }

        int bytes = number.GetByteCount(!isSigned);
        number.TryWriteBytes(word[(AbiType.WordBytes - bytes)..], out _, !isSigned, isBigEndian: true);
    }

    private static ArgumentException Misfit(object value, string type) =>
        new($"A {value.GetType().Name} is given where a {type} belongs.", nameof(value));
}
