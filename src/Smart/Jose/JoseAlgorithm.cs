using System.Security.Cryptography;

namespace HealthChain.Smart.Jose;

/// <summary>
/// The signatures that we make and take: RSASSA-PKCS1-v1_5 and ECDSA of https://www.rfc-editor.org/rfc/rfc7518#section-3.1. There is no
/// "none" and no HMAC, so a public key can never be taken for a shared secret.
/// </summary>
public enum JoseAlgorithm : byte
{
    Rs256,
    Rs384,
    Es256,
    Es384,
}

internal static class JoseAlgorithms
{
    /// <summary>What clients may sign assertions with: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html</summary>
    public static IReadOnlyList<JoseAlgorithm> OfAssertions { get; } = [JoseAlgorithm.Rs384, JoseAlgorithm.Es384];

    /// <summary>What proofs of possession and tokens of other providers may be signed with.</summary>
    public static IReadOnlyList<JoseAlgorithm> All { get; } = [JoseAlgorithm.Es256, JoseAlgorithm.Rs256, JoseAlgorithm.Es384, JoseAlgorithm.Rs384];

    public static string Name(this JoseAlgorithm algorithm) => algorithm switch
    {
        JoseAlgorithm.Rs256 => "RS256",
        JoseAlgorithm.Rs384 => "RS384",
        JoseAlgorithm.Es256 => "ES256",
        _ => "ES384",
    };

    /// <summary>Names of algorithms are told apart by case: "rs256" is none.</summary>
    public static JoseAlgorithm? Find(string? name) => name switch
    {
        "RS256" => JoseAlgorithm.Rs256,
        "RS384" => JoseAlgorithm.Rs384,
        "ES256" => JoseAlgorithm.Es256,
        "ES384" => JoseAlgorithm.Es384,
        _ => null,
    };

    public static HashAlgorithmName Hash(this JoseAlgorithm algorithm) =>
        algorithm is JoseAlgorithm.Rs256 or JoseAlgorithm.Es256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384;

    public static JwkKind Kind(this JoseAlgorithm algorithm) => algorithm switch
    {
        JoseAlgorithm.Es256 => JwkKind.P256,
        JoseAlgorithm.Es384 => JwkKind.P384,
        _ => JwkKind.Rsa,
    };
}
