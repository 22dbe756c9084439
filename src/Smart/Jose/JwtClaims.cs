using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace HealthChain.Smart.Jose;

/// <summary>The claims of a token: https://www.rfc-editor.org/rfc/rfc7519#section-4</summary>
internal readonly struct JwtClaims(JsonElement json)
{
    private const int MostAudiences = 16;

    // 9999-12-31; beyond it no point in time can be told.
    private const double LastSecond = 253_402_300_799;

    public JsonElement Json { get; } = json;

    public bool Has(string name) => Json.TryGetProperty(name, out _);

    /// <summary>The text of a claim; null when it is missing or no text.</summary>
    public string? Text(string name) => JoseJson.TryText(Json, name, out string? text) ? text : null;

    /// <summary>A point in time, in whole seconds; null when it is missing or none.</summary>
    public DateTimeOffset? Instant(string name) =>
        Json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds)
            && seconds is >= 0 and <= LastSecond
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;

    /// <summary>For whom the token is, one or several; empty when that is missing or malformed.</summary>
    public IReadOnlyList<string> Audiences() =>
        Text("aud") is { } single ? [single]
            : JoseJson.TryTexts(Json, "aud", MostAudiences, out IReadOnlyList<string> several) ? several
            : [];

    /// <summary>Whether the token is valid at that moment, as far as its times are there; clocks may differ by the skew.</summary>
    public bool TryBeValid(DateTimeOffset now, TimeSpan skew, [NotNullWhen(false)] out string? refusal)
    {
        refusal = true switch
        {
            _ when IsNoInstant("exp") || IsNoInstant("nbf") || IsNoInstant("iat") => "A time in the token is no number of seconds.",
            _ when Instant("exp") is { } expires && now >= expires + skew => "The token has expired.",
            _ when Instant("nbf") is { } start && now < start - skew => "The token is not valid yet.",
            _ when Instant("iat") is { } issued && now < issued - skew => "The token was issued in the future.",
            _ => null,
        };
        return refusal is null;
    }

    private bool IsNoInstant(string name) => Has(name) && Instant(name) is null;
}
