using System.Buffers;
using System.Text;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// A code system whose codes follow a grammar instead of standing in a table: units, languages, mime types. It can be asked about
/// a code but not listed.
/// </summary>
internal abstract class GrammarSystem(string url, string name)
{
    private static readonly GrammarSystem[] All =
        [new UcumUnits(), new LanguageTags(), new MimeTypes(), new Uris(), new TimeZones(), new CountrySubdivisions()];

    private static readonly CodeTable Urls = new([.. All.Select(system => system.Url)]);

    public string Url { get; } = url;

    /// <summary>What its codes are, for messages: <c>language tags (BCP 47)</c>.</summary>
    public string Name { get; } = name;

    public static GrammarSystem? Find(string url) => Find(Encoding.UTF8.GetBytes(url));

    public static GrammarSystem? Find(ReadOnlySpan<byte> url) => Urls.Find(url) is >= 0 and var found ? All[found] : null;

    public abstract CodeMembership Check(ReadOnlySpan<byte> code);

    /// <summary>The rule for the codes that pass a filter, or null when this system does not know the filter.</summary>
    public virtual CodeRule? Filter(ConceptFilter filter) => null;

    protected static CodeMembership Answer(bool isMember) => isMember ? CodeMembership.Member : CodeMembership.NotMember;

    /// <summary>RFC 3986 §4.1: URI references. R4's own examples use relative ones as codes, so no scheme is demanded.</summary>
    private sealed class Uris() : GrammarSystem("urn:ietf:rfc:3986", "URIs (RFC 3986)")
    {
        private static readonly SearchValues<byte> Forbidden = CodeCharacters.Of("<>\"{}|\\^`");

        public override CodeMembership Check(ReadOnlySpan<byte> code) =>
            Answer(!code.IsEmpty && !code.ContainsAnyInRange((byte)0, (byte)' ') && !code.ContainsAny(Forbidden));
    }

    /// <summary>Names of the time zone database, as far as this machine has it.</summary>
    private sealed class TimeZones() : GrammarSystem("https://www.iana.org/time-zones", "time zones (IANA)")
    {
        private static readonly SearchValues<byte> NameCharacters = CodeCharacters.AlphanumericAnd("+-_/");
        private static readonly CodeMembership Unknown = CodeMembership.CannotSay("it has the form of a time zone of https://www.iana.org/time-zones, but the time zones of this machine do not include it");

        public override CodeMembership Check(ReadOnlySpan<byte> code)
        {
            if (code.IsEmpty || code.Length > 64 || code[0] == '/' || code[^1] == '/'
                || code.ContainsAnyExcept(NameCharacters))
            {
                return CodeMembership.NotMember;
            }

            return TimeZoneInfo.TryFindSystemTimeZoneById(Encoding.ASCII.GetString(code), out _) ? CodeMembership.Member : Unknown;
        }
    }

    /// <summary>ISO 3166-2: the subdivisions change often and are not loaded, their form and their country can be checked.</summary>
    private sealed class CountrySubdivisions() : GrammarSystem("urn:iso:std:iso:3166:-2", "country subdivisions (ISO 3166-2)")
    {
        private static readonly CodeMembership Unknown = CodeMembership.CannotSay("the subdivisions of urn:iso:std:iso:3166:-2 are not loaded");

        public override CodeMembership Check(ReadOnlySpan<byte> code)
        {
            bool isWellFormed = code.Length is >= 4 and <= 6
                && code[2] == '-'
                && CodeCharacters.IsUpperAlphanumeric(code[3..])
                && StandardCodes.IsCountry(code[..2]);
            return isWellFormed ? Unknown : CodeMembership.NotMember;
        }
    }
}
