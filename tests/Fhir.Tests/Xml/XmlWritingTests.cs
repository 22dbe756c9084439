using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using Xunit;

namespace HealthChain.Fhir.Tests.Xml;

public class XmlWritingTests
{
    [Fact]
    public void Elements_are_written_in_the_order_of_the_specification_and_lists_in_their_own()
    {
        string xml = Write("""{"birthDate":"2000","name":[{"given":["B","A"],"family":"F"}],"_active":{"id":"x"},"active":true,"id":"p","resourceType":"Patient"}""");

        Assert.Equal(
            """<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="p"/><active id="x" value="true"/><name><family value="F"/><given value="B"/><given value="A"/></name><birthDate value="2000"/></Patient>""",
            xml);
    }

    [Fact]
    public void Indented_output_has_one_element_a_line_and_leaves_the_narrative_alone()
    {
        string xml = Write(
            """{"resourceType":"Basic","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>"},"contained":[{"resourceType":"Basic","id":"c"}],"extension":[{"url":"u","valueDecimal":1.10}]}""",
            pretty: true);

        Assert.Equal(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Basic xmlns="http://hl7.org/fhir">
              <text>
                <status value="empty"/>
                <div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>
              </text>
              <contained>
                <Basic>
                  <id value="c"/>
                </Basic>
              </contained>
              <extension url="u">
                <valueDecimal value="1.10"/>
              </extension>
            </Basic>

            """,
            xml);
    }

    [Fact]
    public void Characters_with_a_meaning_in_attributes_are_written_as_references() =>
        Assert.Contains("<text value=\"&lt;&amp;&gt;&quot;'&#x9;&#xA;&#xD;\uFF5Eé\"/>", Write("""{"resourceType":"Basic","code":{"text":"<&>\"'\t\n\r～é"}}"""), StringComparison.Ordinal);

    [Theory]
    [InlineData("\\uFFFF", "U+FFFF")]
    [InlineData("\\uFFFE", "U+FFFE")]
    public void A_character_that_xml_lacks_is_refused_with_its_place(string escape, string name)
    {
        ReadResult json = FhirJson.Read(Encoding.UTF8.GetBytes($$$"""{"resourceType":"Basic","code":{"text":"a{{{escape}}}"}}"""));

        FhirError error = FhirXml.ToBytes(json.Root).Error!;

        Assert.Equal("Basic.code.text", error.Issues[0].Expression);
        Assert.Contains(name, error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_resource_is_written_under_its_own_name()
    {
        ReadResult json = FhirJson.Read("""{"resourceType":"Patient","name":[{"family":"F"}],"deceasedBoolean":true}"""u8.ToArray());

        Assert.EndsWith("<name xmlns=\"http://hl7.org/fhir\"><family value=\"F\"/></name>", Encoding.UTF8.GetString(FhirXml.ToBytes(json.Root.Child("name")).Value), StringComparison.Ordinal);
        Assert.EndsWith("<deceasedBoolean xmlns=\"http://hl7.org/fhir\" value=\"true\"/>", Encoding.UTF8.GetString(FhirXml.ToBytes(json.Root.Child("deceased")).Value), StringComparison.Ordinal);
    }

    private static string Write(string json, bool pretty = false) =>
        Encoding.UTF8.GetString(FhirXml.ToBytes(FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root, pretty).Value);
}
