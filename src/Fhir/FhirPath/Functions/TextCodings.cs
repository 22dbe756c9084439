using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;

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

    public static string? Unescape(string text, string format) => format switch
    {
        "html" => WebUtility.HtmlDecode(text),
        "json" => UnescapeJson(text),
        _ => null,
    };

    // Not a JSON reader: characters that JSON would have escaped, such as a bare quote, stay as they are.
    private static string UnescapeJson(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c != '\\' || i + 1 == text.Length)
            {
                builder.Append(c);
                continue;
            }

            c = text[++i];
            if (c == 'u' && i + 4 < text.Length
                && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            {
                builder.Append((char)code);
                i += 4;
                continue;
            }

            builder.Append(c switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => c,
            });
        }

        return builder.ToString();
    }

    private static string Pad(string base64) => base64.PadRight((base64.Length + 3) / 4 * 4, '=');
}
