using System.Text;

namespace HealthChain.Fhir.Validation;

/// <summary>What is wrong with a narrative, and the element or attribute it is about.</summary>
internal enum XhtmlFault : byte
{
    None,
    Malformed,
    RootIsNotDiv,
    Namespace,
    Element,
    Attribute,
    Script,
    TooDeep,
    Empty,
}

/// <summary>
/// Reads the XHTML of a narrative in one pass over its UTF-8, without building anything: well-formed, only the elements and
/// attributes that txt-1 allows (R4 narrative.html#xhtml), and something to see (txt-2).
/// </summary>
internal ref struct XhtmlChecker(ReadOnlySpan<byte> text)
{
    private const int MaxDepth = 64;

    // Chapters 7 to 11 (except section 4 of chapter 9) and 15 of HTML 4.0, links and images.
    private static readonly Utf8Set Elements = new(
        "p", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "a", "span", "b", "em", "i", "strong", "small", "big", "tt", "dfn", "q",
        "var", "abbr", "acronym", "cite", "blockquote", "hr", "address", "bdo", "kbd", "sub", "sup", "ul", "ol", "li", "dl", "dt", "dd",
        "pre", "table", "caption", "colgroup", "col", "thead", "tr", "tfoot", "tbody", "th", "td", "code", "samp", "img", "map", "area",
        "u", "s", "strike", "font", "center");

    private static readonly Utf8Set Attributes = new(
        "title", "style", "class", "id", "lang", "xml:lang", "xml:space", "dir", "accesskey", "tabindex", "span", "width", "height",
        "align", "valign", "char", "charoff", "abbr", "axis", "headers", "scope", "rowspan", "colspan", "nowrap", "bgcolor", "color",
        "size", "face", "type", "start", "value", "compact", "cite", "charset", "name", "href", "hreflang", "rel", "rev", "shape",
        "coords", "nohref", "alt", "src", "longdesc", "usemap", "ismap", "summary", "border", "frame", "rules", "cellspacing",
        "cellpadding", "clear", "noshade", "space", "xmlns", "hspace", "vspace", "target");

    private readonly ReadOnlySpan<byte> _text = text;
    private int _position;
    private bool _hasContent;

    /// <summary>Name of the element or attribute at fault, or what the reader stumbled over.</summary>
    public ReadOnlySpan<byte> Culprit { get; private set; }

    public XhtmlFault Check()
    {
        Span<(int Start, int Length)> open = stackalloc (int, int)[MaxDepth];
        int depth = 0;
        bool sawRoot = false;
        while (_position < _text.Length)
        {
            int tag = _text[_position..].IndexOf((byte)'<');
            ReadOnlySpan<byte> characters = tag < 0 ? _text[_position..] : _text.Slice(_position, tag);
            if (!CheckText(characters, depth))
            {
                return Fault(XhtmlFault.Malformed, characters);
            }

            if (tag < 0)
            {
                break;
            }

            _position += tag;
            XhtmlFault fault = Markup(open, ref depth, ref sawRoot);
            if (fault != XhtmlFault.None)
            {
                return fault;
            }
        }

        if (depth > 0 || !sawRoot)
        {
            return Fault(XhtmlFault.Malformed, depth > 0 ? _text.Slice(open[depth - 1].Start, open[depth - 1].Length) : _text);
        }

        return _hasContent ? XhtmlFault.None : XhtmlFault.Empty;
    }

    private XhtmlFault Markup(scoped Span<(int Start, int Length)> open, ref int depth, ref bool sawRoot)
    {
        ReadOnlySpan<byte> rest = _text[_position..];
        if (rest.StartsWith("<!--"u8))
        {
            return SkipTo("-->"u8);
        }

        if (rest.StartsWith("<![CDATA["u8))
        {
            _hasContent = true;
            return SkipTo("]]>"u8);
        }

        if (rest.StartsWith("<?"u8))
        {
            return SkipTo("?>"u8);
        }

        if (rest.StartsWith("</"u8))
        {
            return Close(open, ref depth);
        }

        return Open(open, ref depth, ref sawRoot);
    }

    private XhtmlFault Close(scoped Span<(int Start, int Length)> open, ref int depth)
    {
        _position += 2;
        ReadOnlySpan<byte> name = Name();
        SkipSpace();
        if (depth == 0 || !Next((byte)'>') || !name.SequenceEqual(_text.Slice(open[depth - 1].Start, open[depth - 1].Length)))
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        depth--;
        return XhtmlFault.None;
    }

    private XhtmlFault Open(scoped Span<(int Start, int Length)> open, ref int depth, ref bool sawRoot)
    {
        _position++;
        int start = _position;
        ReadOnlySpan<byte> name = Name();
        if (name.IsEmpty || (depth == 0 && sawRoot))
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        bool isRoot = depth == 0;
        sawRoot = true;
        if (isRoot && !name.SequenceEqual("div"u8))
        {
            return Fault(XhtmlFault.RootIsNotDiv, name);
        }

        if (!Elements.Contains(name))
        {
            return Fault(name.SequenceEqual("script"u8) ? XhtmlFault.Script : XhtmlFault.Element, name);
        }

        _hasContent |= name.SequenceEqual("img"u8);
        bool hasNamespace = false;
        while (true)
        {
            SkipSpace();
            if (Next((byte)'>'))
            {
                if (depth == MaxDepth)
                {
                    return Fault(XhtmlFault.TooDeep, name);
                }

                open[depth++] = (start, name.Length);
                break;
            }

            if (Next((byte)'/'))
            {
                if (!Next((byte)'>'))
                {
                    return Fault(XhtmlFault.Malformed, name);
                }

                break;
            }

            XhtmlFault fault = Attribute(ref hasNamespace);
            if (fault != XhtmlFault.None)
            {
                return fault;
            }
        }

        return isRoot && !hasNamespace ? Fault(XhtmlFault.Namespace, name) : XhtmlFault.None;
    }

    private XhtmlFault Attribute(ref bool hasNamespace)
    {
        ReadOnlySpan<byte> name = Name();
        SkipSpace();
        if (name.IsEmpty || !Next((byte)'='))
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        SkipSpace();
        if (_position >= _text.Length || _text[_position] is not ((byte)'"' or (byte)'\''))
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        byte quote = _text[_position++];
        int length = _text[_position..].IndexOf(quote);
        if (length < 0)
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        ReadOnlySpan<byte> value = _text.Slice(_position, length);
        _position += length + 1;
        if (value.Contains((byte)'<') || !EntitiesAreFine(value))
        {
            return Fault(XhtmlFault.Malformed, name);
        }

        if (name.SequenceEqual("xmlns"u8))
        {
            hasNamespace = value.SequenceEqual("http://www.w3.org/1999/xhtml"u8);
            return hasNamespace ? XhtmlFault.None : Fault(XhtmlFault.Namespace, value);
        }

        if (name.StartsWith("xmlns:"u8))
        {
            return XhtmlFault.None;
        }

        if (!Attributes.Contains(name))
        {
            return Fault(XhtmlFault.Attribute, name);
        }

        return IsScript(value) ? Fault(XhtmlFault.Script, name) : XhtmlFault.None;
    }

    private static bool IsScript(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> trimmed = value.TrimStart(" \t\r\n"u8);
        return trimmed.Length >= 11 && Ascii.EqualsIgnoreCase(trimmed[..11], "javascript:"u8);
    }

    private bool CheckText(ReadOnlySpan<byte> characters, int depth)
    {
        if (characters.IsEmpty)
        {
            return true;
        }

        if (characters.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            return true;
        }

        _hasContent = true;
        return depth > 0 && EntitiesAreFine(characters);
    }

    // narrative.html: "there is no support for HTML entities like &nbsp; or &copy;": XML has five names and numbers.
    private static bool EntitiesAreFine(ReadOnlySpan<byte> text)
    {
        int ampersand = text.IndexOf((byte)'&');
        while (ampersand >= 0)
        {
            text = text[(ampersand + 1)..];
            int end = text.IndexOf((byte)';');
            if (end is < 2 or > 10 || !IsEntity(text[..end]))
            {
                return false;
            }

            ampersand = text.IndexOf((byte)'&');
        }

        return true;
    }

    private static bool IsEntity(ReadOnlySpan<byte> name)
    {
        if (name[0] != (byte)'#')
        {
            return name.SequenceEqual("amp"u8) || name.SequenceEqual("lt"u8) || name.SequenceEqual("gt"u8)
                || name.SequenceEqual("quot"u8) || name.SequenceEqual("apos"u8);
        }

        bool isHex = name[1] == (byte)'x';
        ReadOnlySpan<byte> digits = name[(isHex ? 2 : 1)..];
        foreach (byte digit in digits)
        {
            if (!(isHex ? char.IsAsciiHexDigit((char)digit) : char.IsAsciiDigit((char)digit)))
            {
                return false;
            }
        }

        return !digits.IsEmpty;
    }

    private ReadOnlySpan<byte> Name()
    {
        int start = _position;
        while (_position < _text.Length
            && (char.IsAsciiLetterOrDigit((char)_text[_position]) || _text[_position] is (byte)':' or (byte)'-' or (byte)'_' or (byte)'.'))
        {
            _position++;
        }

        return _text[start.._position];
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && _text[_position] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _position++;
        }
    }

    private bool Next(byte expected)
    {
        if (_position < _text.Length && _text[_position] == expected)
        {
            _position++;
            return true;
        }

        return false;
    }

    private XhtmlFault SkipTo(ReadOnlySpan<byte> end)
    {
        int found = _text[_position..].IndexOf(end);
        if (found < 0)
        {
            return Fault(XhtmlFault.Malformed, end);
        }

        _position += found + end.Length;
        return XhtmlFault.None;
    }

    private XhtmlFault Fault(XhtmlFault fault, ReadOnlySpan<byte> culprit)
    {
        Culprit = culprit.Length > 40 ? culprit[..40] : culprit;
        return fault;
    }
}

/// <summary>A fixed set of short names, asked for by UTF-8.</summary>
internal sealed class Utf8Set
{
    private readonly HashSet<string> _names;

    public Utf8Set(params string[] names) => _names = [.. names];

    public bool Contains(ReadOnlySpan<byte> name)
    {
        const int longest = 16;
        if (name.Length > longest)
        {
            return false;
        }

        Span<char> text = stackalloc char[longest];
        int length = Encoding.UTF8.GetChars(name, text);
        return _names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text[..length]);
    }
}
