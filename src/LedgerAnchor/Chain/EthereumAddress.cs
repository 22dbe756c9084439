using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>An account or a contract: the last 20 bytes of a hash.</summary>
public readonly record struct EthereumAddress
{
    public const int Bytes = 20;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly uint _c;

    /// <exception cref="ArgumentException">There are not exactly 20 bytes.</exception>
    public EthereumAddress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes)
        {
            throw new ArgumentException($"An address has {Bytes} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    public bool IsZero => (_a | _b | _c) == 0;

    /// <param name="publicKey">x and y of the point, without the byte 0x04 in front.</param>
    public static EthereumAddress OfPublicKey(ReadOnlySpan<byte> publicKey) => OfHash(Keccak256.Of(publicKey));

    /// <summary>Where the contract lives that this sender's transaction of that number makes.</summary>
    public static EthereumAddress OfContract(EthereumAddress sender, long nonce)
    {
        var rlp = new RlpWriter();
        rlp.BeginList();
        rlp.Write(sender.ToArray());
        rlp.Write(nonce);
        rlp.EndList();
        return OfHash(Keccak256.Of(rlp.ToArray()));
    }

    /// <summary>Reads 40 hex digits after 0x. With letters of both cases they carry the check sum of EIP-55, which must be right.</summary>
    /// <exception cref="FormatException">It is no address, or its check sum is wrong.</exception>
    public static EthereumAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException("This is no address of Ethereum, or its check sum (EIP-55) is wrong.");

    public static bool TryParse([NotNullWhen(true)] string? text, out EthereumAddress address)
    {
        address = default;
        if (text is not ['0', 'x', ..] || text.Length != 2 + 2 * Bytes || !text.AsSpan(2).ContainsOnlyHex())
        {
            return false;
        }

        address = new EthereumAddress(Convert.FromHexString(text.AsSpan(2)));
        return !HasBothCases(text.AsSpan(2)) || address.ToString() == text;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Bytes];
        Write(bytes);
        return bytes;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    /// <summary>With 0x and the check sum of EIP-55: a letter is a capital where the hash of the text in small letters has a digit from 8.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Write(bytes);
        string small = Convert.ToHexStringLower(bytes);
        Span<byte> ascii = stackalloc byte[2 * Bytes];
        System.Text.Encoding.ASCII.GetBytes(small, ascii);
        string hash = Keccak256.Of(ascii).ToString();
        return string.Create(2 + 2 * Bytes, (small, hash), static (text, source) =>
        {
            (text[0], text[1]) = ('0', 'x');
            for (int i = 0; i < source.small.Length; i++)
            {
                text[i + 2] = source.hash[i] >= '8' ? char.ToUpperInvariant(source.small[i]) : source.small[i];
            }
        });
    }

    private static EthereumAddress OfHash(Hash256 hash) => new(hash.ToArray().AsSpan(Hash256.Bytes - Bytes));

    private static bool HasBothCases(ReadOnlySpan<char> digits) => digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F');
}
