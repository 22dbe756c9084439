namespace HealthChain.Storage.Blobs;

/// <summary>
/// Where a blob lies: the digest of its sealed bytes, written as a CIDv1 (raw codec 0x55, sha2-256, base32 in lower case), so that any
/// IPFS-type store can hold it.
/// </summary>
/// <remarks>https://github.com/multiformats/cid. Never of the content itself, whose digest would let anybody test guesses.</remarks>
public readonly record struct BlobAddress(Digest Sealed)
{
    /// <summary>Letters of the text form.</summary>
    public const int Length = 59;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int CidBytes = 4 + Digest.Bytes;

    // CID version 1, raw codec, multihash sha2-256 of 32 bytes.
    private static ReadOnlySpan<byte> Prefix => [0x01, 0x55, 0x12, 0x20];

    /// <summary>Reads exactly what <see cref="ToString"/> writes; other spellings of the same address are refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out BlobAddress address)
    {
        address = default;
        if (text.Length != Length || text[0] != 'b')
        {
            return false;
        }

        Span<byte> cid = stackalloc byte[CidBytes];
        int at = 0;
        int bits = 0;
        uint pending = 0;
        foreach (char letter in text[1..])
        {
            int value = Alphabet.IndexOf(letter, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            pending = (pending << 5) | (uint)value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                cid[at++] = (byte)(pending >> bits);
                pending &= (1u << bits) - 1;
            }
        }

        if (pending != 0 || !cid.StartsWith(Prefix))
        {
            return false;
        }

        address = new BlobAddress(Digest.Read(cid[Prefix.Length..]));
        return true;
    }

    public override string ToString() => string.Create(Length, this, static (text, address) =>
    {
        Span<byte> cid = stackalloc byte[CidBytes];
        Prefix.CopyTo(cid);
        address.Sealed.Write(cid[Prefix.Length..]);
        text[0] = 'b';
        int at = 1;
        int bits = 0;
        uint pending = 0;
        foreach (byte value in cid)
        {
            pending = (pending << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at++] = Alphabet[(int)(pending >> bits) & 31];
            }

            pending &= (1u << bits) - 1;
        }

        // 288 bits are 57 letters and 3 bits, filled up with zeros.
        text[at] = Alphabet[(int)(pending << (5 - bits)) & 31];
    });
}
