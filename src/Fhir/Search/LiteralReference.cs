using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>The parts of a literal reference, as ranges of its text.</summary>
/// <param name="Server">Base url of another server, without the last slash; empty for a relative reference.</param>
/// <param name="Type">The resource type named in it; null when it names none (a urn, a url that is no RESTful one).</param>
/// <param name="Id">The id when there is a type; else the whole text.</param>
/// <param name="Version">The version behind <c>_history</c>; empty when there is none.</param>
public readonly record struct LiteralReference(Range Server, TypeSchema? Type, Range Id, Range Version)
{
    /// <summary>Cuts a reference up: <c>[server/]Type/id[/_history/version]</c> or anything else (R4, "Literal References").</summary>
    public static LiteralReference Parse(ReadOnlySpan<byte> text)
    {
        int end = text.Length;
        Range version = end..end;
        int history = text.LastIndexOf("/_history/"u8);
        if (history > 0)
        {
            version = (history + "/_history/"u8.Length)..end;
            end = history;
        }

        int idSlash = text[..end].LastIndexOf((byte)'/');
        if (idSlash <= 0 || !IsId(text[(idSlash + 1)..end]))
        {
            return Whole(text);
        }

        int typeSlash = text[..idSlash].LastIndexOf((byte)'/');
        TypeSchema? type = FhirSchema.R4.Resource(text[(typeSlash + 1)..idSlash]);
        return type is null || (typeSlash >= 0 && !IsUrl(text[..typeSlash]))
            ? Whole(text)
            : new LiteralReference(0..Math.Max(typeSlash, 0), type, (idSlash + 1)..end, version);
    }

    /// <summary>How much to leave out of a reference to this server by its full url, which is the same as a relative one (R4, "reference" parameters).</summary>
    /// <param name="serverBase">Without the last slash.</param>
    public static int LengthOfBase(ReadOnlySpan<byte> reference, ReadOnlySpan<byte> serverBase) =>
        serverBase.Length > 0 && reference.Length > serverBase.Length && reference[serverBase.Length] == (byte)'/' && reference.StartsWith(serverBase)
            ? serverBase.Length + 1
            : 0;

    /// <summary>An id as FHIR allows it: letters, digits, dash and dot, at most 64.</summary>
    private static bool IsId(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > 64)
        {
            return false;
        }

        foreach (byte b in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'-' or (byte)'.'))
            {
                return false;
            }
        }

        return true;
    }

    private static LiteralReference Whole(ReadOnlySpan<byte> text) => new(0..0, null, 0..text.Length, text.Length..text.Length);

    private static bool IsUrl(ReadOnlySpan<byte> text) => text.StartsWith("http://"u8) || text.StartsWith("https://"u8);
}
