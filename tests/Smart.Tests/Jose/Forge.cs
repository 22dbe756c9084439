using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;

namespace HealthChain.Smart.Tests.Jose;

/// <summary>Makes tokens as clients make them, and as attackers do.</summary>
internal static class Forge
{
    public static RSA Rsa { get; } = RSA.Create(2048);

    public static RSA OtherRsa { get; } = RSA.Create(2048);

    public static ECDsa P256 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static ECDsa P384 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public static string Token(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign) =>
        Token(header.ToJsonString(), claims.ToJsonString(), sign);

    public static string Token(string header, string claims, Func<byte[], byte[]> sign) =>
        Token(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(claims), sign);

    public static string Token(byte[] header, byte[] claims, Func<byte[], byte[]> sign)
    {
        string signed = Base64UrlText.Of(header) + "." + Base64UrlText.Of(claims);
        return signed + "." + Base64UrlText.Of(sign(Encoding.ASCII.GetBytes(signed)));
    }

    /// <summary>The signature that goes with an algorithm, by our keys.</summary>
    public static Func<byte[], byte[]> Signer(string algorithm) => algorithm switch
    {
        "RS256" => data => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "RS384" => data => Rsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        "ES256" => data => P256.SignData(data, HashAlgorithmName.SHA256),
        "ES384" => data => P384.SignData(data, HashAlgorithmName.SHA384),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static Jwk Key(string algorithm, string? kid = null) => algorithm switch
    {
        "ES256" => Jwk.Of(P256, kid),
        "ES384" => Jwk.Of(P384, kid),
        _ => Jwk.Of(Rsa, kid),
    };

    /// <summary>The public key as JSON, as it stands in headers and sets.</summary>
    public static JsonObject Json(Jwk key)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer))
        {
            key.WriteTo(writer);
        }

        return JsonNode.Parse(buffer.WrittenSpan)!.AsObject();
    }
}
