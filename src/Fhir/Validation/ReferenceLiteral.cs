using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

internal enum ReferenceKind : byte
{
    /// <summary><c>#id</c>, a contained resource; <c>#</c> alone, the container.</summary>
    Fragment,

    /// <summary><c>Patient/123</c>, possibly with a version.</summary>
    Relative,

    /// <summary><c>http://server/fhir/Patient/123</c>.</summary>
    RestUrl,

    /// <summary>Any other absolute uri: <c>urn:uuid:</c>, <c>urn:oid:</c>, a url that is no FHIR server's.</summary>
    Uri,

    /// <summary>None of these.</summary>
    Malformed,
}

/// <summary>A literal reference taken apart. See R4 references.html#literal.</summary>
/// <param name="Type">The resource type it names, for <see cref="ReferenceKind.Relative"/> and <see cref="ReferenceKind.RestUrl"/>.</param>
/// <param name="TypeStart">Where <c>Type/id</c> starts.</param>
/// <param name="End">Where <c>Type/id</c> ends; behind it a version may follow.</param>
internal readonly record struct ReferenceLiteral(ReferenceKind Kind, TypeSchema? Type, int TypeStart, int End)
{
    public static ReferenceLiteral Parse(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return new ReferenceLiteral(ReferenceKind.Malformed, null, 0, 0);
        }

        if (text[0] == '#')
        {
            return new ReferenceLiteral(ReferenceKind.Fragment, null, 0, text.Length);
        }

        int colon = text.IndexOf((byte)':');
        bool isAbsolute = colon > 0 && IsScheme(text[..colon]);
        int end = text.IndexOf("/_history/"u8);
        if (end < 0)
        {
            end = text.Length;
            int hash = text.IndexOf((byte)'#');
            end = hash > 0 ? hash : end;
        }

        ReadOnlySpan<byte> path = text[..end];
        int idSlash = path.LastIndexOf((byte)'/');
        int typeSlash = idSlash > 0 ? path[..idSlash].LastIndexOf((byte)'/') : -1;
        TypeSchema? type = idSlash > typeSlash + 1 ? FhirSchema.R4.Resource(path[(typeSlash + 1)..idSlash]) : null;
        bool hasId = IsId(path[(idSlash + 1)..]);
        if (isAbsolute)
        {
            bool isRest = type is not null && hasId && text.StartsWith("http"u8);
            return isRest
                ? new ReferenceLiteral(ReferenceKind.RestUrl, type, typeSlash + 1, end)
                : new ReferenceLiteral(ReferenceKind.Uri, null, 0, text.Length);
        }

        return type is not null && hasId && typeSlash < 0
            ? new ReferenceLiteral(ReferenceKind.Relative, type, 0, end)
            : new ReferenceLiteral(ReferenceKind.Malformed, type, 0, end);
    }

    /// <summary>FHIR's id: up to 64 letters, digits, hyphens and dots.</summary>
    public static bool IsId(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > 64)
        {
            return false;
        }

        foreach (byte c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'.'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The server's base of a <see cref="ReferenceKind.RestUrl"/> with its last slash: <c>http://server/fhir/</c>; null for any other text.</summary>
    public static string? BaseOf(string url)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(url);
        ReferenceLiteral literal = Parse(utf8);
        return literal.Kind == ReferenceKind.RestUrl ? Encoding.UTF8.GetString(utf8.AsSpan(0, literal.TypeStart)) : null;
    }

    private static bool IsScheme(ReadOnlySpan<byte> text)
    {
        foreach (byte c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'+' or (byte)'-' or (byte)'.'))
            {
                return false;
            }
        }

        return char.IsAsciiLetter((char)text[0]);
    }
}
