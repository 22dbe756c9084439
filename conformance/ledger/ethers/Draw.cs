using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.EthersDifferential;

/// <summary>Draws random values; edges come up often.</summary>
public sealed class Draw(int seed)
{
    private readonly Random _random = new(seed);

    public int Below(int limit) => _random.Next(limit);

    public bool Chance(int percent) => _random.Next(100) < percent;

    public T Of<T>(params IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    public byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A number of at most that many bits: of any length, or all ones, or a power of two.</summary>
    public BigInteger Number(int bits)
    {
        int length = _random.Next(bits + 1);
        return _random.Next(8) switch
        {
            0 => BigInteger.Zero,
            1 => (BigInteger.One << length) - 1,
            2 => length == bits ? (BigInteger.One << bits) - 1 : BigInteger.One << length,
            _ => new BigInteger(Bytes(32), isUnsigned: true) & ((BigInteger.One << length) - 1),
        };
    }

    public byte[] Secret()
    {
        while (true)
        {
            byte[] secret = Chance(10) ? [.. new byte[31], (byte)(1 + Below(255))] : Bytes(Curves.Secp256k1SecretBytes);
            if (Curves.IsSecp256k1Secret(secret))
            {
                return secret;
            }
        }
    }

    public Hash256 Hash() => new(Bytes(Hash256.Bytes));

    public EthereumAddress Address() => Chance(5) ? default : new EthereumAddress(Bytes(EthereumAddress.Bytes));

    /// <summary>Text of one to four bytes a letter.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        for (int i = Below(Chance(20) ? 200 : 12); i > 0; i--)
        {
            text.Append(Of("a", "Z", " ", "ä", "ß", "€", "\u0000", "\n", "\"", "\\", "漢", "😀", "\u202e", "\uffff"));
        }

        return text.ToString();
    }

    public string Name() => string.Concat(Enumerable.Range(0, 1 + Below(8)).Select(_ => Of("a", "b", "C", "x", "q_")));

    /// <summary>A value as the questions have it: numbers as text, bytes in hex.</summary>
    public static JsonNode? ToJson(object value) => value switch
    {
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        bool truth => truth,
        string text => text,
        byte[] bytes => Hex.Data(bytes),
        EthereumAddress address => address.ToString(),
        Hash256 hash => Hex.Data(hash),
        IReadOnlyList<object> list => new JsonArray([.. list.Select(ToJson)]),
        _ => throw new UnreachableException($"No question has a {value.GetType().Name}."),
    };
}
