using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>What an id_token tells an app about who signed in.</summary>
public sealed record IdToken
{
    /// <summary>Names the user for ever, and tells nothing about them: the id of the account, never a login name.</summary>
    public required string Subject { get; init; }

    /// <summary>The client that it is for.</summary>
    public required string Audience { get; init; }

    /// <summary>When the user gave the password.</summary>
    public required DateTimeOffset SignedIn { get; init; }

    /// <summary>What the client sent along, returned as it was.</summary>
    public string? Nonce { get; init; }

    /// <summary>How strong the sign-in was.</summary>
    public string? Acr { get; init; }

    /// <summary>By which means, such as <c>pwd</c> and <c>otp</c>: https://www.rfc-editor.org/rfc/rfc8176</summary>
    public IReadOnlyList<string> Amr { get; init; } = [];

    /// <summary>The user as a resource, such as <c>Practitioner/7</c>; goes out as absolute URL. Only with scope fhirUser.</summary>
    public string? FhirUser { get; init; }

    /// <summary>The session in the browser.</summary>
    public string? Session { get; init; }

    /// <summary>The access token that goes out beside it, which the id_token is tied to.</summary>
    public string? AccessToken { get; init; }
}

/// <summary>Makes id_tokens: https://openid.net/specs/openid-connect-core-1_0.html#IDToken, https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data</summary>
/// <param name="fhirBase">The FHIR base that clients see, without a slash at its end.</param>
internal sealed class IdTokens(string issuer, string fhirBase, SigningKeys keys, TimeProvider time)
{
    /// <summary>"It MUST NOT exceed 255 ASCII characters in length"</summary>
    public const int MostSubjectLetters = 255;

    /// <summary>Long enough for the client to read it.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <param name="algorithm">SMART wants RS256; a client may have registered for another.</param>
    public string Sign(IdToken token, JoseAlgorithm algorithm = JoseAlgorithm.Rs256)
    {
        if (token.Subject.Length is 0 or > MostSubjectLetters || !Ascii.IsValid(token.Subject))
        {
            throw new ArgumentException($"A subject has 1 to {MostSubjectLetters} ASCII characters.", nameof(token));
        }

        DateTimeOffset now = time.GetUtcNow();
        return keys.Sign(algorithm, "JWT", writer =>
        {
            writer.WriteString("iss"u8, issuer);
            writer.WriteString("sub"u8, token.Subject);
            writer.WriteString("aud"u8, token.Audience);
            writer.WriteNumber("iat"u8, now.ToUnixTimeSeconds());
            writer.WriteNumber("exp"u8, (now + Life).ToUnixTimeSeconds());
            writer.WriteNumber("auth_time"u8, token.SignedIn.ToUnixTimeSeconds());
            WriteText(writer, "nonce", token.Nonce);
            WriteText(writer, "acr", token.Acr);
            WriteText(writer, "fhirUser", token.FhirUser is null ? null : $"{fhirBase}/{token.FhirUser}");
            WriteText(writer, "sid", token.Session);
            WriteText(writer, "at_hash", token.AccessToken is null ? null : HalfHash(algorithm, token.AccessToken));
            if (token.Amr.Count > 0)
            {
                writer.WriteStartArray("amr"u8);
                foreach (string means in token.Amr)
                {
                    writer.WriteStringValue(means);
                }

                writer.WriteEndArray();
            }
        });
    }

    /// <summary>The left half of the hash of the algorithm: https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken</summary>
    public static string HalfHash(JoseAlgorithm algorithm, string text)
    {
        byte[] hash = CryptographicOperations.HashData(algorithm.Hash(), Encoding.ASCII.GetBytes(text));
        return Base64UrlText.Of(hash.AsSpan(0, hash.Length / 2));
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }
}
