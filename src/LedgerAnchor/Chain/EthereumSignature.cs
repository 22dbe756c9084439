using System.Globalization;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Signatures as Ethereum writes them: r, s, and 27 or 28 for an even or odd y.</summary>
public static class EthereumSignature
{
    public const int Bytes = 65;
    private const byte Even = 27;

    public static byte[] ToBytes(Secp256k1Signature signature) =>
        [.. signature.R.ToArray(), .. signature.S.ToArray(), (byte)(signature.IsOdd ? Even + 1 : Even)];

    /// <exception cref="FormatException">There are not 65 bytes, or the last one is not 27, 28, 0 or 1.</exception>
    public static Secp256k1Signature Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Bytes && bytes[^1] is 0 or 1 or Even or Even + 1
            ? new Secp256k1Signature(new Hash256(bytes[..Hash256.Bytes]), new Hash256(bytes[Hash256.Bytes..^1]), bytes[^1] is 1 or Even + 1)
            : throw new FormatException("This is no signature of Ethereum.");

    /// <summary>Who signed that hash; null when nobody did, or the signature is the malleable twin of another (EIP-2).</summary>
    public static EthereumAddress? Recover(Hash256 hash, Secp256k1Signature signature) =>
        Curves.RecoverSecp256k1(hash, signature) is { } key ? EthereumAddress.OfPublicKey(key) : null;

    /// <summary>What is signed of a message (EIP-191, version 0x45): it can never be the hash of a transaction.</summary>
    public static Hash256 HashOfMessage(ReadOnlySpan<byte> message) =>
        Keccak256.Of([.. "\u0019Ethereum Signed Message:\n"u8, .. Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture)), .. message]);
}
