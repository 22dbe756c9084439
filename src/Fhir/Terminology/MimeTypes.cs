using System.Buffers;
using System.Text;

namespace HealthChain.Fhir.Terminology;

/// <summary>Mime types (BCP 13): <c>type/subtype</c> with optional parameters, the type being one that is registered.</summary>
internal sealed class MimeTypes() : GrammarSystem(SystemUrl, "mime types (BCP 13)")
{
    public const string SystemUrl = "urn:ietf:bcp:13";

    // RFC 6838 §4.2: the characters of a type or subtype.
    private static readonly SearchValues<byte> NameCharacters = CodeCharacters.AlphanumericAnd("!#$&-^_.+");

    public override CodeMembership Check(ReadOnlySpan<byte> code)
    {
        // R4's own CapabilityStatements name formats by FHIR's shorthands (R4, RESTful API, "Content Types and encodings").
        if (code.SequenceEqual("xml"u8) || code.SequenceEqual("json"u8) || code.SequenceEqual("ttl"u8))
        {
            return CodeMembership.Member;
        }

        int semicolon = code.IndexOf((byte)';');
        ReadOnlySpan<byte> essence = (semicolon < 0 ? code : code[..semicolon]).TrimEnd((byte)' ');
        int slash = essence.IndexOf((byte)'/');
        return Answer(slash > 0
            && IsTopLevelType(essence[..slash])
            && IsName(essence[(slash + 1)..])
            && (semicolon < 0 || AreParameters(code[(semicolon + 1)..])));
    }

    private static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= 127 && char.IsAsciiLetterOrDigit((char)name[0]) && !name.ContainsAnyExcept(NameCharacters);

    private static bool IsTopLevelType(ReadOnlySpan<byte> type)
    {
        Span<byte> lower = stackalloc byte[16];
        if (type.Length > lower.Length || Ascii.ToLower(type, lower, out int length) != OperationStatus.Done)
        {
            return false;
        }

        lower = lower[..length];
        return lower.SequenceEqual("application"u8) || lower.SequenceEqual("text"u8) || lower.SequenceEqual("image"u8)
            || lower.SequenceEqual("audio"u8) || lower.SequenceEqual("video"u8) || lower.SequenceEqual("multipart"u8)
            || lower.SequenceEqual("message"u8) || lower.SequenceEqual("model"u8) || lower.SequenceEqual("font"u8)
            || lower.SequenceEqual("haptics"u8) || lower.SequenceEqual("example"u8) || lower.SequenceEqual("chemical"u8)
            || (lower.StartsWith("x-"u8) && IsName(lower[2..]));
    }

    // RFC 2045 §5.1: attribute=value, the value a token or a quoted string.
    private static bool AreParameters(ReadOnlySpan<byte> text)
    {
        while (true)
        {
            text = text.TrimStart((byte)' ');
            int equals = text.IndexOf((byte)'=');
            if (equals <= 0 || !IsName(text[..equals]))
            {
                return false;
            }

            text = text[(equals + 1)..];
            int length = ValueLength(text);
            text = text[length..].TrimStart((byte)' ');
            if (length == 0 || (text.Length > 0 && text[0] != ';'))
            {
                return false;
            }

            if (text.IsEmpty)
            {
                return true;
            }

            text = text[1..];
        }
    }

    private static int ValueLength(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || text[0] != '"')
        {
            int end = text.IndexOfAny("; \""u8);
            return end < 0 ? text.Length : end;
        }

        int quote = text[1..].IndexOf((byte)'"');
        return quote < 0 ? 0 : quote + 2;
    }
}
