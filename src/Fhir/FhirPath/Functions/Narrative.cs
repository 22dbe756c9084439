using System.Collections.Frozen;
using System.Xml;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// The rules of XHTML narrative that <c>htmlChecks()</c> stands for (FHIR R4, Narrative: txt-1 and txt-2): only formatting
/// elements and attributes of chapters 7 to 11 and 15 of HTML 4.0, links, images and style; and some content.
/// </summary>
internal static class Narrative
{
    private static readonly FrozenSet<string> Elements = FrozenSet.ToFrozenSet(
    [
        "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn", "div",
        "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "samp", "small",
        "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
    ]);

    private static readonly FrozenSet<string> Attributes = FrozenSet.ToFrozenSet(
    [
        "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing", "cellvalign",
        "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame", "headers", "height", "href",
        "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape",
        "span", "src", "start", "style", "summary", "tabindex", "title", "type", "valign", "value", "vspace", "width", "xml:lang",
        "xmlns",
    ]);

    public static bool IsAcceptable(string xhtml)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, ConformanceLevel = ConformanceLevel.Fragment };
        bool hasContent = false;
        try
        {
            using var reader = XmlReader.Create(new StringReader(xhtml), settings);
            while (reader.Read())
            {
                switch (reader.NodeType)
                {
                    case XmlNodeType.Element when !IsAllowed(reader) || (reader.Depth == 0 && reader.LocalName != "div"):
                        return false;
                    case XmlNodeType.Element:
                        hasContent |= reader.LocalName == "img";
                        break;
                    case XmlNodeType.Text or XmlNodeType.CDATA:
                        hasContent |= !string.IsNullOrWhiteSpace(reader.Value);
                        break;
                    case XmlNodeType.DocumentType or XmlNodeType.ProcessingInstruction:
                        return false;
                }
            }
        }
        catch (XmlException)
        {
            return false;
        }

        return hasContent;
    }

    private static bool IsAllowed(XmlReader reader)
    {
        if (!Elements.Contains(reader.LocalName))
        {
            return false;
        }

        while (reader.MoveToNextAttribute())
        {
            if (!Attributes.Contains(reader.Name) && !reader.Name.StartsWith("xmlns:", StringComparison.Ordinal))
            {
                return false;
            }
        }

        reader.MoveToElement();
        return true;
    }
}
