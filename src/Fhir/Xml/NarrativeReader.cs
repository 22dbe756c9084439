using System.Text;
using System.Xml;

namespace HealthChain.Fhir.Xml;

/// <summary>
/// Takes the XHTML of a narrative out of an XML text as it stands there: entities, quotes, comments and white space included.
/// JSON holds the narrative as a string of XHTML, so anything else would change the string on its way through XML.
/// </summary>
internal sealed class NarrativeReader(string text, XmlReader reader, int maxDepth)
{
    private readonly IXmlLineInfo _lines = (IXmlLineInfo)reader;
    private int _line = 1;
    private int _lineStart;

    /// <summary>The XHTML that was read last.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Reads from the start of <c>div</c>, where the parser stands, to its end. Returns the first fault of the contents, or null.</summary>
    public NarrativeFault? Read()
    {
        int start = Offset() - 1;
        int depth = reader.Depth;
        bool isPortable = reader.GetAttribute("xmlns") == FhirXml.XhtmlNamespace;
        IDictionary<string, string>? scope = isPortable ? null : ((IXmlNamespaceResolver)reader).GetNamespacesInScope(XmlNamespaceScope.ExcludeXml);
        NarrativeFault? fault = null;
        int end = start;
        bool isEmpty = reader.IsEmptyElement;
        isPortable &= CheckElement(ref fault);
        while (!isEmpty && reader.Read())
        {
            if (reader.NodeType == XmlNodeType.EndElement && reader.Depth == depth)
            {
                end = Offset();
                break;
            }

            if (reader.Depth - depth > maxDepth)
            {
                var issue = new Issue(IssueSeverity.Fatal, IssueType.TooLong, $"Elements of the narrative are nested more than {maxDepth} deep.");
                throw new FhirException(new FhirError(ErrorKind.Invalid, [issue with { Position = (_lines.LineNumber, _lines.LinePosition) }]));
            }

            if (reader.NodeType == XmlNodeType.Element)
            {
                isPortable &= CheckElement(ref fault);
            }
            else if (reader.NodeType == XmlNodeType.ProcessingInstruction)
            {
                fault ??= Fault($"The narrative holds a processing instruction '{reader.Name}', which XHTML in FHIR does not allow.");
            }
        }

        string source = text[start..(end + NarrativeText.TagLength(text.AsSpan(end)))];
        Text = NarrativeText.Read(isPortable ? source : Rewrite(source, scope));
        return fault;
    }

    private NarrativeFault Fault(string message) => new(message, (_lines.LineNumber, _lines.LinePosition));

    // Prefixes may be declared outside the narrative; a text that uses any cannot be taken as it stands.
    private bool CheckElement(ref NarrativeFault? fault)
    {
        if (reader.NamespaceURI != FhirXml.XhtmlNamespace)
        {
            fault ??= Fault($"'{reader.LocalName}' is in the namespace '{reader.NamespaceURI}'; in a narrative all elements are XHTML's ('{FhirXml.XhtmlNamespace}').");
        }

        bool isPlain = reader.Prefix.Length == 0;
        while (reader.MoveToNextAttribute())
        {
            isPlain &= reader.Prefix is "" or "xml" or "xmlns";
        }

        reader.MoveToElement();
        return isPlain;
    }

    /// <summary>The same contents without prefixes: the elements carry the default namespace.</summary>
    private static string Rewrite(string source, IDictionary<string, string>? scope)
    {
        var namespaces = new XmlNamespaceManager(new NameTable());
        foreach ((string prefix, string uri) in scope ?? new Dictionary<string, string>())
        {
            namespaces.AddNamespace(prefix, uri);
        }

        var output = new StringBuilder(source.Length);
        using var fragment = XmlReader.Create(
            new StringReader(source),
            new XmlReaderSettings { ConformanceLevel = ConformanceLevel.Fragment, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null },
            new XmlParserContext(namespaces.NameTable, namespaces, null, XmlSpace.Default));
        using (var writer = XmlWriter.Create(output, new XmlWriterSettings { OmitXmlDeclaration = true, ConformanceLevel = ConformanceLevel.Fragment, NewLineHandling = NewLineHandling.Entitize }))
        {
            while (fragment.Read())
            {
                Copy(fragment, writer);
            }
        }

        return output.ToString();
    }

    private static void Copy(XmlReader from, XmlWriter to)
    {
        switch (from.NodeType)
        {
            case XmlNodeType.Element:
                bool isEmpty = from.IsEmptyElement;
                to.WriteStartElement(from.LocalName, from.NamespaceURI);
                while (from.MoveToNextAttribute())
                {
                    if (from.NamespaceURI != "http://www.w3.org/2000/xmlns/")
                    {
                        to.WriteAttributeString(from.LocalName, from.NamespaceURI, from.Value);
                    }
                }

                if (isEmpty)
                {
                    to.WriteEndElement();
                }

                break;
            case XmlNodeType.EndElement:
                to.WriteFullEndElement();
                break;
            case XmlNodeType.Comment:
                to.WriteComment(from.Value);
                break;
            case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                to.WriteString(from.Value);
                break;
            default:
                break;
        }
    }

    /// <summary>The offset in the text of what the parser stands at. Only moves forward, so that the lines are counted once.</summary>
    private int Offset()
    {
        while (_line < _lines.LineNumber)
        {
            int end = text.AsSpan(_lineStart).IndexOfAny('\r', '\n') + _lineStart;
            _lineStart = end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            _line++;
        }

        return _lineStart + _lines.LinePosition - 1;
    }
}

/// <summary>What is wrong in a narrative, and where in the XML text.</summary>
internal sealed record NarrativeFault(string Message, (int Line, int Column) Position);
