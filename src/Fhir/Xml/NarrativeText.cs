using System.Text;
using System.Xml;

namespace HealthChain.Fhir.Xml;

/// <summary>
/// Puts the XHTML of a narrative, which is a string in JSON, into an XML document. It goes there as it is; <see cref="NarrativeReader"/>
/// takes it out again.
/// </summary>
internal static class NarrativeText
{
    private const string CarriageReturn = "&#xD;";
    private static readonly char[] WhiteSpace = [' ', '\t', '\n', '\r'];

    /// <summary>Why the text cannot stand in a document, which must be one well-formed XHTML element and nothing else; null when it can.</summary>
    public static string? FaultOf(string xhtml)
    {
        try
        {
            using XmlReader reader = XmlInput.Parse(xhtml.Trim(WhiteSpace));
            bool isDiv = reader.Read() && reader.NodeType == XmlNodeType.Element && reader.LocalName == "div" && reader.NamespaceURI == FhirXml.XhtmlNamespace;
            while (reader.Read())
            {
                isDiv &= reader.Depth > 0 || reader.NodeType == XmlNodeType.EndElement;
            }

            return isDiv ? null : $"The narrative must be one element 'div' in the namespace '{FhirXml.XhtmlNamespace}', and nothing around it.";
        }
        catch (XmlException exception)
        {
            return $"The narrative is not well-formed XHTML: {exception.Message}";
        }
    }

    /// <summary>
    /// The text for the document. A bare carriage return would be read as line feed (XML 1.0, 2.11), so it becomes a reference; white
    /// space around the element would become that of the document, and is left out.
    /// </summary>
    public static string Write(string xhtml)
    {
        xhtml = xhtml.Trim(WhiteSpace);
        return xhtml.Contains('\r') ? Rebuild(xhtml, toReferences: true) : xhtml;
    }

    /// <summary>Undoes <see cref="Write"/> on text from a document, after the line ends that an XML parser unifies.</summary>
    public static string Read(string source)
    {
        if (source.Contains('\r'))
        {
            source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        }

        return source.Contains(CarriageReturn, StringComparison.Ordinal) ? Rebuild(source, toReferences: false) : source;
    }

    // References can stand in text and in attribute values only; elsewhere carriage returns mean nothing.
    private static string Rebuild(string xhtml, bool toReferences)
    {
        (string from, string to) = toReferences ? ("\r", CarriageReturn) : (CarriageReturn, "\r");
        var builder = new StringBuilder(xhtml.Length + 64);
        for (int index = 0; index < xhtml.Length;)
        {
            int length = MarkupLength(xhtml.AsSpan(index));
            bool isText = length == 0;
            if (isText)
            {
                int next = xhtml.IndexOf('<', index);
                length = (next < 0 ? xhtml.Length : next) - index;
            }

            if (isText || (!toReferences && xhtml[index + 1] is not ('!' or '?')))
            {
                builder.Append(xhtml, index, length).Replace(from, to, builder.Length - length, length);
            }
            else
            {
                AppendMarkup(xhtml.AsSpan(index, length), builder);
            }

            index += length;
        }

        return builder.ToString();
    }

    /// <summary>Length of the comment, CDATA section, instruction or tag at the start of well-formed text; 0 when there is none.</summary>
    private static int MarkupLength(ReadOnlySpan<char> text)
    {
        (int start, string end) = text switch
        {
            ['<', '!', '-', '-', ..] => (4, "-->"),
            ['<', '!', '[', ..] => (9, "]]>"),
            ['<', '?', ..] => (2, "?>"),
            ['<', ..] => (1, ""),
            _ => (0, ""),
        };
        return start == 0 ? 0 : end.Length > 0 ? start + text[start..].IndexOf(end) + end.Length : TagLength(text);
    }

    /// <summary>Length of the tag at the start of the text; a '>' inside quotes does not end it.</summary>
    public static int TagLength(ReadOnlySpan<char> text)
    {
        char quote = '\0';
        int length = 0;
        while (quote != '\0' || text[length] != '>')
        {
            quote = QuoteAfter(text[length], quote);
            length++;
        }

        return length + 1;
    }

    private static void AppendMarkup(ReadOnlySpan<char> markup, StringBuilder builder)
    {
        if (markup[1] is '!' or '?')
        {
            builder.Append(markup);
            return;
        }

        char quote = '\0';
        foreach (char character in markup)
        {
            quote = QuoteAfter(character, quote);
            if (character == '\r' && quote != '\0')
            {
                builder.Append(CarriageReturn);
            }
            else
            {
                builder.Append(character);
            }
        }
    }

    /// <summary>The quote inside which the text is after a character; NUL for none.</summary>
    private static char QuoteAfter(char character, char quote) => (quote, character) switch
    {
        ('\0', '"' or '\'') => character,
        _ when character == quote => '\0',
        _ => quote,
    };
}
