using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using Xunit;

namespace HealthChain.Fhir.Tests.Xml;

public class XmlNarrativeTests
{
    private const string Xhtml = "xmlns=\"http://www.w3.org/1999/xhtml\"";

    [Theory]
    [InlineData($"<div {Xhtml}>a &lt; b &#233; \" ' <br/><br /> <img alt='>'  src=\"#a\"/><!-- kept --></div>")]
    [InlineData($"<div {Xhtml}/>")]
    [InlineData($"<div class=\"x>y\"  {Xhtml} ></div >")]
    [InlineData($"<div {Xhtml}>\n\t<p>1</p>\n</div>")]
    public void The_text_is_kept_character_by_character(string div) =>
        Assert.Equal(div, Read($"<text><status value=\"empty\"/>{div}</text>").Root.Child("text").Child("div").Text);

    [Fact]
    public void A_narrative_with_prefixes_from_outside_is_written_without_them()
    {
        ReadResult result = Read("<text><status value=\"empty\"/><h:div xmlns:h=\"http://www.w3.org/1999/xhtml\" class=\"c\"><h:b>x &amp; y</h:b><h:br/></h:div></text>");

        Assert.Equal($"<div class=\"c\" {Xhtml}><b>x &amp; y</b><br /></div>", result.Root.Child("text").Child("div").Text);
    }

    [Fact]
    public void Line_ends_become_line_feeds_and_references_carriage_returns() =>
        Assert.Equal($"<div {Xhtml}>a\nb\nc\rd</div>", Read($"<text><status value=\"empty\"/><div {Xhtml}>a\r\nb\rc&#xD;d</div></text>").Root.Child("text").Child("div").Text);

    [Theory]
    [InlineData($"<div {Xhtml}><x xmlns=\"urn:x\"/></div>", "in the namespace 'urn:x'")]
    [InlineData($"<div {Xhtml}><?php ?></div>", "processing instruction")]
    public void What_is_not_xhtml_is_reported(string div, string message)
    {
        Issue issue = Assert.Single(Read($"<text><status value=\"empty\"/>{div}</text>").Issues);

        Assert.Equal("Patient.text.div", issue.Expression);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"<div {Xhtml}><br></div>", "not well-formed")]
    [InlineData($"<div {Xhtml}>&nbsp;</div>", "not well-formed")]
    [InlineData($"<!DOCTYPE div><div {Xhtml}/>", "not well-formed")]
    [InlineData("<div>no namespace</div>", "must be one element 'div'")]
    [InlineData($"<p {Xhtml}/>", "must be one element 'div'")]
    [InlineData($"<?xml version=\"1.0\"?><div {Xhtml}/>", "must be one element 'div'")]
    [InlineData($"<div {Xhtml}/><div {Xhtml}/>", "not well-formed")]
    [InlineData("text", "not well-formed")]
    [InlineData($"<?x?><div {Xhtml}/>", "nothing around it")]
    [InlineData($"<div {Xhtml}></div><!-- x -->", "nothing around it")]
    public void A_narrative_that_is_not_xhtml_cannot_be_written_as_xml(string div, string message)
    {
        byte[] json = Encoding.UTF8.GetBytes($$$"""{"resourceType":"Patient","text":{"status":"empty","div":{{{JsonSerializer.Serialize(div)}}}}}""");

        Issue issue = Assert.Single(FhirXml.ToBytes(FhirJson.Read(json).Root).Error!.Issues);

        Assert.Equal("Patient.text.div", issue.Expression);
        Assert.Contains(message, issue.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"<div {Xhtml} title='a\rb'>a\r\nb<br/>\r</div>")]
    [InlineData($"<div {Xhtml}><![CDATA[&#xD;<b>]]><!-- &#xD; > --></div>")]
    public void Carriage_returns_and_what_looks_like_one_survive_xml(string div)
    {
        byte[] json = Encoding.UTF8.GetBytes($$$"""{"resourceType":"Patient","text":{"status":"empty","div":{{{JsonSerializer.Serialize(div)}}}}}""");

        byte[] xml = FhirXml.ToBytes(FhirJson.Read(json).Root).Value;

        Assert.Equal(div, FhirXml.Read(xml).Root.Child("text").Child("div").Text);
    }

    private static ReadResult Read(string text) =>
        FhirXml.Read(Encoding.UTF8.GetBytes($"<Patient xmlns=\"http://hl7.org/fhir\">{text}</Patient>"));
}
