using System.Globalization;
using System.Xml;

namespace HealthChain.Fhir.Patch;

/// <summary>
/// The selectors of XML Patch (RFC 5261, section 4.1): a path of child steps with simple predicates. All of XPath would let a
/// patch take any amount of time.
/// </summary>
internal sealed class XmlSelector
{
    private const int MaxParts = 64;
    private const string NamespaceDeclarations = "http://www.w3.org/2000/xmlns/";

    private readonly List<Step> _steps = [];
    private readonly string _text;
    private readonly XmlElement _scope;
    private int _position;
    private int _parts;

    private XmlSelector(string text, XmlElement scope)
    {
        _text = text;
        _scope = scope;
    }

    /// <summary>Parses a selector; names get their namespaces from the element of the patch in which it stands.</summary>
    /// <exception cref="FhirException">The text is no selector.</exception>
    public static XmlSelector Parse(string text, XmlElement scope)
    {
        var selector = new XmlSelector(text.Trim(), scope);
        selector.ParseSteps();
        return selector;
    }

    /// <summary>All nodes that it selects, in the order of the document.</summary>
    public List<XmlNode> Select(XmlDocument document)
    {
        List<XmlNode> nodes = [document];
        foreach (Step step in _steps)
        {
            nodes = [.. nodes.SelectMany(node => step.From(node))];
        }

        return nodes;
    }

    private void ParseSteps()
    {
        Accept("/");
        do
        {
            if (_steps is [.., { Kind: not XmlNodeType.Element }])
            {
                throw Fail("nothing can follow an attribute, text, comment or instruction");
            }

            Step step = ParseStep();
            _steps.Add(step);
            while (Accept("["))
            {
                step.Predicates.Add(ParsePredicate());
                Expect("]");
            }
        }
        while (Accept("/"));

        if (_position < _text.Length)
        {
            throw Fail($"'{_text[_position..]}' is not expected");
        }
    }

    private Step ParseStep()
    {
        CountPart();
        if (Accept("@"))
        {
            (string prefix, string name) = Name();
            return new Step(XmlNodeType.Attribute, name, prefix.Length == 0 ? "" : Namespace(prefix));
        }

        if (Accept("namespace::"))
        {
            return new Step(XmlNodeType.Attribute, Name().Local, NamespaceDeclarations);
        }

        if (Accept("text()"))
        {
            return new Step(XmlNodeType.Text, null, null);
        }

        if (Accept("comment()"))
        {
            return new Step(XmlNodeType.Comment, null, null);
        }

        if (Accept("processing-instruction("))
        {
            string? target = _position < _text.Length && _text[_position] == ')' ? null : Literal();
            Expect(")");
            return new Step(XmlNodeType.ProcessingInstruction, target, null);
        }

        if (Accept("*"))
        {
            return new Step(XmlNodeType.Element, null, null);
        }

        (string elementPrefix, string element) = Name();
        return new Step(XmlNodeType.Element, element, Namespace(elementPrefix));
    }

    private Predicate ParsePredicate()
    {
        CountPart();
        if (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
        {
            int start = _position;
            while (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
            {
                _position++;
            }

            return int.TryParse(_text.AsSpan(start, _position - start), NumberStyles.None, null, out int ordinal) && ordinal > 0
                ? new Predicate(ordinal, null, "")
                : throw Fail("positions count from 1");
        }

        Step? compared = Accept(".") ? null : ParseStep();
        Expect("=");
        return new Predicate(0, compared, Literal());
    }

    private void CountPart()
    {
        if (++_parts > MaxParts)
        {
            throw Fail($"it has more than {MaxParts} steps and predicates");
        }
    }

    private (string Prefix, string Local) Name()
    {
        int start = _position;
        while (_position < _text.Length && (XmlConvert.IsNCNameChar(_text[_position]) || _text[_position] == ':'))
        {
            _position++;
        }

        string[] parts = _text[start.._position].Split(':');
        return parts.Length <= 2 && parts.All(part => part.Length > 0)
            ? (parts.Length == 2 ? parts[0] : "", parts[^1])
            : throw Fail($"a name is expected at '{_text[start..]}'");
    }

    // Names without a prefix are in the default namespace of the patch (RFC 5261, 4.2.2). The prefixes f and h need no declaration.
    private string Namespace(string prefix)
    {
        string declared = _scope.GetNamespaceOfPrefix(prefix);
        return (declared.Length, prefix) switch
        {
            ( > 0, _) or (_, "") => declared,
            (_, "f") => Xml.FhirXml.Namespace,
            (_, "h") => Xml.FhirXml.XhtmlNamespace,
            _ => throw Fail($"the prefix '{prefix}' is not declared"),
        };
    }

    private string Literal()
    {
        char quote = _position < _text.Length ? _text[_position] : '\0';
        int end = quote is '"' or '\'' ? _text.IndexOf(quote, _position + 1) : -1;
        if (end < 0)
        {
            throw Fail("a text in quotes is expected");
        }

        string literal = _text[(_position + 1)..end];
        _position = end + 1;
        return literal;
    }

    private bool Accept(string token)
    {
        if (!_text.AsSpan(_position).StartsWith(token))
        {
            return false;
        }

        _position += token.Length;
        return true;
    }

    private void Expect(string token)
    {
        if (!Accept(token))
        {
            throw Fail($"'{token}' is expected at '{_text[_position..]}'");
        }
    }

    private FhirException Fail(string reason) => new(FhirError.Invalid(
        $"The selector '{_text}' is not one of XML Patch: {reason}. Selectors are paths such as f:Patient/f:name[1]/@id."));

    private sealed record Step(XmlNodeType Kind, string? Name, string? Namespace)
    {
        public List<Predicate> Predicates { get; } = [];

        public IEnumerable<XmlNode> From(XmlNode node)
        {
            IEnumerable<XmlNode> nodes = Candidates(node).Where(IsMatch);
            foreach (Predicate predicate in Predicates)
            {
                nodes = predicate.Filter(nodes);
            }

            return nodes;
        }

        private IEnumerable<XmlNode> Candidates(XmlNode node) => Kind == XmlNodeType.Attribute
            ? node.Attributes?.Cast<XmlNode>() ?? []
            : node.ChildNodes.Cast<XmlNode>();

        private bool IsMatch(XmlNode node) => Kind switch
        {
            XmlNodeType.Text => node is XmlCharacterData and not XmlComment,
            XmlNodeType.Element or XmlNodeType.Attribute =>
                node.NodeType == Kind && (Name is null || (node.LocalName == Name && node.NamespaceURI == Namespace)),
            _ => node.NodeType == Kind && (Name is null || node.LocalName == Name),
        };
    }

    /// <summary>A position from 1, or the text of a child or attribute (of the node itself when there is no step).</summary>
    private sealed record Predicate(int Ordinal, Step? Compared, string Value)
    {
        public IEnumerable<XmlNode> Filter(IEnumerable<XmlNode> nodes) => Ordinal > 0
            ? nodes.Skip(Ordinal - 1).Take(1)
            : nodes.Where(node => Compared is null ? node.InnerText == Value : Compared.From(node).Any(found => found.InnerText == Value));
    }
}
