using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir;

namespace HealthChain.FhirServer.Responses;

/// <summary>Where a page begins, and where the pages before it began.</summary>
/// <param name="Newest">The newest commit when the search began; 0 for a history.</param>
/// <param name="Starts">For each page from the second on the commit behind which it begins, the page itself last. Only the latest are kept.</param>
internal sealed record PagePosition(long Newest, IReadOnlyList<long> Starts)
{
    /// <summary>How many pages one can go back.</summary>
    private const int MaxStarts = 16;

    public long Start => Starts[^1];

    /// <summary>The page before; null when that is the first one, or was left out.</summary>
    public PagePosition? Previous => Starts.Count > 1 ? this with { Starts = [.. Starts.Take(Starts.Count - 1)] } : null;

    /// <summary>The page that follows.</summary>
    public static PagePosition Next(PagePosition? page, long newest, long start)
    {
        IReadOnlyList<long> before = page?.Starts ?? [];
        return new PagePosition(newest, [.. before.Skip(before.Count - MaxStarts + 1), start]) { IsCut = page?.IsCut == true || before.Count >= MaxStarts };
    }

    /// <summary>True when starts were left out, so that the first one kept is not that of the second page.</summary>
    public bool IsCut { get; init; }
}

/// <summary>
/// Turns positions into cursors and back. A cursor is encrypted and authenticated together with the query it belongs to: it tells a
/// client nothing (commit numbers would tell how much is written that the client may not see), and cannot be made, altered or used elsewhere.
/// </summary>
/// <remarks>Thread-safe. Cursors stay good as long as the secret does, over restarts.</remarks>
internal sealed class PageCursors
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int MaxText = 400;
    private readonly byte[] _key;

    /// <param name="secret">At least 32 bytes that only this installation knows.</param>
    public PageCursors(ReadOnlySpan<byte> secret)
    {
        _key = new byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, _key, default, "healthchain page cursors 1"u8);
    }

    /// <param name="context">What the cursor is to be used for.</param>
    public string Seal(PagePosition position, string context)
    {
        byte[] plain = new byte[1 + (8 * (1 + position.Starts.Count))];
        plain[0] = position.IsCut ? (byte)1 : (byte)0;
        BitConverter.TryWriteBytes(plain.AsSpan(1), position.Newest);
        for (int i = 0; i < position.Starts.Count; i++)
        {
            BitConverter.TryWriteBytes(plain.AsSpan(9 + (8 * i)), position.Starts[i]);
        }

        byte[] text = new byte[NonceLength + plain.Length + TagLength];
        Span<byte> nonce = text.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_key, TagLength);
        cipher.Encrypt(nonce, plain, text.AsSpan(NonceLength, plain.Length), text.AsSpan(NonceLength + plain.Length), Encoding.UTF8.GetBytes(context));
        return Base64Url.EncodeToString(text);
    }

    public Result<PagePosition> Open(string cursor, string context)
    {
        if (cursor.Length > MaxText || !Base64Url.IsValid(cursor))
        {
            return Refused;
        }

        byte[] text = Base64Url.DecodeFromChars(cursor);
        int length = text.Length - NonceLength - TagLength;
        if (length < 17 || length % 8 != 1)
        {
            return Refused;
        }

        byte[] plain = new byte[length];
        try
        {
            using var cipher = new AesGcm(_key, TagLength);
            cipher.Decrypt(
                text.AsSpan(0, NonceLength), text.AsSpan(NonceLength, length), text.AsSpan(NonceLength + length), plain, Encoding.UTF8.GetBytes(context));
        }
        catch (AuthenticationTagMismatchException)
        {
            return Refused;
        }

        long[] starts = new long[(length - 9) / 8];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = BitConverter.ToInt64(plain, 9 + (8 * i));
        }

        return new PagePosition(BitConverter.ToInt64(plain, 1), starts) { IsCut = plain[0] == 1 };
    }

    private static FhirError Refused { get; } = FhirError.Invalid(
        $"The value of '{PageLinks.Cursor}' was not issued by this server for this search; follow the links of a bundle as they are, or begin again without it.");
}
