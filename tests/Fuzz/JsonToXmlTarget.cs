using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.Fuzz;

/// <summary>The XML writer, on whatever the JSON reader accepts: it refuses, or writes what reads back as the same elements.</summary>
public sealed class JsonToXmlTarget : FuzzTarget
{
    public override string Name => "json-to-xml";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Resources.Json,
        .. Words("""{"resourceType":"Basic","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\r<b title='x\r\n>\"'\r>&lt;</b\r\n><!-- \r --><![CDATA[\r]]></div>"}}"""),
    ];

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "\\r", "\\n", "\\t", "\\uFFFF", "\\u0085", "&#xD;", "&amp;", "&nbsp;", "<br/>", "<b>", "</b>", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "'", "\\\"", ">", " a='>'",
        " xmlns='urn:x'", " xmlns:x='urn:x'", "<x:y/>", "\"extension\":[{\"url\":\"u\"}]", "\"_given\":[null,{\"id\":\"x\"}]", "\"id\":\"a\"", "<?xml version='1.0'?>", "<!DOCTYPE x>");

    public override void Run(byte[] input)
    {
        ReadResult json = FhirJson.Read(input);
        if (!json.IsOk)
        {
            return;
        }

        Result<byte[]> xml = FhirXml.ToBytes(json.Root);
        if (xml.Error is { } error)
        {
            Promise(error.Issues.Count > 0, "a refusal has an issue");
            return;
        }

        // XML lets no foreign elements into a narrative, JSON does not look inside; all else must come back.
        ReadResult back = FhirXml.Read(xml.Value);
        Promise(back.Issues.All(issue => issue.Expression!.EndsWith(".div", StringComparison.Ordinal)), $"what is written can be read: {string.Join("; ", back.Issues)}");
        Promise(back.Tree!.Count == json.Tree!.Count, "no element is lost or made");

        // Bare carriage returns stand only where they mean nothing, and are read as line feeds.
        string expected = Encoding.UTF8.GetString(xml.Value).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Promise(expected == Encoding.UTF8.GetString(FhirXml.ToBytes(back.Tree.Root).Value), "writing again gives the same text");
    }
}
