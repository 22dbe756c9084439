using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HealthChain.Smart.Accounts.Passwords;

/// <summary>A password as it is kept: the hash, its salt, and what it cost, so that it can be checked when new ones cost more.</summary>
internal sealed partial record PasswordHash(Argon2Cost Cost, byte[] Salt, byte[] Hash)
{
    private const int MaxBytes = 256;

    /// <summary>Reads what <see cref="ToBytes"/> wrote; null when it is something else.</summary>
    public static PasswordHash? TryRead(ReadOnlySpan<byte> kept)
    {
        if (kept.Length > MaxBytes || Form().Match(Encoding.ASCII.GetString(kept)) is not { Success: true } match)
        {
            return null;
        }

        var cost = new Argon2Cost(Number(match, "memory"), Number(match, "passes"), Number(match, "lanes"));
        return cost.IsSound ? new PasswordHash(cost, Base64Url.DecodeFromChars(match.Groups["salt"].Value), Base64Url.DecodeFromChars(match.Groups["hash"].Value)) : null;
    }

    /// <summary>The form that other programs use for Argon2 hashes too, though with the alphabet of base64 for URLs.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"$argon2id$v=19$m={Cost.KibiBytes},t={Cost.Passes},p={Cost.Lanes}${Base64Url.EncodeToString(Salt)}${Base64Url.EncodeToString(Hash)}"));

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    // Sixteen bytes of salt and thirty-two of hash.
    [GeneratedRegex(@"^\$argon2id\$v=19\$m=(?<memory>[0-9]{1,7}),t=(?<passes>[0-9]{1,2}),p=(?<lanes>[0-9]{1,2})\$(?<salt>[A-Za-z0-9_-]{22})\$(?<hash>[A-Za-z0-9_-]{43})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
