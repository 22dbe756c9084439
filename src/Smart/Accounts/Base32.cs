using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Smart.Accounts;

/// <summary>Base32 without padding, RFC 4648 §6: what people type, and how authenticator apps take their secrets.</summary>
internal static class Base32
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int BitsPerLetter = 5;

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        char[] letters = new char[((bytes.Length * 8) + BitsPerLetter - 1) / BitsPerLetter];
        int buffer = 0;
        int bits = 0;
        int written = 0;
        foreach (byte value in bytes)
        {
            buffer = ((buffer << 8) | value) & 0xFFFF;
            bits += 8;
            while (bits >= BitsPerLetter)
            {
                bits -= BitsPerLetter;
                letters[written++] = Alphabet[(buffer >> bits) & 31];
            }
        }

        if (bits > 0)
        {
            letters[written] = Alphabet[(buffer << (BitsPerLetter - bits)) & 31];
        }

        return new string(letters);
    }

    /// <summary>Reads letters of either case; spaces and dashes between them are passed over.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        var read = new List<byte>(text.Length);
        int buffer = 0;
        int bits = 0;
        bytes = null;
        foreach (char letter in text)
        {
            if (letter is ' ' or '-')
            {
                continue;
            }

            int value = Alphabet.IndexOf(char.ToUpperInvariant(letter), StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            buffer = ((buffer << BitsPerLetter) | value) & 0xFFFF;
            bits += BitsPerLetter;
            if (bits >= 8)
            {
                bits -= 8;
                read.Add((byte)(buffer >> bits));
            }
        }

        bytes = [.. read];
        return true;
    }
}
