using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.Fuzz;

/// <summary>The XML reader. What it accepts must go through our own XML and come back as the same JSON.</summary>
public sealed class XmlTarget : FuzzTarget
{
    public override string Name => "xml";

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. Resources.Json.Select(json => FhirXml.ToBytes(FhirJson.Read(json).Root, pretty: true).Value)];

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "<", ">", "/>", "</", "=\"", "&amp;", "&#10;", "&#xD;", "&#0;", "&nbsp;", "<!--", "-->", "<![CDATA[", "]]>", "<?x y?>", "<!DOCTYPE x>", "\r\n",
        "<!ENTITY e \"x\">", " xmlns=\"http://hl7.org/fhir\"", " xmlns=\"http://www.w3.org/1999/xhtml\"", " xmlns:h=\"http://www.w3.org/1999/xhtml\"", "h:",
        " value=\"1.10\"", " value=\"\"", " id=\"a\"", " url=\"u\"", "<extension url=\"u\"/>", "<contained><Patient/></contained>", "<text>", "</text>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">", "</div>", "\u00e9", "\ufffe");

    public override void Run(byte[] input)
    {
        ReadResult first = FhirXml.Read(input);
        Promise(first.IsOk || first.Issues.Count > 0, "a refused input has an issue");
        if (!first.IsOk)
        {
            return;
        }

        // What came from XML can be written as XML.
        Result<byte[]> written = FhirXml.ToBytes(first.Root);
        Promise(written.IsOk, $"what is read can be written: {written.Error}");
        ReadResult second = FhirXml.Read(written.Value);
        Promise(second.IsOk, $"what is written can be read: {string.Join("; ", second.Issues)}");
        Promise(
            FhirJson.ToBytes(first.Root).AsSpan().SequenceEqual(FhirJson.ToBytes(second.Root)),
            "writing and reading again changes nothing");
    }
}
