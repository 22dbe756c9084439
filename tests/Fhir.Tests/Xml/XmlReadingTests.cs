using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using Xunit;

namespace HealthChain.Fhir.Tests.Xml;

public class XmlReadingTests
{
    private const string Fhir = "xmlns=\"http://hl7.org/fhir\"";

    [Fact]
    public void Elements_attributes_extensions_and_contained_resources_become_json()
    {
        ReadResult result = Read($"""
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- not part of the contents -->
            <Patient {Fhir}>
              <id value="p1"/>
              <contained><Organization><id value="o"/></Organization></contained>
              <extension url="http://x.org/e"><valueDecimal value="1.10"/></extension>
              <active id="a" value="true"/>
              <name id="n"><given value="Ann"/><given><extension url="u"><valueCode value="x"/></extension></given><given value=" B&#xA;"/></name>
              <multipleBirthInteger value="2"/>
            </Patient>
            """);

        Assert.Empty(result.Issues);
        Assert.Equal(
            """{"resourceType":"Patient","id":"p1","contained":[{"resourceType":"Organization","id":"o"}],"extension":[{"url":"http://x.org/e","valueDecimal":1.10}],"active":true,"_active":{"id":"a"},"name":[{"id":"n","given":["Ann",null," B\n"],"_given":[null,{"extension":[{"url":"u","valueCode":"x"}]},null]}],"multipleBirthInteger":2}""",
            Encoding.UTF8.GetString(FhirJson.ToBytes(result.Root)));
    }

    [Theory]
    [InlineData("<birthDat value=\"2000\"/>", "Patient.birthDat", "has no element 'birthDat'", 2, 1)]
    [InlineData("<active value=\"yes\"/>", "Patient.active", "'yes' is not a boolean", 2, 9)]
    [InlineData("<active/>", "Patient.active", "neither a 'value' attribute nor an extension", 2, 1)]
    [InlineData("<active>true</active>", "Patient.active", "belongs into the attribute 'value'", 2, 9)]
    [InlineData("<active value=\"true\" unit=\"x\"/>", "Patient.active", "no attribute 'unit'", 2, 22)]
    [InlineData("<active value=\"true\"/><active value=\"false\"/>", "Patient.active", "may stand once", 2, 23)]
    [InlineData("<birthDate value=\"2000\"/><active value=\"true\"/>", "Patient.active", "must stand before 'birthDate'", 2, 26)]
    [InlineData("<deceasedBoolean value=\"true\"/><deceasedDateTime value=\"2000\"/>", "Patient.deceased", "may stand once", 2, 32)]
    [InlineData("<multipleBirthInteger value=\"02\"/>", "Patient.multipleBirth", "'02' is not an integer", 2, 23)]
    [InlineData("<birthDate value=\"2000-13\"/>", "Patient.birthDate", "'2000-13' is not a valid date", 2, 1)]
    [InlineData("<name>Ann</name>", "Patient.name[0]", "text between the elements", 2, 7)]
    [InlineData("<name/>", "Patient.name[0]", "'name' is empty", 2, 1)]
    [InlineData("<name xmlns=\"urn:other\"><family value=\"x\"/></name>", "Patient.name", "namespace 'urn:other'", 2, 1)]
    [InlineData("<name value=\"x\"/>", "Patient.name[0]", "no attribute 'value'", 2, 7)]
    [InlineData("<active value=\"true\"><extension/></active>", "Patient.active.extension[0]", "'extension' is empty", 2, 22)]
    [InlineData("<extension url=\"u\"><url value=\"u\"/></extension>", "Patient.extension[0].url", "as an attribute", 2, 20)]
    [InlineData("<contained/>", "Patient.contained[0]", "must hold a resource", 2, 1)]
    [InlineData("<contained><Foo/></contained>", "Patient.contained[0]", "'Foo' is not a resource", 2, 12)]
    [InlineData("<contained><Basic/><Basic/></contained>", "Patient.contained[0]", "is a second one", 2, 20)]
    [InlineData("<text><status value=\"empty\"/><div>x</div></text>", "Patient.text.div", "it must be in 'http://www.w3.org/1999/xhtml'", 2, 30)]
    public void A_fault_is_reported_with_expression_line_and_column(string contents, string expression, string message, int line, int column)
    {
        ReadResult result = Read($"<Patient {Fhir}>\n{contents}</Patient>");

        Issue issue = Assert.Single(result.Issues);
        Assert.Equal(expression, issue.Expression);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), issue.Position);
        Assert.NotNull(result.Tree);
    }

    [Fact]
    public void Several_faults_are_reported_at_once_in_the_order_of_the_text()
    {
        ReadResult result = Read($"<Patient {Fhir}><active value=\"x\"/><name><given/><given value=\"\"/></name><gender value=\" male\"/><foo/><birthDate value=\"2\"/></Patient>");

        Assert.Equal(["Patient.active", "Patient.name[0].given[0]", "Patient.name[0].given[1]", "Patient.foo", "Patient.birthDate"], result.Issues.Select(issue => issue.Expression));
    }

    [Theory]
    [InlineData("<!DOCTYPE Patient [<!ENTITY e \"x\">]><Patient xmlns=\"http://hl7.org/fhir\"/>", "document type declaration")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><gender value=\"&e;\"/></Patient>", "not well-formed")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><name></Patient>", "not well-formed")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"><gender value=\"&#1;\"/></Patient>", "not well-formed")]
    [InlineData("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Patient xmlns=\"http://hl7.org/fhir\"/>", "declared encoding")]
    [InlineData("<!X><Patient xmlns=\"http://hl7.org/fhir\"/>", "document type declaration")]
    [InlineData("<Foo xmlns=\"http://hl7.org/fhir\"/>", "not a resource of FHIR R4")]
    [InlineData("<Resource xmlns=\"http://hl7.org/fhir\"/>", "not a resource of FHIR R4")]
    [InlineData("", "not well-formed")]
    public void A_document_that_cannot_be_read_leaves_no_tree(string xml, string message)
    {
        ReadResult result = Read(xml);

        Assert.Null(result.Tree);
        Issue issue = Assert.Single(result.Issues);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
        Assert.True(issue.Position is { Line: > 0, Column: > 0 });
    }

    [Fact]
    public void A_wrong_namespace_is_reported_once_and_the_contents_are_checked_all_the_same()
    {
        ReadResult result = Read("<Patient><active value=\"x\"/><gender value=\"male\"/></Patient>");

        Assert.Equal([null, "Patient.active"], result.Issues.Select(issue => issue.Expression));
    }

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    public void The_encoding_is_told_by_the_first_bytes(string name, bool mark)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        byte[] xml = encoding.GetBytes($"<Patient {Fhir}><name><family value=\"Grüße\"/></name></Patient>");

        ReadResult result = FhirXml.Read(mark ? [.. encoding.GetPreamble(), .. xml] : xml);

        Assert.Equal("Grüße", result.Root.Child("name").Child("family").Text);
    }

    [Fact]
    public void Bytes_that_are_not_utf_8_are_refused_with_their_offset()
    {
        ReadResult result = FhirXml.Read("<Patient \xFF/>"u8.ToArray().Select((value, index) => index == 9 ? (byte)0xFF : value).ToArray());

        Assert.Contains("offset 9", Assert.Single(result.Issues).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extension")]
    [InlineData("contained")]
    [InlineData("div")]
    public void Deep_nesting_is_refused_without_a_stack_overflow(string kind)
    {
        const int depth = 200_000;
        (string open, string close) = kind switch
        {
            "extension" => ("<extension url=\"u\">", "</extension>"),
            "contained" => ("<contained><Basic>", "</Basic></contained>"),
            _ => ("<div xmlns=\"http://www.w3.org/1999/xhtml\">", "</div>"),
        };
        string inner = string.Concat(Enumerable.Repeat(open, depth)) + string.Concat(Enumerable.Repeat(close, depth));
        string contents = kind == "div" ? $"<text><status value=\"empty\"/>{inner}</text>" : inner;

        ReadResult result = Read($"<Basic {Fhir}>{contents}</Basic>");

        Assert.Null(result.Tree);
        Assert.Contains("deep", Assert.Single(result.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_up_to_the_limit_is_accepted_as_in_json()
    {
        var limits = new ReadLimits { MaxDepth = 5 };
        string Nested(int depth) => $"<Basic {Fhir}>{string.Concat(Enumerable.Repeat("<extension url=\"u\">", depth))}<valueCode value=\"x\"/>{string.Concat(Enumerable.Repeat("</extension>", depth))}</Basic>";

        Assert.True(FhirXml.Read(Encoding.UTF8.GetBytes(Nested(4)), limits).IsOk);
        Assert.False(FhirXml.Read(Encoding.UTF8.GetBytes(Nested(5)), limits).IsOk);
    }

    [Fact]
    public void Size_and_number_of_faults_are_limited()
    {
        byte[] xml = Encoding.UTF8.GetBytes($"<Patient {Fhir}>{string.Concat(Enumerable.Repeat("<foo/>", 100_000))}</Patient>");

        Assert.Contains("at most 1000", Assert.Single(FhirXml.Read(xml, new ReadLimits { MaxBytes = 1000 }).Issues).Message, StringComparison.Ordinal);
        Assert.Equal(11, FhirXml.Read(xml, new ReadLimits { MaxIssues = 10 }).Issues.Count);
    }

    [Fact]
    public void Many_siblings_are_read_in_linear_time()
    {
        string Identifiers(int count) => $"<Patient {Fhir}>{string.Concat(Enumerable.Repeat("<identifier><value value=\"1\"/></identifier>", count))}</Patient>";
        byte[] xml = Encoding.UTF8.GetBytes(Identifiers(200_000));

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.True(FhirXml.Read(xml).IsOk);

        // Quadratic time would be minutes.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    private static ReadResult Read(string xml) => FhirXml.Read(Encoding.UTF8.GetBytes(xml));
}
