using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

/// <summary>The text of an XML attribute as the JSON value it stands for.</summary>
internal static class XmlValue
{
    private const string WhiteSpace = " \t\r\n";

    /// <summary>The JSON text; null when the attribute does not have the form that the type needs to be JSON at all.</summary>
    public static byte[]? ToJson(string value, PrimitiveKind kind)
    {
        switch (kind)
        {
            case PrimitiveKind.String or PrimitiveKind.Markdown or PrimitiveKind.Xhtml or PrimitiveKind.Base64Binary:
                // White space at the ends should be trimmed "for XML schema conformance"; these types may have some, and then it is
                // part of the value, which must not change on its way from JSON through XML and back.
                return JsonQuote.Of(value);
            case PrimitiveKind.Boolean:
                return value.AsSpan().Trim(WhiteSpace) switch
                {
                    "true" => "true"u8.ToArray(),
                    "false" => "false"u8.ToArray(),
                    _ => null,
                };
            case PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal:
                ReadOnlySpan<char> number = value.AsSpan().Trim(WhiteSpace);
                return IsJsonNumber(number) ? Encoding.ASCII.GetBytes(number.ToArray()) : null;
            default:
                return JsonQuote.Of(value.AsSpan().Trim(WhiteSpace));
        }
    }

    public static string Expected(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => "a boolean, which is 'true' or 'false'",
        PrimitiveKind.Decimal => "a decimal, such as '1.50' or '-2e3'",
        _ => "an integer, such as '15'",
    };

    // FHIR's decimal and JSON's number have one grammar: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
    private static bool IsJsonNumber(ReadOnlySpan<char> text)
    {
        text = text.StartsWith('-') ? text[1..] : text;
        int digits = Digits(text);
        if (digits == 0 || (digits > 1 && text[0] == '0'))
        {
            return false;
        }

        text = text[digits..];
        if (text.StartsWith('.'))
        {
            digits = Digits(text[1..]);
            if (digits == 0)
            {
                return false;
            }

            text = text[(digits + 1)..];
        }

        if (text.Length > 0 && text[0] is 'e' or 'E')
        {
            text = text[1..];
            text = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
            digits = Digits(text);
            return digits > 0 && digits == text.Length;
        }

        return text.IsEmpty;
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
