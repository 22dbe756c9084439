using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>Keys that we understand: RSA and two curves.</summary>
public enum JwkKind : byte
{
    Rsa,
    P256,
    P384,
}

/// <summary>A public key in JSON: https://www.rfc-editor.org/rfc/rfc7517 and https://www.rfc-editor.org/rfc/rfc7518#section-6. Immutable.</summary>
public sealed class Jwk
{
    private const int LeastRsaBits = 2048;

    // A check takes time with the square of the length; nobody has longer keys in use.
    private const int MostRsaBits = 8192;
    private const int MostKidLetters = 256;

    private static readonly string[] SecretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    // RSA: modulus and exponent; curves: x and y.
    private readonly byte[] _first;
    private readonly byte[] _second;

    // Importing a point costs more than checking a signature with it, so it is done once; the handle goes when the key goes.
    private readonly Lazy<AsymmetricAlgorithm> _imported;
    private readonly Lock _one = new();

    private Jwk(JwkKind kind, byte[] first, byte[] second, string? kid, string? algorithm, ECDsa? imported = null)
    {
        Kind = kind;
        _first = first;
        _second = second;
        _imported = imported is null ? new Lazy<AsymmetricAlgorithm>(() => Import(kind, first, second)) : new Lazy<AsymmetricAlgorithm>(imported);
        Kid = kid;
        Algorithm = algorithm;
        Thumbprint = MakeThumbprint();
    }

    public JwkKind Kind { get; }

    /// <summary>What its owner calls it.</summary>
    public string? Kid { get; }

    /// <summary>The only algorithm that it may be used with; null when its owner did not say.</summary>
    public string? Algorithm { get; }

    /// <summary>SHA-256 of its members in their one order, in base64url: https://www.rfc-editor.org/rfc/rfc7638</summary>
    public string Thumbprint { get; }

    private string Curve => Kind == JwkKind.P256 ? "P-256" : "P-384";

    public static Jwk Of(RSA key, string? kid = null, JoseAlgorithm? algorithm = null)
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return new Jwk(JwkKind.Rsa, parameters.Modulus!, parameters.Exponent!, kid, algorithm?.Name());
    }

    public static Jwk Of(ECDsa key, string? kid = null, JoseAlgorithm? algorithm = null)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return new Jwk(key.KeySize == 256 ? JwkKind.P256 : JwkKind.P384, parameters.Q.X!, parameters.Q.Y!, kid, algorithm?.Name());
    }

    /// <summary>Reads a key that may be used to check signatures; the refusal says what is wrong with it.</summary>
    internal static bool TryRead(JsonElement json, [NotNullWhen(true)] out Jwk? key, [NotNullWhen(false)] out string? refusal)
    {
        key = null;
        refusal = Check(json, out string? kty, out string? kid, out string? algorithm);
        if (refusal is not null)
        {
            return false;
        }

        (key, refusal) = kty switch
        {
            "RSA" => ReadRsa(json, kid, algorithm),
            "EC" => ReadCurve(json, kid, algorithm),
            _ => (null, "The type of a key is neither RSA nor EC."),
        };
        return key is not null;
    }

    internal static bool HoldsSecret(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && SecretMembers.Any(member => json.TryGetProperty(member, out _));

    /// <summary>Whether the key can be used with the algorithm, by its kind and by what its owner said.</summary>
    internal bool Fits(JoseAlgorithm algorithm) => Kind == algorithm.Kind() && (Algorithm is null || Algorithm == algorithm.Name());

    internal bool Verifies(JoseAlgorithm algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (!Fits(algorithm))
        {
            return false;
        }

        // The classes of the base library do not promise to be safe for use by several threads.
        lock (_one)
        {
            // Of curves r and s, each as long as the field: https://www.rfc-editor.org/rfc/rfc7518#section-3.4. Other lengths, DER among them, never fit.
            return _imported.Value is RSA rsa
                ? signature.Length == _first.Length && rsa.VerifyData(signed, signature, algorithm.Hash(), RSASignaturePadding.Pkcs1)
                : signature.Length == 2 * _first.Length
                    && ((ECDsa)_imported.Value).VerifyData(signed, signature, algorithm.Hash(), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (Kind == JwkKind.Rsa)
        {
            writer.WriteString("kty"u8, "RSA"u8);
            writer.WriteString("n"u8, Base64UrlText.Of(_first));
            writer.WriteString("e"u8, Base64UrlText.Of(_second));
        }
        else
        {
            writer.WriteString("kty"u8, "EC"u8);
            writer.WriteString("crv"u8, Curve);
            writer.WriteString("x"u8, Base64UrlText.Of(_first));
            writer.WriteString("y"u8, Base64UrlText.Of(_second));
        }

        if (Kid is not null)
        {
            writer.WriteString("kid"u8, Kid);
        }

        if (Algorithm is not null)
        {
            writer.WriteString("alg"u8, Algorithm);
        }

        writer.WriteString("use"u8, "sig"u8);
        writer.WriteEndObject();
    }

    private static string? Check(JsonElement json, out string? kty, out string? kid, out string? algorithm)
    {
        kty = kid = algorithm = null;
        if (json.ValueKind != JsonValueKind.Object
            || !JoseJson.TryNeeded(json, "kty", out kty)
            || !JoseJson.TryText(json, "kid", out kid)
            || !JoseJson.TryText(json, "alg", out algorithm)
            || !JoseJson.TryText(json, "use", out string? use)
            || !JoseJson.TryTexts(json, "key_ops", 16, out IReadOnlyList<string> uses)
            || kid?.Length > MostKidLetters)
        {
            return "A key is malformed.";
        }

        if (HoldsSecret(json))
        {
            return "A key holds its secret part, which must not be given to anybody.";
        }

        return use is not (null or "sig") || (uses.Count > 0 && !uses.Contains("verify")) ? "A key is not meant for signatures." : null;
    }

    private static (Jwk? Key, string? Refusal) ReadRsa(JsonElement json, string? kid, string? algorithm)
    {
        if (!JoseJson.TryNeeded(json, "n", out string? n) || !JoseJson.TryNeeded(json, "e", out string? e)
            || Base64UrlText.Read(n) is not { Length: > 0 } modulus || Base64UrlText.Read(e) is not { Length: > 0 and <= 4 } exponent)
        {
            return (null, "An RSA key has no proper modulus or exponent.");
        }

        // "n" has no leading zeros: https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1.1
        int bits = (modulus.Length * 8) - byte.LeadingZeroCount(modulus[0]);
        if (modulus[0] == 0 || bits < LeastRsaBits || bits > MostRsaBits || (modulus[^1] & 1) == 0)
        {
            return (null, $"The modulus of an RSA key needs {LeastRsaBits} to {MostRsaBits} bits.");
        }

        // 1 would make every text its own signature; small ones have been the way into careless checks.
        return exponent[0] == 0 || exponent.Length < 3 || (exponent[^1] & 1) == 0
            ? (null, "The exponent of an RSA key must be odd and at least 65537.")
            : (new Jwk(JwkKind.Rsa, modulus, exponent, kid, algorithm), null);
    }

    private static (Jwk? Key, string? Refusal) ReadCurve(JsonElement json, string? kid, string? algorithm)
    {
        if (!JoseJson.TryNeeded(json, "crv", out string? crv) || !JoseJson.TryNeeded(json, "x", out string? x) || !JoseJson.TryNeeded(json, "y", out string? y))
        {
            return (null, "A key of a curve lacks a member.");
        }

        JwkKind? kind = crv switch
        {
            "P-256" => JwkKind.P256,
            "P-384" => JwkKind.P384,
            _ => null,
        };
        if (kind is null)
        {
            return (null, "The curve of a key is neither P-256 nor P-384.");
        }

        int length = kind == JwkKind.P256 ? 32 : 48;
        return Base64UrlText.Read(x, length) is not { } first || Base64UrlText.Read(y, length) is not { } second || TryImport(kind.Value, first, second) is not { } imported
            ? (null, "The point of a key does not lie on its curve.")
            : (new Jwk(kind.Value, first, second, kid, algorithm, imported), null);
    }

    private static ECDsa? TryImport(JwkKind kind, byte[] x, byte[] y)
    {
        try
        {
            return (ECDsa)Import(kind, x, y);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static AsymmetricAlgorithm Import(JwkKind kind, byte[] first, byte[] second) => kind == JwkKind.Rsa
        ? RSA.Create(new RSAParameters { Modulus = first, Exponent = second })
        : ECDsa.Create(new ECParameters
        {
            Curve = kind == JwkKind.P256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
            Q = new ECPoint { X = first, Y = second },
        });

    private string MakeThumbprint()
    {
        string members = Kind == JwkKind.Rsa
            ? $$"""{"e":"{{Base64UrlText.Of(_second)}}","kty":"RSA","n":"{{Base64UrlText.Of(_first)}}"}"""
            : $$"""{"crv":"{{Curve}}","kty":"EC","x":"{{Base64UrlText.Of(_first)}}","y":"{{Base64UrlText.Of(_second)}}"}""";
        return Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(members)));
    }
}
