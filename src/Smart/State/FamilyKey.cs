using System.Buffers.Text;
using System.Security.Cryptography;
using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>A code or refresh token: where its family lies, and the secret that is good for one use of it.</summary>
/// <remarks>
/// All codes and refresh tokens of a family have the same first half. So whoever comes with one that was used before is found out however
/// long ago that was, and nothing has to be kept of used ones.
/// </remarks>
/// <param name="Family">Hash of the first half.</param>
/// <param name="Secret">Hash of the second half.</param>
internal readonly record struct FamilyKey(Hash256 Family, Hash256 Secret)
{
    private const int LocatorBytes = 16;
    private const int Bytes = LocatorBytes + 32;
    private const int Characters = Bytes / 3 * 4;

    /// <summary>The first of a new family.</summary>
    public static string New(out FamilyKey key)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        key = Of(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The next of the family of another, which must be one.</summary>
    public static string Next(string before, out FamilyKey key)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Base64Url.DecodeFromChars(before, bytes);
        RandomNumberGenerator.Fill(bytes[LocatorBytes..]);
        key = Of(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryRead(string text, out FamilyKey key)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        key = default;
        if (text.Length != Characters || !Base64Url.TryDecodeFromChars(text, bytes, out int written) || written != Bytes)
        {
            return false;
        }

        key = Of(bytes);
        return true;
    }

    private static FamilyKey Of(ReadOnlySpan<byte> bytes) => new(Hash256.Of(bytes[..LocatorBytes]), Hash256.Of(bytes[LocatorBytes..]));
}
