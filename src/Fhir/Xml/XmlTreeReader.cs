using System.Xml;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

/// <summary>
/// Reads a resource from XML: one pass over the parser's events builds a draft and reports the faults that only XML can have;
/// the draft's JSON then goes through <see cref="FhirJson"/>, whose issues are given their place in the XML text.
/// </summary>
internal sealed partial class XmlTreeReader
{
    private readonly FhirSchema _schema;
    private readonly ReadLimits _limits;
    private readonly int _size;
    private readonly XmlReader _reader;
    private readonly IXmlLineInfo _lines;
    private readonly NarrativeReader _narrative;
    private readonly List<Issue> _issues = [];
    private readonly List<Frame> _open = [];
    private ElementDraft? _root;
    private string _namespace = FhirXml.Namespace;
    private int _depth;

    private XmlTreeReader(FhirSchema schema, string text, XmlReader reader, ReadLimits limits)
    {
        _size = text.Length;
        _schema = schema;
        _limits = limits;
        _reader = reader;
        _lines = (IXmlLineInfo)reader;
        _narrative = new NarrativeReader(text, reader, limits.MaxDepth);
    }

    public static ReadResult Read(FhirSchema schema, ReadOnlyMemory<byte> xml, ReadLimits limits)
    {
        if (xml.Length > limits.MaxBytes)
        {
            return new ReadResult(
                null, [Issue.Error(IssueType.TooLong, $"The input has {xml.Length} bytes; at most {limits.MaxBytes} are accepted.")]);
        }

        Result<string> text = XmlInput.Decode(xml, out bool isUtf16);
        if (text.Error is { } error)
        {
            return new ReadResult(null, error.Issues);
        }

        using XmlReader reader = XmlInput.Parse(text.Value);
        return new XmlTreeReader(schema, text.Value, reader, limits).Read(isUtf16);
    }

    private ReadResult Read(bool isUtf16)
    {
        try
        {
            ReadEvents(isUtf16);
        }
        catch (XmlException exception)
        {
            _issues.Add(XmlInput.NotWellFormed(exception, _open.Count > 0 ? Current.Draft.Expression : null, _lines));
            return new ReadResult(null, _issues);
        }
        catch (FhirException exception)
        {
            // The reader gave up: too deep, too many faults, or nothing to go on with.
            _issues.AddRange(exception.Error.Issues);
            return new ReadResult(null, _issues);
        }

        ReadResult result = FhirJson.Read(DraftJson.Write(_root!, _size), _limits);
        if (result.Issues.Count > 0)
        {
            _issues.AddRange(new XmlPositions(_root!).Locate(result.Issues));
        }

        return result with { Issues = [.. _issues.OrderBy(issue => issue.Position ?? (0, 0))] };
    }

    private Frame Current => _open[^1];

    private void ReadEvents(bool isUtf16)
    {
        while (_reader.Read())
        {
            switch (_reader.NodeType)
            {
                case XmlNodeType.XmlDeclaration:
                    CheckEncoding(isUtf16);
                    break;
                case XmlNodeType.Element:
                    OpenElement();
                    break;
                case XmlNodeType.EndElement:
                    CloseElement();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    Current.HasContent = true;
                    Report(
                        IssueType.Structure, TextMessage(), Current.Draft.Expression, (_lines.LineNumber, _lines.LinePosition));
                    break;
                default:
                    // White space, comments and processing instructions are no part of the contents.
                    break;
            }
        }
    }

    private string TextMessage() => Current.Kind == FrameKind.Primitive
        ? "There is text inside the element; its value belongs into the attribute 'value'."
        : "There is text between the elements; FHIR has text in attributes and in the narrative only.";

    private void CheckEncoding(bool isUtf16)
    {
        string? declared = _reader.GetAttribute("encoding");
        string expected = isUtf16 ? "UTF-16" : "UTF-8";
        if (declared is not null && !declared.StartsWith(expected, StringComparison.OrdinalIgnoreCase))
        {
            throw GiveUp(
                IssueType.Structure,
                $"The declared encoding is '{declared}' but the bytes are {expected}. FHIR's XML is exchanged in UTF-8.");
        }
    }

    private void OpenElement()
    {
        if (_open.Count == 0)
        {
            OpenRoot();
            return;
        }

        Frame parent = Current;
        parent.HasContent = true;
        if (parent.Kind == FrameKind.Holder)
        {
            OpenHeldResource(parent);
            return;
        }

        if (Resolve(parent, out Member member))
        {
            OpenMember(parent, member);
        }
        else
        {
            SkipElement();
        }
    }

    private void OpenRoot()
    {
        if (_reader.NamespaceURI != FhirXml.Namespace)
        {
            Report(IssueType.Structure, NamespaceMessage(FhirXml.Namespace), null, ElementPosition);

            // Said once; whatever namespace it is, the elements inside are judged by their names.
            _namespace = _reader.NamespaceURI;
        }

        TypeSchema type = ResourceType() ?? throw GiveUp(
            IssueType.Structure, $"The root element is '{_reader.LocalName}', which is not a resource of FHIR R4.");
        _root = new ElementDraft(null, type) { Position = ElementPosition };
        Push(_root, FrameKind.Object, isRoot: true);
    }

    private void OpenHeldResource(Frame holder)
    {
        if (!holder.Draft.Type.IsAbstract)
        {
            Report(IssueType.Structure, $"'{holder.Draft.Schema!.Name}' holds one resource; '{_reader.LocalName}' is a second one.", holder.Draft.Expression, ElementPosition);
            SkipElement();
        }
        else if (_reader.NamespaceURI != _namespace)
        {
            Report(IssueType.Structure, NamespaceMessage(_namespace), holder.Draft.Expression, ElementPosition);
            holder.Draft.Omitted = true;
            SkipElement();
        }
        else if (ResourceType() is { } type)
        {
            holder.Draft.Type = type;
            Push(holder.Draft, FrameKind.Object);
        }
        else
        {
            Report(IssueType.Structure, $"'{_reader.LocalName}' is not a resource of FHIR R4.", holder.Draft.Expression, ElementPosition);
            holder.Draft.Omitted = true;
            SkipElement();
        }
    }

    /// <summary>Finds what the element at hand is in its parent; reports it when it has no place there.</summary>
    private bool Resolve(Frame parent, out Member member)
    {
        string name = _reader.LocalName;
        if (!TryGetMember(parent.Draft.Type, name, out member) || member.Element.IsXmlAttribute)
        {
            string message = member.Element is null
                ? $"'{parent.Draft.Type.Name}' has no element '{name}'."
                : $"'{name}' is written as an attribute of '{parent.Name}', not as an element.";
            Report(IssueType.Structure, message, $"{parent.Draft.Expression}.{name}", ElementPosition);
            return false;
        }

        string expected = member.Type.Primitive == PrimitiveKind.Xhtml ? FhirXml.XhtmlNamespace : _namespace;
        if (_reader.NamespaceURI != expected)
        {
            Report(IssueType.Structure, NamespaceMessage(expected), $"{parent.Draft.Expression}.{name}", ElementPosition);
            return false;
        }

        ElementSchema element = member.Element;
        bool inOrder = element.Index >= parent.LastIndex;
        if (!element.IsList && (inOrder ? element.Index == parent.LastIndex : parent.Draft.FirstOf(element) is not null))
        {
            Report(
                IssueType.Structure, $"'{element.Name}' may stand once in '{parent.Name}', but is repeated.",
                $"{parent.Draft.Expression}.{element.Name}", ElementPosition);
            return false;
        }

        if (!inOrder)
        {
            Report(
                IssueType.Structure,
                $"'{name}' must stand before '{parent.Draft.Type.Elements[parent.LastIndex].Name}': XML has the elements in the order of the specification.",
                $"{parent.Draft.Expression}.{element.Name}", ElementPosition);
        }

        parent.LastIndex = Math.Max(parent.LastIndex, element.Index);
        return true;
    }

    private void OpenMember(Frame parent, Member member)
    {
        var draft = new ElementDraft(member.Element, member.Type) { Position = ElementPosition };
        parent.Draft.Append(draft);
        if (member.Type.Primitive == PrimitiveKind.Xhtml)
        {
            if (_narrative.Read() is { } fault)
            {
                Report(IssueType.Structure, fault.Message, draft.Expression, fault.Position);
            }

            draft.Json = JsonQuote.Of(_narrative.Text);
        }
        else if (member.Type.IsPrimitive)
        {
            Push(draft, FrameKind.Primitive);
        }
        else
        {
            Push(draft, member.Type.IsResource ? FrameKind.Holder : FrameKind.Object);
        }
    }

    private void Push(ElementDraft draft, FrameKind kind, bool isRoot = false)
    {
        // The holder of a resource and the resource are one object in JSON, which is what the limit counts.
        _depth += kind == FrameKind.Holder ? 0 : 1;
        if (_depth > _limits.MaxDepth + (kind == FrameKind.Primitive ? 1 : 0))
        {
            throw GiveUp(IssueType.TooLong, $"Elements are nested more than {_limits.MaxDepth} deep.", draft.Expression);
        }

        _open.Add(new Frame(draft, kind, _reader.LocalName));
        bool isEmpty = _reader.IsEmptyElement;
        ReadAttributes(Current, isRoot);
        if (isEmpty)
        {
            CloseElement();
        }
    }

    private void CloseElement()
    {
        Frame frame = Current;
        ElementDraft draft = frame.Draft;
        _open.RemoveAt(_open.Count - 1);
        _depth -= frame.Kind == FrameKind.Holder ? 0 : 1;
        bool isResource = draft.Type is { IsResource: true, IsAbstract: false };
        if (!draft.IsEmpty || isResource)
        {
            return;
        }

        // Left out even when its own contents were at fault: an empty object would be reported a second time.
        draft.Omitted = true;
        if (!frame.HasContent)
        {
            string message = frame.Kind switch
            {
                FrameKind.Primitive => $"'{frame.Name}' has neither a 'value' attribute nor an extension.",
                FrameKind.Holder => $"'{frame.Name}' is empty; it must hold a resource.",
                _ => $"'{frame.Name}' is empty; leave it out or give it contents.",
            };
            Report(IssueType.Structure, message, draft.Expression, draft.Position);
        }
    }

    private void SkipElement()
    {
        if (_reader.IsEmptyElement)
        {
            return;
        }

        int depth = _reader.Depth;
        while (_reader.Read() && _reader.Depth > depth)
        {
        }
    }

    private enum FrameKind
    {
        Object,
        Primitive,

        /// <summary>An element that holds a resource, such as <c>contained</c>: the resource is an element of its own inside it.</summary>
        Holder,
    }

    /// <summary>An element whose end has not come yet.</summary>
    private sealed class Frame(ElementDraft draft, FrameKind kind, string name)
    {
        public ElementDraft Draft { get; } = draft;
        public FrameKind Kind { get; } = kind;
        public string Name { get; } = name;

        /// <summary>Highest position in the order of the specification so far.</summary>
        public int LastIndex { get; set; } = -1;

        /// <summary>Something stands in it, be it faulty.</summary>
        public bool HasContent { get; set; }
    }
}
