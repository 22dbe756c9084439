using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace HealthChain.Smart.Accounts;

/// <summary>
/// Marks browsers in which somebody logged in to an account. The mark gives nothing but a count of failed logins of its own, apart from that of
/// strangers: https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
/// </summary>
/// <param name="key">Secret of this server.</param>
internal sealed class KnownBrowsers(byte[] key)
{
    private const int NonceBytes = 16;
    private const int MarkBytes = NonceBytes + HMACSHA256.HashSizeInBytes;

    /// <summary>A mark for a browser in which somebody logged in under that name.</summary>
    public string Mark(string name)
    {
        Span<byte> mark = stackalloc byte[MarkBytes];
        RandomNumberGenerator.Fill(mark[..NonceBytes]);
        Sign(name, mark[..NonceBytes], mark[NonceBytes..]);
        return Base64Url.EncodeToString(mark);
    }

    /// <summary>Whose count a login belongs to.</summary>
    public LoginOrigin Origin(string name, string? mark, IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[MarkBytes];
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (mark is null || mark.Length > 2 * MarkBytes || !Base64Url.TryDecodeFromChars(mark, bytes, out int written) || written != MarkBytes)
        {
            return new LoginOrigin("name " + Folded(name), IsKnownBrowser: false, address);
        }

        Sign(name, bytes[..NonceBytes], expected);
        return CryptographicOperations.FixedTimeEquals(expected, bytes[NonceBytes..])
            ? new LoginOrigin("browser " + Convert.ToHexString(bytes[..NonceBytes]), IsKnownBrowser: true, address)
            : new LoginOrigin("name " + Folded(name), IsKnownBrowser: false, address);
    }

    private void Sign(string name, ReadOnlySpan<byte> nonce, Span<byte> signature) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"browser {Convert.ToHexString(nonce)} {Folded(name)}"), signature);

    private static string Folded(string name) => name.Trim().ToUpperInvariant();
}
