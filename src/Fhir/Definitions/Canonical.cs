namespace HealthChain.Fhir.Definitions;

/// <summary>A canonical as references have it: <c>url</c> or <c>url|version</c>.</summary>
internal readonly record struct Canonical(string Url, string? Version)
{
    public static Canonical Split(string text)
    {
        int bar = text.IndexOf('|', StringComparison.Ordinal);
        return bar < 0 ? new Canonical(text, null) : new Canonical(text[..bar], text[(bar + 1)..]);
    }
}
