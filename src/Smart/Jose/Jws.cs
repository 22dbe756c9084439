using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>
/// A signed JWT in compact form (https://www.rfc-editor.org/rfc/rfc7515#section-3.1, https://www.rfc-editor.org/rfc/rfc7519), read but not
/// yet believed: nothing in it counts before <see cref="IsSignedBy"/>. Keys inside of it are never used but where a specification says so.
/// </summary>
internal sealed class Jws
{
    /// <summary>Longest token that is looked at; one with a large RSA key inside has some 2 KB.</summary>
    public const int MostLetters = 16 << 10;

    private readonly byte[] _signed;
    private readonly byte[] _signature;

    private Jws(byte[] signed, byte[] signature, JsonElement header, JwtClaims claims, JoseAlgorithm algorithm, string? kid, string? type)
    {
        _signed = signed;
        _signature = signature;
        Header = header;
        Claims = claims;
        Algorithm = algorithm;
        Kid = kid;
        Type = type;
    }

    public JsonElement Header { get; }

    public JwtClaims Claims { get; }

    public JoseAlgorithm Algorithm { get; }

    public string? Kid { get; }

    /// <summary>Header "typ".</summary>
    public string? Type { get; }

    /// <summary>Reads a token signed with one of the given algorithms; the refusal says what is wrong with it.</summary>
    public static bool TryRead(string token, IReadOnlyList<JoseAlgorithm> allowed, [NotNullWhen(true)] out Jws? jws, [NotNullWhen(false)] out string? refusal)
    {
        jws = null;
        if (token.Length > MostLetters)
        {
            refusal = "The token is too long.";
            return false;
        }

        string[] parts = token.Split('.');
        if (parts.Length != 3
            || Base64UrlText.Read(parts[0]) is not { } header || Base64UrlText.Read(parts[1]) is not { } payload
            || Base64UrlText.Read(parts[2]) is not { } signature)
        {
            refusal = "The token is not made of three parts in base64url.";
            return false;
        }

        if (JoseJson.ReadObject(header) is not { } head || JoseJson.ReadObject(payload) is not { } claims)
        {
            refusal = "Header or claims of the token are no JSON object with each member once.";
            return false;
        }

        refusal = CheckHeader(head, allowed, out JoseAlgorithm algorithm, out string? kid, out string? type);
        if (refusal is not null)
        {
            return false;
        }

        byte[] signed = Encoding.ASCII.GetBytes(token, 0, token.LastIndexOf('.'));
        jws = new Jws(signed, signature, head, new JwtClaims(claims), algorithm, kid, type);
        return true;
    }

    public bool IsSignedBy(Jwk key) => key.Verifies(Algorithm, _signed, _signature);

    private static string? CheckHeader(JsonElement header, IReadOnlyList<JoseAlgorithm> allowed, out JoseAlgorithm algorithm, out string? kid, out string? type)
    {
        algorithm = default;
        type = null;
        if (!JoseJson.TryText(header, "kid", out kid) || !JoseJson.TryText(header, "typ", out type) || !JoseJson.TryNeeded(header, "alg", out string? name))
        {
            return "The header of the token is malformed.";
        }

        // We understand no extension, so each one that must be understood ends here: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11.
        // "b64" (RFC 7797) would change what is signed, and is an extension too.
        if (header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _))
        {
            return "The header of the token asks for an extension.";
        }

        if (JoseAlgorithms.Find(name) is not { } known || !allowed.Contains(known))
        {
            return "The algorithm of the token is not one of " + string.Join(", ", allowed.Select(one => one.Name())) + ".";
        }

        algorithm = known;
        return null;
    }
}
