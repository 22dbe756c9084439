using System.Buffers;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

/// <summary>
/// Reads and writes FHIR's XML (https://hl7.org/fhir/R4/xml.html). XML is turned into JSON, which <see cref="FhirJson"/> reads:
/// both forms end in the same tree and pass the same checks, and JSON to XML to JSON gives the same JSON value.
/// </summary>
/// <remarks>
/// Comments and processing instructions outside the narrative are skipped: they "are not part of the contents of a resource".
/// The narrative is kept as it was written, character by character. Safe for hostile input: no document type declarations, no
/// entities beyond XML's five, bounded depth and size.
/// </remarks>
public static class FhirXml
{
    internal const string Namespace = "http://hl7.org/fhir";
    internal const string XhtmlNamespace = "http://www.w3.org/1999/xhtml";

    /// <summary>Reads one resource in UTF-8 (or UTF-16, told by its byte order mark or first character).</summary>
    /// <returns>Issues carry line and column in the XML text.</returns>
    public static ReadResult Read(ReadOnlyMemory<byte> xml, ReadLimits? limits = null) =>
        XmlTreeReader.Read(FhirSchema.R4, xml, limits ?? ReadLimits.Default);

    /// <summary>Writes a resource (or any element, under its own name) with everything below it.</summary>
    /// <returns>
    /// Null, or why the element cannot be written: a character that XML 1.0 lacks, or a narrative that is not XHTML. What was
    /// written until then is useless.
    /// </returns>
    public static FhirError? Write(Element element, IBufferWriter<byte> output, bool pretty = false)
    {
        try
        {
            new XmlTreeWriter(output, pretty).WriteDocument(element);
            return null;
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>The XML of an element as a byte array.</summary>
    public static Result<byte[]> ToBytes(Element element, bool pretty = false)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        return Write(element, buffer, pretty) is { } error ? error : buffer.WrittenSpan.ToArray();
    }
}
