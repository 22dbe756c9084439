using System.Globalization;

namespace HealthChain.Smart.Jose;

/// <summary>
/// Which addresses a client may have users sent back to: https://www.rfc-editor.org/rfc/rfc9700#section-2.1 and, for apps on the user's
/// machine, https://www.rfc-editor.org/rfc/rfc8252#section-7.
/// </summary>
internal static class RedirectAddress
{
    public const int MostLetters = 2_000;

    private const int MostPort = 65_535;

    private static readonly string[] OwnMachine = ["http://127.0.0.1", "http://[::1]"];

    /// <summary>Why an address cannot be registered; null when it can.</summary>
    /// <param name="isPublic">Whether the client has no secret, as apps on the user's machine.</param>
    public static string? Refuse(string address, bool isPublic)
    {
        // Addresses are compared letter by letter, so there must not be letters that browsers drop or change.
        if (address.Length > MostLetters || address.Any(letter => letter is <= ' ' or > '~' or '\\' or '*' or '"' or '<' or '>')
            || !Uri.TryCreate(address, UriKind.Absolute, out Uri? uri))
        {
            return "A redirect address is not an absolute URI in plain letters.";
        }

        if (address.Contains('#', StringComparison.Ordinal) || uri.UserInfo.Length > 0)
        {
            return "A redirect address must have neither a fragment nor a user.";
        }

        bool mayBe = uri.Scheme == Uri.UriSchemeHttps
            ? uri.Host.Length > 0
            : uri.Scheme == Uri.UriSchemeHttp
                ? uri.IsLoopback
                // A scheme of the app's own is a reversed domain name, which also keeps javascript and data out.
                : isPublic && uri.Scheme.Contains('.', StringComparison.Ordinal);
        return mayBe ? null : "A redirect address must be https, http on the user's own machine, or (for clients without a secret) a scheme that is a reversed domain name.";
    }

    /// <summary>
    /// Whether a client that registered one address may use another: letter by letter, but for the port of an app on the user's machine, which gets a free
    /// one when it starts (https://www.rfc-editor.org/rfc/rfc8252#section-7.3). Only of addresses by number: a name may lead elsewhere.
    /// </summary>
    public static bool Fits(string registered, string asked, bool isPublic) =>
        asked == registered || (isPublic && WithoutPort(registered) is { } address && WithoutPort(asked) == address);

    /// <summary>Null for an address of any other machine.</summary>
    private static string? WithoutPort(string address)
    {
        if (OwnMachine.FirstOrDefault(origin => address.StartsWith(origin, StringComparison.Ordinal)) is not { } own)
        {
            return null;
        }

        ReadOnlySpan<char> rest = address.AsSpan(own.Length);
        if (rest is [':', ..])
        {
            int end = rest.IndexOfAny('/', '?');
            ReadOnlySpan<char> port = end < 0 ? rest[1..] : rest[1..end];
            if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is 0 or > MostPort)
            {
                return null;
            }

            rest = rest[(1 + port.Length)..];
        }

        return rest is [] or ['/' or '?', ..] ? string.Concat(own, rest) : null;
    }
}
