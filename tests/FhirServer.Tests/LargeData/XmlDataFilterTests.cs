using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using Xunit;

namespace HealthChain.FhirServer.Tests.LargeData;

public sealed class XmlDataFilterTests : IDisposable
{
    private readonly FilterFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""<Binary xmlns="http://hl7.org/fhir"><data value="QUJDREVGR0hJSks="/></Binary>""", 1)]
    [InlineData("""<?xml version="1.0"?><!-- <data value="QUJDREVGR0hJSktM"/> --><Binary><data id='x' value = 'QUJDREVGR0hJSktM' /></Binary>""", 1)]
    [InlineData("""<f:Media xmlns:f="http://hl7.org/fhir"><f:content><f:data value="QUJDREVGR0hJSktM"><f:extension url="a>b"/></f:data></f:content></f:Media>""", 1)]
    [InlineData("""<Bundle><entry><data value="QUJDREVGR0hJSktM"/></entry><entry><data value="QUJDREVGR0hJSktMTQ=="/></entry></Bundle>""", 2)]
    [InlineData("""<a><data value="QUJDREVG"/></a>""", 0)]
    [InlineData("""<a><data value=""/><data/><data  ></data ></a>""", 0)]
    [InlineData("""<a><data id="QUJDREVGR0hJSktM" values="QUJDREVGR0hJSktM"/><date value="QUJDREVGR0hJSktM"/></a>""", 0)]
    [InlineData("""<Observation><valueSampledData><data value="1234 5678 1234 5678"/></valueSampledData><data value="QUJDREVGR0hJSktM"/></Observation>""", 1)]
    [InlineData("""<a><text><div xmlns="http://www.w3.org/1999/xhtml"><p><data value="QUJDREVGR0hJSktM"/></p></div></text><data value="QUJDREVGR0hJSktM"/></a>""", 1)]
    [InlineData("""<a><![CDATA[ ]]<data value="QUJDREVGR0hJSktM"/> > ]]><?pi ?<data value="QUJDREVGR0hJSktM"/>?><data value="QUJDREVGR0hJSktM"/></a>""", 1)]
    [InlineData("""<a title="&lt;data value='QUJDREVGR0hJSktM'/>" other='"'><data value="QUJDREVGR0hJSktM"/></a>""", 1)]
    public async Task Long_data_goes_to_blobs_and_comes_back_to_the_byte(string document, int diverted)
    {
        (byte[] kept, int count) = _folder.Take(FhirFormat.Xml, document).Value;
        Assert.Equal(diverted, count);
        Assert.Equal(document, await _folder.GiveAsync(FhirFormat.Xml, kept));
    }

    // What an XML parser makes of the value (XML 1.0, 3.3.3) is what counts.
    [Theory]
    [InlineData("<data value=\"QUJDREVG&#xA;R0hJ&#10;SktM\"/>", "<data value=\"QUJDREVG&#xA;R0hJ&#xA;SktM\"/>")]
    [InlineData("<data value=\"QUJDREVG\nR0hJ\r\nSktM\tTU5P\"/>", "<data value=\"QUJDREVG R0hJ SktM TU5P\"/>")]
    [InlineData("<data value=\"QUJDREVG&#x52;0hJ&#83;ktM\"/>", "<data value=\"QUJDREVGR0hJSktM\"/>")]
    [InlineData("<data value=\"QUJDREVGR0hJSktM&#13;&#9; \"/>", "<data value=\"QUJDREVGR0hJSktM&#xD;&#x9; \"/>")]
    public async Task References_and_white_space_mean_what_a_parser_makes_of_them(string document, string expected) =>
        Assert.Equal(expected, await _folder.RoundTripAsync(FhirFormat.Xml, document));

    [Theory]
    [InlineData("<data value=\"QUJDREVGR0hJSkt\"/>")]
    [InlineData("<data value=\"QUJDREVGR0hJ&amp;Skt\"/>")]
    [InlineData("<data value=\"QUJDREVGR0hJ&#300;Skt\"/>")]
    [InlineData("<data value=\"QUJDREVGR0hJ<Skt\"/>")]
    [InlineData("<data value=\"QUJDREVGR0hJ'Skt\"/>")]
    public void What_is_not_base64_is_refused(string document) =>
        Assert.Equal(ErrorKind.Invalid, _folder.Take(FhirFormat.Xml, document).Error!.Kind);

    [Fact]
    public void UTF_16_stays_as_it_is()
    {
        byte[] document = Encoding.Unicode.GetBytes("<a>" + string.Concat(Enumerable.Repeat("<b/>", 3000)) + "<data value=\"QUJDREVGR0hJSktM\"/></a>");
        (byte[] kept, int count) = _folder.Take(FhirFormat.Xml, [document]).Value;
        Assert.Equal(0, count);
        Assert.Equal(document, kept);
    }

    [Fact]
    public void What_is_remembered_of_nesting_is_bounded() =>
        Assert.Equal(ErrorKind.Invalid, _folder.Take(FhirFormat.Xml, string.Concat(Enumerable.Repeat("<a>", 5000))).Error!.Kind);

    [Theory]
    [InlineData("<data value=QUJDREVGR0hJSktM/>")]
    [InlineData("< data value='QUJDREVG'/>")]
    [InlineData("<!DOCTYPE a><a></b></c></d><")]
    [InlineData("<a = b='x' c>QUJDREVGR0hJSktM</a>")]
    public async Task What_is_no_XML_passes_for_the_reader_to_refuse(string document) =>
        Assert.Equal(document, await _folder.RoundTripAsync(FhirFormat.Xml, document));
}
