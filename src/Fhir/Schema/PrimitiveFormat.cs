using System.Buffers;
using System.Buffers.Text;

namespace HealthChain.Fhir.Schema;

/// <summary>The formats of R4's primitive types (datatypes.html#primitive), checked on UTF-8 without regular expressions.</summary>
public static class PrimitiveFormat
{
    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n\f\v"u8);

    private static readonly SearchValues<byte> IdBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."u8);

    private static readonly SearchValues<byte> Base64Bytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"u8);

    /// <summary>True when the text is a value of that type. For booleans and numbers the text is the bare JSON token.</summary>
    public static bool IsValid(PrimitiveKind kind, ReadOnlySpan<byte> text) => kind switch
    {
        PrimitiveKind.String or PrimitiveKind.Markdown or PrimitiveKind.Xhtml => text.Length > 0,
        PrimitiveKind.Code => IsCode(text),
        PrimitiveKind.Id => text.Length is > 0 and <= 64 && !text.ContainsAnyExcept(IdBytes),
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical => text.Length > 0 && !text.ContainsAny(WhiteSpace),
        PrimitiveKind.Boolean => text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8),
        PrimitiveKind.Integer => IsInteger(text, int.MinValue),
        PrimitiveKind.UnsignedInt => IsInteger(text, 0),
        PrimitiveKind.PositiveInt => IsInteger(text, 1),
        PrimitiveKind.Decimal => IsDecimal(text),
        PrimitiveKind.Date => DateFormat.IsDate(text),
        PrimitiveKind.DateTime => DateFormat.IsDateTime(text),
        PrimitiveKind.Instant => DateFormat.IsInstant(text),
        PrimitiveKind.Time => DateFormat.IsTime(text),
        PrimitiveKind.Oid => IsOid(text),
        PrimitiveKind.Uuid => IsUuid(text),
        PrimitiveKind.Base64Binary => IsBase64(text),
        _ => false,
    };

    /// <summary>What a value of that type looks like, for messages: <c>a date such as 2024-05-17, 2024-05 or 2024</c>.</summary>
    public static string Description(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => "true or false",
        PrimitiveKind.Integer => "a whole number from -2147483648 to 2147483647",
        PrimitiveKind.UnsignedInt => "a whole number from 0 to 2147483647",
        PrimitiveKind.PositiveInt => "a whole number from 1 to 2147483647",
        PrimitiveKind.Decimal => "a decimal number",
        PrimitiveKind.Code => "a code: no white space at its ends, single spaces inside",
        PrimitiveKind.Id => "1 to 64 letters, digits, '-' and '.'",
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical => "a uri without white space",
        PrimitiveKind.Date => "a real date such as 2024-05-17, 2024-05 or 2024",
        PrimitiveKind.DateTime => "a real date, or date and time with time zone, such as 2024-05-17T10:30:00+02:00",
        PrimitiveKind.Instant => "a date and time to the second at least, with time zone, such as 2024-05-17T10:30:00.123Z",
        PrimitiveKind.Time => "a time of day such as 10:30:00",
        PrimitiveKind.Oid => "an OID such as urn:oid:1.2.3",
        PrimitiveKind.Uuid => "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        PrimitiveKind.Base64Binary => "base64 text in groups of four characters",
        _ => "a string that is not empty",
    };

    private static bool IsCode(ReadOnlySpan<byte> text)
    {
        int space = text.IndexOfAny(WhiteSpace);
        if (space < 0)
        {
            return text.Length > 0;
        }

        // Single white space inside is allowed: [^\s]+(\s[^\s]+)*
        bool previous = true;
        foreach (byte b in text)
        {
            bool current = WhiteSpace.Contains(b);
            if (current && previous)
            {
                return false;
            }

            previous = current;
        }

        return !previous;
    }

    private static bool IsInteger(ReadOnlySpan<byte> text, int least)
    {
        ReadOnlySpan<byte> digits = text.Length > 0 && text[0] == (byte)'-' ? text[1..] : text;
        if (digits.Length is 0 or > 10 || (digits[0] == (byte)'0' && digits.Length > 1) || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        return Utf8Parser.TryParse(text, out int value, out int consumed) && consumed == text.Length && value >= least;
    }

    private static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        int position = 0;
        if (text.Length > 0 && text[0] == (byte)'-')
        {
            position = 1;
        }

        int whole = DigitsAt(text, position);
        if (whole == 0 || (whole > 1 && text[position] == (byte)'0'))
        {
            return false;
        }

        position += whole;
        if (position < text.Length && text[position] == (byte)'.')
        {
            int fraction = DigitsAt(text, position + 1);
            if (fraction == 0)
            {
                return false;
            }

            position += fraction + 1;
        }

        if (position < text.Length && (text[position] | 0x20) == (byte)'e')
        {
            position++;
            if (position < text.Length && text[position] is (byte)'+' or (byte)'-')
            {
                position++;
            }

            int exponent = DigitsAt(text, position);
            if (exponent == 0)
            {
                return false;
            }

            position += exponent;
        }

        return position == text.Length;
    }

    private static int DigitsAt(ReadOnlySpan<byte> text, int position)
    {
        int start = position;
        while (position < text.Length && text[position] is >= (byte)'0' and <= (byte)'9')
        {
            position++;
        }

        return position - start;
    }

    // urn:oid:[0-2](\.(0|[1-9][0-9]*))+
    private static bool IsOid(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("urn:oid:"u8) || text.Length < 11 || text[8] is < (byte)'0' or > (byte)'2')
        {
            return false;
        }

        int position = 9;
        while (position < text.Length)
        {
            int digits = text[position] == (byte)'.' ? DigitsAt(text, position + 1) : 0;
            if (digits == 0 || (digits > 1 && text[position + 1] == (byte)'0'))
            {
                return false;
            }

            position += digits + 1;
        }

        return true;
    }

    // R4 asks for lower case; upper case is widespread and harmless, so it is accepted as RFC 4122 asks of readers.
    private static bool IsUuid(ReadOnlySpan<byte> text) =>
        text.Length == 45 && text.StartsWith("urn:uuid:"u8) && Utf8Parser.TryParse(text[9..], out Guid _, out int consumed) && consumed == 36;

    private static bool IsBase64(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExcept(Base64Bytes))
        {
            return false;
        }

        int white = 0;
        int start = 0;
        while (text[start..].IndexOfAny(WhiteSpace) is var offset and >= 0)
        {
            white++;
            start += offset + 1;
        }

        int characters = text.Length - white;
        ReadOnlySpan<byte> trimmed = text.TrimEnd(" \t\r\n"u8);
        int padding = trimmed.Length - trimmed.TrimEnd((byte)'=').Length;
        return characters > 0 && characters % 4 == 0 && padding <= 2 && !trimmed[..^padding].Contains((byte)'=');
    }
}
