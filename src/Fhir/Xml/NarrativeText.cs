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

    /// <summary>Why the text cannot stand in a document, which must be one well-formed XHTML element and nothing else; null when it can.</summary>
    public static string? FaultOf(string xhtml)
    {
        try
        {
            using XmlReader reader = XmlInput.Parse(xhtml);
            reader.MoveToContent();
            if (xhtml.StartsWith("<?xml", StringComparison.Ordinal) || reader.LocalName != "div" || reader.NamespaceURI != FhirXml.XhtmlNamespace)
            {
                return $"The narrative must be one element 'div' in the namespace '{FhirXml.XhtmlNamespace}'.";
            }

            while (reader.Read())
            {
            }

            return null;
        }
        catch (XmlException exception)
        {
            return $"The narrative is not well-formed XHTML: {exception.Message}";
        }
    }

    /// <summary>The text for the document. A bare carriage return would be read as line feed (XML 1.0, 2.11), so it becomes a reference.</summary>
    public static string Write(string xhtml) => xhtml.Contains('\r') ? WithReferences(xhtml) : xhtml;

    /// <summary>Undoes <see cref="Write"/> on text from a document, after the line ends that an XML parser unifies.</summary>
    public static string Read(string source)
    {
        if (source.Contains('\r'))
        {
            source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        }

        return source.Replace(CarriageReturn, "\r", StringComparison.Ordinal);
    }

    // References can stand in text and in attribute values only; elsewhere carriage returns mean nothing.
    private static string WithReferences(string xhtml)
    {
        var builder = new StringBuilder(xhtml.Length + 64);
        for (int index = 0; index < xhtml.Length;)
        {
            int length = MarkupLength(xhtml.AsSpan(index));
            if (length == 0)
            {
                int next = xhtml.IndexOf('<', index);
                length = (next < 0 ? xhtml.Length : next) - index;
                builder.Append(xhtml, index, length).Replace("\r", CarriageReturn, builder.Length - length, length);
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
