using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The formats of encode(), decode(), escape() and unescape(). An unknown format and text that is not in the format give nothing.</summary>
internal static class TextCodings
{
    public static string? Encode(string text, string format) => format switch
    {
        "hex" => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        "base64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        "urlbase64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_'),
        _ => null,
    };

    public static string? Decode(string text, string format)
    {
        try
        {
            return format switch
            {
                "hex" => Encoding.UTF8.GetString(Convert.FromHexString(text)),
                "base64" => Encoding.UTF8.GetString(Convert.FromBase64String(text)),
                "urlbase64" => Encoding.UTF8.GetString(Convert.FromBase64String(Pad(text.Replace('-', '+').Replace('_', '/')))),
                _ => null,
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static string? Escape(string text, string format) => format switch
    {
        "html" => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;").Replace("'", "&#39;"),
        "json" => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text),
        _ => null,
    };

    public static string? Unescape(string text, string format)
    {
        switch (format)
        {
            case "html":
                return WebUtility.HtmlDecode(text);
            case "json":
                try
                {
                    var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes($"\"{text}\""));
                    return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }
                catch (Exception e) when (e is JsonException or InvalidOperationException)
                {
                    return null;
                }

            default:
                return null;
        }
    }

    private static string Pad(string base64) => base64.PadRight((base64.Length + 3) / 4 * 4, '=');
}
