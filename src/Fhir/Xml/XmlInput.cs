using System.Text;
using System.Xml;

namespace HealthChain.Fhir.Xml;

/// <summary>The characters of an XML document, and how all XML of this library is parsed.</summary>
internal static class XmlInput
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes UTF-8 or UTF-16, by the byte order mark or else by how the first '&lt;' is written (XML 1.0, appendix F).</summary>
    public static Result<string> Decode(ReadOnlyMemory<byte> xml, out bool isUtf16)
    {
        ReadOnlySpan<byte> bytes = xml.Span;
        Encoding encoding = Utf8;
        int mark = 0;
        isUtf16 = bytes.Length >= 2 && (bytes[0], bytes[1]) is (0xFF, 0xFE) or (0xFE, 0xFF) or ((byte)'<', 0) or (0, (byte)'<');
        if (isUtf16)
        {
            encoding = new UnicodeEncoding(bigEndian: bytes[0] is 0xFE or 0, byteOrderMark: false, throwOnInvalidBytes: true);
            mark = bytes[0] >= 0xFE ? 2 : 0;
        }
        else if (bytes.StartsWith("\uFEFF"u8))
        {
            mark = 3;
        }

        try
        {
            return encoding.GetString(bytes[mark..]);
        }
        catch (DecoderFallbackException exception)
        {
            ReadOnlySpan<byte> before = bytes[..(mark + exception.Index)];
            int lineStart = before.LastIndexOf((byte)'\n') + 1;
            var issue = new Issue(
                IssueSeverity.Fatal, IssueType.Structure, $"The bytes at offset {before.Length} are not valid {encoding.WebName.ToUpperInvariant()}.")
            {
                Position = (before.Count((byte)'\n') + 1, before.Length - lineStart + 1),
            };
            return new FhirError(ErrorKind.Invalid, [issue]);
        }
    }

    /// <summary>A parser that fetches nothing, accepts no DTD and so knows no entities but XML's own.</summary>
    public static XmlReader Parse(string text) => XmlReader.Create(
        new StringReader(text),
        new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            CheckCharacters = true,
            ConformanceLevel = ConformanceLevel.Document,
        });

    /// <summary>The parser's complaint as an issue; for some it gives no place, then it is where the parser stands.</summary>
    public static Issue NotWellFormed(XmlException exception, string? expression, IXmlLineInfo parser)
    {
        string message = exception.Message.Contains("DTD is prohibited", StringComparison.Ordinal)
            ? "There is a document type declaration, which FHIR does not allow: remove it, and write entities as characters."
            : $"The XML is not well-formed: {WithoutPosition(exception.Message)}";
        return new Issue(IssueSeverity.Fatal, IssueType.Structure, message, expression)
        {
            Position = exception.LineNumber > 0 ? (exception.LineNumber, exception.LinePosition) : (Math.Max(1, parser.LineNumber), Math.Max(1, parser.LinePosition)),
        };
    }

    // The parser ends its messages with " Line 1, position 2.", which the issue says already.
    private static string WithoutPosition(string message)
    {
        int end = message.LastIndexOf(" Line ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
