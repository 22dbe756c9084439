using System.Buffers;
using System.Text.Unicode;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// Builds an <see cref="ElementTree"/> in one pass over the text and checks its structure on the way (json.html): every member must
/// be known, of the right JSON kind, repeated only where a list may stand, and each primitive well-formed. Faults of structure are
/// collected and reading goes on behind them; faults of syntax end it.
/// </summary>
internal ref partial struct JsonTreeReader
{
    // "Strings SHALL NOT contain Unicode character points below 32, except for u0009, u000D and u000A" (datatypes.html#string). JSON
    // can write them as escapes only.
    private static readonly SearchValues<byte> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(value => (byte)value).Except("\t\n\r"u8.ToArray())]);

    /// <summary>"Strings SHALL NOT exceed 1MB (1024*1024 characters) in size" (datatypes.html#string).</summary>
    private const int MaxCharacters = 1024 * 1024;

    private readonly FhirSchema _schema;
    private readonly ReadOnlyMemory<byte> _text;
    private readonly ReadLimits _limits;
    private JsonScanner _scanner;
    private NodeBuffer _nodes;
    private List<Issue>? _issues;
    private int _depth;

    private JsonTreeReader(FhirSchema schema, ReadOnlyMemory<byte> text, ReadLimits limits)
    {
        _schema = schema;
        _text = text;
        _limits = limits;
        _scanner = new JsonScanner(text.Span, limits);
        _nodes = new NodeBuffer(text.Length);
    }

    public static ReadResult Read(FhirSchema schema, ReadOnlyMemory<byte> utf8, TypeSchema? rootType, ReadLimits limits)
    {
        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        if (CheckText(utf8.Span, limits) is { } fault)
        {
            return new ReadResult(null, [fault]);
        }

        var reader = new JsonTreeReader(schema, utf8, limits);
        try
        {
            return reader.ReadRoot(rootType);
        }
        catch (FhirException failure)
        {
            return new ReadResult(null, [.. reader._issues ?? [], .. failure.Error.Issues]);
        }
        finally
        {
            reader._nodes.Dispose();
        }
    }

    private static Issue? CheckText(ReadOnlySpan<byte> utf8, ReadLimits limits)
    {
        if (utf8.Length > Math.Min(limits.MaxBytes, Node.MaxLength))
        {
            return new Issue(IssueSeverity.Fatal, IssueType.TooLong, $"The text has {utf8.Length} bytes; the limit is {limits.MaxBytes}.");
        }

        return Utf8.IsValid(utf8)
            ? null
            : new Issue(IssueSeverity.Fatal, IssueType.Invalid, "The text is not valid UTF-8; FHIR's JSON is always UTF-8.");
    }

    private ReadResult ReadRoot(TypeSchema? rootType)
    {
        if (rootType is null or { IsResource: true })
        {
            ReadResource(Place.OfRoot, previous: 0);
        }
        else
        {
            int root = _nodes.Add(Node.NoElement, rootType, parent: -1, previous: 0);
            ReadContent(root, rootType);
        }

        byte rest = _scanner.Peek();
        if (rest != 0 || _scanner.Position < _text.Length)
        {
            _scanner.Fail("nothing may follow the value", rest);
        }

        if (_nodes.Count == 0)
        {
            return new ReadResult(null, _issues ?? []);
        }

        var tree = new ElementTree(_schema, _text, _nodes.ToArray());
        return new ReadResult(tree, _issues is null ? [] : _issues);
    }

    // Reads a resource with its resourceType; the node is added once the type is known. Returns its index, or 0 when there is none.
    private int ReadResource(Place place, int previous)
    {
        if (_scanner.Peek() != (byte)'{')
        {
            RefuseValue(place, "a resource, which is a JSON object");
            return 0;
        }

        TypeSchema? type = FindResourceType(place);
        if (type is null)
        {
            _scanner.SkipValue();
            return 0;
        }

        int start = _scanner.Position;
        int index = _nodes.Add(place.Element, type, place.Parent, previous);
        ReadObject(index, type);
        _nodes.SetExtent(index, start, _scanner.Position - start);
        return index;
    }

    // The type must be known before the first member is read. It nearly always comes first; else a copy of the scanner looks ahead.
    private TypeSchema? FindResourceType(Place place)
    {
        JsonScanner ahead = _scanner;
        ahead.Take();
        if (ahead.Peek() == (byte)'}')
        {
            Report(place, IssueType.Structure, "This resource is an empty object; it needs at least the member resourceType.");
            return null;
        }

        do
        {
            Token name = ahead.String();
            ahead.Expect((byte)':', "after a member's name");
            if (!ahead.Slice(name).SequenceEqual("resourceType"u8))
            {
                ahead.Peek();
                ahead.SkipValue();
                continue;
            }

            if (ahead.Peek() != (byte)'"')
            {
                break;
            }

            Token value = ahead.String();
            TypeSchema? type = _schema.Resource(ahead.Slice(value));
            if (type is null)
            {
                Report(place, IssueType.Structure, $"'{Show(ahead.Slice(value))}' is no resource type of FHIR R4 (resource types are written as in Patient).");
            }

            return type;
        }
        while (ahead.MoreBefore((byte)'}'));

        Report(place, IssueType.Structure, "The member resourceType is missing or is not a string; every resource must name its type, for example \"resourceType\": \"Patient\".");
        return null;
    }

    private void ReadContent(int index, TypeSchema type)
    {
        if (type.IsPrimitive)
        {
            ReadPrimitive(index, type, parent: index);
            return;
        }

        if (_scanner.Peek() != (byte)'{')
        {
            RefuseValue(index, $"an object of type {type.Name}");
            return;
        }

        ReadObject(index, type);
    }

    // Reads the members of an object whose opening brace comes next; they become children of the node.
    private void ReadObject(int index, TypeSchema type)
    {
        if (++_depth > _limits.MaxDepth)
        {
            _scanner.FailDepth();
        }

        _scanner.Take();
        if (_scanner.Peek() == (byte)'}')
        {
            _scanner.Take();
            Report(index, IssueType.Structure, "An object must not be empty: leave the member out instead.");
            _depth--;
            return;
        }

        var frame = new Frame(index, type);
        do
        {
            Token name = _scanner.String();
            _scanner.Expect((byte)':', "after a member's name");
            ReadMember(ref frame, name);
        }
        while (_scanner.MoreBefore((byte)'}'));

        if (frame.HasGaps)
        {
            CheckGaps(index);
        }

        if (frame.Type.IsPrimitive && _nodes[index].FirstChild == 0)
        {
            Report(index, IssueType.Structure, "This object must have an id or extensions.");
        }

        _depth--;
    }

    private void ReadMember(ref Frame frame, Token name)
    {
        scoped ReadOnlySpan<byte> text = _scanner.Slice(name);
        if (name.IsEscaped)
        {
            text = Unescape(name);
        }

        if (frame.Type.TryGetMember(text, out Member member))
        {
            ulong bit = 1UL << member.Element.Index;
            if ((frame.Values & bit) != 0)
            {
                RefuseMember(ref frame, member.Element.IsChoice
                    ? $"Only one {member.Element.Name}[x] may be present; '{Show(text)}' is a second one."
                    : $"The member '{Show(text)}' appears twice.", text);
                return;
            }

            frame.Values |= bit;
            ReadValues(ref frame, member, text);
        }
        else if (frame.Type.IsResource && text.SequenceEqual("resourceType"u8))
        {
            ReadResourceType(ref frame);
        }
        else if (text.Length > 1 && text[0] == (byte)'_' && frame.Type.TryGetMember(text[1..], out member)
            && member.Type.IsPrimitive && member.Type.Primitive != PrimitiveKind.Xhtml)
        {
            ulong bit = 1UL << member.Element.Index;
            if ((frame.Extensions & bit) != 0)
            {
                RefuseMember(ref frame, $"The member '{Show(text)}' appears twice.", text);
                return;
            }

            frame.Extensions |= bit;
            ReadExtensions(ref frame, member, text);
        }
        else
        {
            RefuseMember(ref frame, UnknownMember(frame.Type, text), text);
        }
    }

    private void ReadResourceType(ref Frame frame)
    {
        // FindResourceType has read it; here it may only not come twice.
        if (frame.HasResourceType)
        {
            RefuseMember(ref frame, "The member 'resourceType' appears twice.", "resourceType"u8);
            return;
        }

        frame.HasResourceType = true;
        _scanner.Peek();
        _scanner.SkipValue();
    }

    private void ReadValues(ref Frame frame, Member member, scoped ReadOnlySpan<byte> name)
    {
        byte next = _scanner.Peek();
        int existing = (frame.Extensions & (1UL << member.Element.Index)) != 0 ? FindExisting(frame.Node, member) : 0;
        if (!member.Element.IsList)
        {
            if (next == (byte)'[')
            {
                RefuseMember(ref frame, $"'{Show(name)}' occurs at most once: write its value without an array.", name);
                return;
            }

            ReadItem(ref frame, member, existing, item: -1);
            return;
        }

        if (next != (byte)'[')
        {
            RefuseMember(ref frame, $"'{Show(name)}' may repeat: write its values as an array, even a single one.", name);
            return;
        }

        if (!OpenArray(ref frame, member))
        {
            return;
        }

        bool merging = existing != 0;
        int count = 0;
        do
        {
            if (merging && existing == 0)
            {
                Report(new Place(frame.Node, member.Element.Id), IssueType.Structure, LengthsDiffer(name));
                merging = false;
            }

            int used = existing;
            existing = used == 0 ? 0 : NextOf(used);
            ReadItem(ref frame, member, used, count);
            count++;
        }
        while (_scanner.MoreBefore((byte)']'));

        if (existing != 0)
        {
            Report(new Place(frame.Node, member.Element.Id), IssueType.Structure, LengthsDiffer(name));
        }
    }

    // Passes the bracket; an empty array is passed whole and reported.
    private bool OpenArray(ref Frame frame, Member member)
    {
        _scanner.Take();
        if (_scanner.Peek() != (byte)']')
        {
            return true;
        }

        _scanner.Take();
        Report(new Place(frame.Node, member.Element.Id), IssueType.Structure, "An array must not be empty: leave the member out instead.");
        return false;
    }

    // Reads one value into the node that the extensions made already, or into a new one.
    private void ReadItem(ref Frame frame, Member member, int existing, int item)
    {
        TypeSchema type = member.Type;
        if (type.IsPrimitive)
        {
            int node = existing != 0 ? existing : _nodes.Add(member.Element.Id, type, frame.Node, frame.LastChild);
            frame.LastChild = existing != 0 ? frame.LastChild : node;
            ReadPrimitive(node, type, frame.Node);
            frame.HasGaps |= _nodes[node].Flags == NodeFlags.Null;
        }
        else if (type.IsResource)
        {
            int node = ReadResource(new Place(frame.Node, member.Element.Id, item), frame.LastChild);
            frame.LastChild = node == 0 ? frame.LastChild : node;
        }
        else if (_scanner.Peek() == (byte)'{')
        {
            int node = _nodes.Add(member.Element.Id, type, frame.Node, frame.LastChild);
            frame.LastChild = node;
            ReadObject(node, type);
        }
        else
        {
            RefuseValue(new Place(frame.Node, member.Element.Id, item), $"an object of type {type.Name}");
        }
    }

    private void ReadPrimitive(int index, TypeSchema type, int parent)
    {
        byte next = _scanner.Peek();
        NodeFlags flags = NodeFlags.Value;
        Token token;
        bool fits;
        switch (next)
        {
            case (byte)'"':
                token = _scanner.String();
                flags |= token.IsEscaped ? NodeFlags.Text | NodeFlags.Escaped : NodeFlags.Text;
                fits = type.Primitive is not (PrimitiveKind.Boolean or PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal);
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                token = _scanner.Number();
                fits = type.Primitive is PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal;
                break;
            case (byte)'{' or (byte)'[':
                RefuseValue(index, $"{PrimitiveFormat.Description(type.Primitive)} (type {type.Name}), written as {JsonKind(type.Primitive)}");
                return;
            default:
                token = _scanner.Literal();
                if (next == (byte)'n')
                {
                    AcceptNull(index, type, parent);
                    return;
                }

                fits = type.Primitive == PrimitiveKind.Boolean;
                break;
        }

        if (!fits)
        {
            Report(index, IssueType.Value, $"'{Show(_scanner.Slice(token))}' is written as the wrong kind of JSON value: {type.Name} is written as {JsonKind(type.Primitive)}.", token.Start);
            return;
        }

        _nodes.SetValue(index, token, flags);
        scoped ReadOnlySpan<byte> value = _scanner.Slice(token);
        if (token.IsEscaped)
        {
            value = Unescape(token);
            if (value.ContainsAny(Forbidden))
            {
                Report(index, IssueType.Value, "The text holds a control character; only tab, line feed and carriage return may be in FHIR's strings.", token.Start);
                return;
            }
        }

        if (value.Length > MaxCharacters && IsTooLong(type.Primitive, value))
        {
            Report(index, IssueType.TooLong, $"The value has more than {MaxCharacters} characters, the most that a {type.Name} may have (datatypes.html#string).", token.Start);
        }
        else if (!PrimitiveFormat.IsValid(type.Primitive, value))
        {
            Report(index, IssueType.Value, $"'{Show(value)}' is not a valid {type.Name}; expected {PrimitiveFormat.Description(type.Primitive)}.", token.Start);
        }
    }

    private static bool IsTooLong(PrimitiveKind kind, scoped ReadOnlySpan<byte> value) =>
        kind is PrimitiveKind.String or PrimitiveKind.Markdown && System.Text.Encoding.UTF8.GetCharCount(value) > MaxCharacters;

    // Null may only stand inside an array of primitives, for an item that has extensions instead of a value (json.html#primitive).
    private void AcceptNull(int index, TypeSchema type, int parent)
    {
        bool inList = parent != index && _schema.ElementById(_nodes[index].Element).IsList;
        if (inList)
        {
            _nodes.SetFlags(index, NodeFlags.Null);
        }
        else
        {
            Report(index, IssueType.Structure, $"null is no value of {type.Name}: leave the member out instead.");
        }
    }

    /// <summary>Where something stands that has no node (yet): an element of a node, or one item of a list.</summary>
    private readonly record struct Place(int Parent, ushort Element, int Item = -1)
    {
        public static Place OfRoot => new(-1, Node.NoElement);
    }

    /// <summary>What the reader remembers about the object it is in.</summary>
    private ref struct Frame(int node, TypeSchema type)
    {
        public readonly int Node = node;
        public readonly TypeSchema Type = type;

        /// <summary>The child added last, 0 for none: the next one is linked behind it.</summary>
        public int LastChild;

        /// <summary>One bit per element of the type: its value, or its extensions, have been read.</summary>
        public ulong Values;

        public ulong Extensions;
        public bool HasGaps;
        public bool HasResourceType;
    }
}
