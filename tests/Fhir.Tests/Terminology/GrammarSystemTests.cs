using System.Text;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class GrammarSystemTests
{
    [Theory]
    [InlineData("en", true)]
    [InlineData("en-US", true)]
    [InlineData("EN-us", true)]
    [InlineData("de-CH-1996", true)]
    [InlineData("zh-Hant-TW", true)]
    [InlineData("sr-Latn-RS", true)]
    [InlineData("es-419", true)]
    [InlineData("haw", true)]
    [InlineData("zh-cmn-Hans-CN", true)]
    [InlineData("sl-rozaj-biske-1994", true)]
    [InlineData("de-a-value-u-co-phonebk", true)]
    [InlineData("en-x-private", true)]
    [InlineData("x-whatever", true)]
    [InlineData("i-klingon", true)]
    [InlineData("", false)]
    [InlineData("xx", false)]
    [InlineData("english", false)]
    [InlineData("en_US", false)]
    [InlineData("en-", false)]
    [InlineData("-en", false)]
    [InlineData("en--US", false)]
    [InlineData("en-US-Latn", false)]
    [InlineData("en-US-GB", false)]
    [InlineData("en-a", false)]
    [InlineData("en-a-b", false)]
    [InlineData("en-x", false)]
    [InlineData("en-abcdefghi", false)]
    [InlineData("de DE", false)]
    [InlineData("i-elvish", false)]
    [InlineData("zh-aaa-bbb-ccc-ddd", false)]
    public void Language_tags_follow_BCP_47(string code, bool isMember) => Check("urn:ietf:bcp:47", code, isMember);

    [Theory]
    [InlineData("text/plain", true)]
    [InlineData("application/fhir+json", true)]
    [InlineData("application/fhir+xml; fhirVersion=4.0", true)]
    [InlineData("text/html;charset=UTF-8", true)]
    [InlineData("multipart/mixed; boundary=\"a b\"; x=y", true)]
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document", true)]
    [InlineData("IMAGE/PNG", true)]
    [InlineData("x-world/x-vrml", true)]
    [InlineData("xml", true)]
    [InlineData("", false)]
    [InlineData("pdf", false)]
    [InlineData("text", false)]
    [InlineData("/plain", false)]
    [InlineData("text/", false)]
    [InlineData("words/plain", false)]
    [InlineData("text/pla in", false)]
    [InlineData("text/plain;", false)]
    [InlineData("text/plain; charset", false)]
    [InlineData("text/plain; a=\"b", false)]
    [InlineData("text/plain; a=b c=d", false)]
    [InlineData("text/plain/more", false)]
    public void Mime_types_follow_BCP_13(string code, bool isMember) => Check("urn:ietf:bcp:13", code, isMember);

    [Theory]
    [InlineData("mg/dL", true)]
    [InlineData("10*3/uL", true)]
    [InlineData("Cel", true)]
    [InlineData("{score}", true)]
    [InlineData("miles per hour", false)]
    [InlineData("MG/DL", false)]
    [InlineData("", false)]
    public void Units_follow_UCUM(string code, bool isMember) => Check("http://unitsofmeasure.org", code, isMember);

    [Theory]
    [InlineData("urn:oid:1.2.3", true)]
    [InlineData("http://example.org/a?b#c", true)]
    [InlineData("mailto:a@b.c", true)]
    [InlineData("relative/path", true)]
    [InlineData("", false)]
    [InlineData("urn:a b", false)]
    [InlineData("urn:<a>", false)]
    public void Uris_follow_RFC_3986(string code, bool isMember) => Check("urn:ietf:rfc:3986", code, isMember);

    [Theory]
    [InlineData("EUR", true)]
    [InlineData("XCG", true)]
    [InlineData("eur", false)]
    [InlineData("EURO", false)]
    [InlineData("ZZZ", false)]
    public void Currencies_are_those_of_ISO_4217(string code, bool isMember) => Check("urn:iso:std:iso:4217", code, isMember);

    [Theory]
    [InlineData("DE", true)]
    [InlineData("DEU", true)]
    [InlineData("276", true)]
    [InlineData("XX", false)]
    [InlineData("Germany", false)]
    public void Countries_are_those_of_ISO_3166(string code, bool isMember) => Check("urn:iso:std:iso:3166", code, isMember);

    [Theory]
    [InlineData("US-NY", Membership.CannotSay)]
    [InlineData("XX-NY", Membership.NotMember)]
    [InlineData("US", Membership.NotMember)]
    [InlineData("US-new", Membership.NotMember)]
    public void Subdivisions_are_checked_by_form_and_country(string code, Membership expected) =>
        Assert.Equal(expected, Answer("urn:iso:std:iso:3166:-2", code));

    [Theory]
    [InlineData("Not A Zone", Membership.NotMember)]
    [InlineData("/etc/passwd", Membership.NotMember)]
    [InlineData("Mars/Olympus", Membership.CannotSay)]
    [InlineData("UTC", Membership.Member)]
    public void Time_zones_are_those_of_the_machine(string code, Membership expected) =>
        Assert.Equal(expected, Answer("https://www.iana.org/time-zones", code));

    [Theory]
    [InlineData("a", "mo", Membership.Member)]
    [InlineData("a", "mg", Membership.NotMember)]
    [InlineData("m", "[mi_i]", Membership.Member)]
    [InlineData("m", "no unit", Membership.NotMember)]
    [InlineData("no unit", "m", Membership.CannotSay)]
    public void Units_are_filtered_by_what_they_convert_into(string canonical, string code, Membership expected)
    {
        TerminologyService service = Service(Set("urn:vs", Where("http://unitsofmeasure.org", "canonical", "=", canonical)));
        Assert.Equal(expected, service.Get("urn:vs").Contains("http://unitsofmeasure.org", code).Answer);
    }

    [Fact]
    public void What_follows_a_grammar_cannot_be_listed()
    {
        FhirError error = Service(Set("urn:vs", All("urn:ietf:bcp:13"))).Expand("urn:vs").Error!;
        Assert.Equal(ErrorKind.TooCostly, error.Kind);
        Assert.Contains("mime types", error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Country_codes_can_be_filtered_by_form()
    {
        TerminologyService service = Service(Set("urn:vs", Where("urn:iso:std:iso:3166", "code", "regex", "[0-9]{3}")));
        Assert.Equal(249, service.Expand("urn:vs").Value.Total);
        Assert.True(service.Get("urn:vs").Contains("urn:iso:std:iso:3166", "840").IsMember);
        Assert.Equal(Membership.NotMember, service.Get("urn:vs").Contains("urn:iso:std:iso:3166", "US").Answer);
    }

    private static void Check(string system, string code, bool isMember) =>
        Assert.Equal(isMember ? Membership.Member : Membership.NotMember, Answer(system, code));

    private static Membership Answer(string system, string code)
    {
        TerminologyService service = Service(Set("urn:vs", All(system)));
        return service.Contains("urn:vs", Encoding.UTF8.GetBytes(system), Encoding.UTF8.GetBytes(code)).Answer;
    }
}
