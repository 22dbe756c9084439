using System.Buffers;
using System.Globalization;
using System.Numerics;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>
/// Values as Ethereum's JSON-RPC writes them: data as 0x and two digits for each byte, quantities as 0x and no more digits than needed
/// (EIP-1474).
/// </summary>
public static class Hex
{
    private const int Word = 32;
    private static readonly SearchValues<char> _digits = SearchValues.Create("0123456789abcdefABCDEF");

    public static string Data(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    public static string Data(Hash256 hash) => "0x" + hash;

    public static string Quantity(BigInteger number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        string digits = number.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    /// <exception cref="FormatException">It is not 0x and an even number of hex digits.</exception>
    public static byte[] ParseData(string? text) =>
        text is ['0', 'x', ..] && text.Length % 2 == 0 && text.AsSpan(2).ContainsOnlyHex()
            ? Convert.FromHexString(text.AsSpan(2))
            : throw new FormatException("This is not data: 0x and two hex digits for each byte.");

    /// <exception cref="FormatException">It is not 0x and 64 hex digits.</exception>
    public static Hash256 ParseHash(string? text) =>
        ParseData(text) is { Length: Hash256.Bytes } bytes ? new Hash256(bytes) : throw new FormatException("This is not a hash: 0x and 64 hex digits.");

    /// <summary>Reads a number of at most 256 bits. Needless zeros in front are let pass, as some nodes send them.</summary>
    /// <exception cref="FormatException">It is not 0x and 1 to 64 hex digits.</exception>
    public static BigInteger ParseQuantity(string? text) =>
        text is ['0', 'x', ..] && text.Length is > 2 and <= 2 + 2 * Word && text.AsSpan(2).ContainsOnlyHex()
            ? BigInteger.Parse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw new FormatException("This is not a quantity: 0x and at most 64 hex digits.");

    /// <exception cref="FormatException">It is no quantity, or one beyond 63 bits.</exception>
    public static long ParseNumber(string? text)
    {
        BigInteger number = ParseQuantity(text);
        return number <= long.MaxValue ? (long)number : throw new FormatException("This quantity is larger than any block, gas or nonce can be.");
    }

    internal static bool ContainsOnlyHex(this ReadOnlySpan<char> text) => !text.ContainsAnyExcept(_digits);
}
