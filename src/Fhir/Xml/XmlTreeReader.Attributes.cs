using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

// Attributes, names, and the reporting of faults.
internal sealed partial class XmlTreeReader
{
    private const int LongestName = 128;
    private const string SchemaInstanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

    private void ReadAttributes(Frame frame, bool isRoot)
    {
        while (_reader.MoveToNextAttribute())
        {
            string name = _reader.LocalName;
            switch (_reader.NamespaceURI)
            {
                case "http://www.w3.org/2000/xmlns/":
                    break;
                case SchemaInstanceNamespace when isRoot && name is "schemaLocation" or "noNamespaceSchemaLocation":
                    // Not allowed in exchange, yet found in most files written by hand; it changes nothing.
                    break;
                case "" when name == "value" && frame.Kind == FrameKind.Primitive:
                    frame.HasContent = true;
                    SetValue(frame.Draft);
                    break;
                case "" when frame.Kind != FrameKind.Holder && TryGetMember(frame.Draft.Type, name, out Member member) && member.Element.IsXmlAttribute:
                    frame.HasContent = true;
                    var draft = new ElementDraft(member.Element, member.Type) { Position = (_lines.LineNumber, _lines.LinePosition) };
                    frame.Draft.Append(draft);
                    SetValue(draft);
                    break;
                default:
                    frame.HasContent = true;
                    Report(
                        IssueType.Structure, $"'{frame.Name}' has no attribute '{_reader.Name}'.", frame.Draft.Expression,
                        (_lines.LineNumber, _lines.LinePosition));
                    break;
            }
        }

        _reader.MoveToElement();
    }

    private void SetValue(ElementDraft draft)
    {
        if (XmlValue.ToJson(_reader.Value, draft.Type.Primitive) is { } json)
        {
            draft.Json = json;
            return;
        }

        Report(
            IssueType.Value, $"'{_reader.Value}' is not {XmlValue.Expected(draft.Type.Primitive)}.", draft.Expression,
            (_lines.LineNumber, _lines.LinePosition));
    }

    private (int Line, int Column) ElementPosition => (_lines.LineNumber, _lines.LinePosition - 1);

    private TypeSchema? ResourceType()
    {
        string name = _reader.LocalName;
        Span<byte> utf8 = stackalloc byte[LongestName];
        return Encoding.UTF8.TryGetBytes(name, utf8, out int length) ? _schema.Resource(utf8[..length]) : null;
    }

    private static bool TryGetMember(TypeSchema type, string name, out Member member)
    {
        member = default;
        Span<byte> utf8 = stackalloc byte[LongestName];
        return Encoding.UTF8.TryGetBytes(name, utf8, out int length) && type.TryGetMember(utf8[..length], out member);
    }

    private string NamespaceMessage(string expected) => _reader.NamespaceURI.Length == 0
        ? $"'{_reader.LocalName}' is in no namespace; it must be in '{expected}'."
        : $"'{_reader.LocalName}' is in the namespace '{_reader.NamespaceURI}'; it must be in '{expected}'.";

    private void Report(IssueType type, string message, string? expression, (int Line, int Column) position)
    {
        if (_issues.Count >= _limits.MaxIssues)
        {
            throw GiveUp(IssueType.Incomplete, $"There are more than {_limits.MaxIssues} faults; reading stopped.", expression);
        }

        _issues.Add(Issue.Error(type, message, expression) with { Position = position });
    }

    private FhirException GiveUp(IssueType type, string message, string? expression = null) =>
        new(new FhirError(
            ErrorKind.Invalid,
            [new Issue(IssueSeverity.Fatal, type, message, expression) { Position = (_lines.LineNumber, _lines.LinePosition) }]));
}
