using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>Public keys of somebody: https://www.rfc-editor.org/rfc/rfc7517#section-5. Immutable.</summary>
public sealed class JwkSet
{
    public const int MostKeys = 32;
    public const int MostBytes = 64 << 10;

    internal JwkSet(IReadOnlyList<Jwk> keys) => Keys = keys;

    public IReadOnlyList<Jwk> Keys { get; }

    /// <summary>
    /// Reads a set. Keys of types, curves or uses that we do not know are left out, as the specification wishes; a set that gives away a
    /// secret or that has no key for us is refused.
    /// </summary>
    public static OAuthResult<JwkSet> Read(ReadOnlyMemory<byte> utf8) =>
        utf8.Length <= MostBytes && JoseJson.ReadObject(utf8) is { } json
            ? Read(json)
            : OAuthError.InvalidClientMetadata("The set of keys is no JSON object, or too long.");

    internal static OAuthResult<JwkSet> Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("keys", out JsonElement list)
            || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostKeys)
        {
            return OAuthError.InvalidClientMetadata($"The set of keys has no list of at most {MostKeys} keys.");
        }

        var keys = new List<Jwk>();
        string refusal = "The set of keys is empty.";
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (Jwk.TryRead(item, out Jwk? key, out string? why))
            {
                keys.Add(key);
            }
            else if (Jwk.HoldsSecret(item))
            {
                return OAuthError.InvalidClientMetadata(why);
            }
            else
            {
                refusal = why;
            }
        }

        return keys.Count > 0 ? new JwkSet(keys) : OAuthError.InvalidClientMetadata(refusal);
    }

    /// <summary>
    /// The single key of that name whose type fits the algorithm. None and several are the same: neither says with which key to check
    /// (https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#signature-verification).
    /// </summary>
    /// <param name="kid">Null when the token names none; then only one key may fit.</param>
    internal bool TryChoose(string? kid, JoseAlgorithm algorithm, [NotNullWhen(true)] out Jwk? chosen)
    {
        Jwk[] candidates = [.. Keys.Where(key => (kid is null || key.Kid == kid) && key.Fits(algorithm))];
        chosen = candidates.Length == 1 ? candidates[0] : null;
        return chosen is not null;
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("keys"u8);
        foreach (Jwk key in Keys)
        {
            key.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
