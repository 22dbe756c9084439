using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

// Members that begin with an underscore (ids and extensions of primitives), and the reporting of faults.
internal ref partial struct JsonTreeReader
{
    private const int MaxShown = 80;

    private void ReadExtensions(ref Frame frame, Member member, scoped ReadOnlySpan<byte> name)
    {
        bool valueCameFirst = (frame.Values & (1UL << member.Element.Index)) != 0;
        int existing = valueCameFirst ? FindExisting(frame.Node, member) : 0;
        if (valueCameFirst && existing == 0)
        {
            RefuseMember(ref frame, $"'{Show(name)}' belongs to a value of another type than the one present.", name);
            return;
        }

        byte next = _scanner.Peek();
        if (!member.Element.IsList)
        {
            if (next != (byte)'{')
            {
                RefuseMember(ref frame, $"'{Show(name)}' must be an object with the id or the extensions of the value.", name);
                return;
            }

            ReadExtensionItem(ref frame, member, existing);
            return;
        }

        if (next != (byte)'[')
        {
            RefuseMember(ref frame, $"'{Show(name)}' must be an array with one object or null for each value.", name);
            return;
        }

        if (!OpenArray(ref frame, member))
        {
            return;
        }

        bool any = false;
        bool tooLong = false;
        do
        {
            tooLong |= valueCameFirst && existing == 0;
            int used = existing;
            existing = used == 0 ? 0 : NextOf(used);
            any |= ReadExtensionItem(ref frame, member, used);
        }
        while (_scanner.MoreBefore((byte)']'));

        if (tooLong || existing != 0)
        {
            Report(new Place(frame.Node, member.Element.Id), IssueType.Structure, LengthsDiffer(name));
        }

        frame.HasGaps |= any;
        if (!any)
        {
            Report(new Place(frame.Node, member.Element.Id), IssueType.Structure, $"'{Show(name)}' holds nothing but null: leave it out.");
        }
    }

    // Returns true when the item has content (is not null).
    private bool ReadExtensionItem(ref Frame frame, Member member, int existing)
    {
        int node = existing;
        if (node == 0)
        {
            node = _nodes.Add(member.Element.Id, member.Type, frame.Node, frame.LastChild);
            frame.LastChild = node;
        }

        byte next = _scanner.Peek();
        if (next == (byte)'{')
        {
            ReadObject(node, member.Type);
            return true;
        }

        if (next == (byte)'n')
        {
            _scanner.Literal();
            return false;
        }

        RefuseValue(node, "an object with an id or extensions, or null");
        return true;
    }

    // The first child that the other half of the pair (value or extensions) has made; 0 when there is none of that type.
    private readonly int FindExisting(int parent, Member member)
    {
        for (int index = _nodes[parent].FirstChild; index != 0; index = _nodes[index].NextSibling)
        {
            if (_nodes[index].Element == member.Element.Id)
            {
                return _nodes[index].Type == member.Type.Id ? index : 0;
            }
        }

        return 0;
    }

    private readonly int NextOf(int index)
    {
        int next = _nodes[index].NextSibling;
        return next != 0 && _nodes[next].Element == _nodes[index].Element ? next : 0;
    }

    private void CheckGaps(int parent)
    {
        for (int index = _nodes[parent].FirstChild; index != 0; index = _nodes[index].NextSibling)
        {
            Node node = _nodes[index];
            if ((node.Flags & NodeFlags.Value) == 0 && node.FirstChild == 0 && _schema.TypeById(node.Type).IsPrimitive)
            {
                Report(index, IssueType.Structure, "This item has neither a value nor extensions.");
            }
        }
    }

    private static string LengthsDiffer(scoped ReadOnlySpan<byte> name)
    {
        string value = Show(name).TrimStart('_');
        return $"The arrays '{value}' and '_{value}' must have the same length, with null where an item has no part in one of them.";
    }

    private static string UnknownMember(TypeSchema type, scoped ReadOnlySpan<byte> name)
    {
        string shown = Show(name);
        ElementSchema? choice = type.Element(shown);
        if (choice is { IsChoice: true })
        {
            return $"'{shown}' must be written with its type, for example '{Encoding.UTF8.GetString(choice.Types[0].JsonName)}'.";
        }

        return $"'{shown}' is not a member of {type.Name}.";
    }

    private static string JsonKind(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.Boolean => "true or false without quotes",
        PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal => "a JSON number without quotes",
        _ => "a JSON string",
    };

    private static string Show(scoped ReadOnlySpan<byte> text)
    {
        string shown = Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxShown)]);
        return text.Length > MaxShown ? shown + "…" : shown;
    }

    private readonly byte[] Unescape(Token token)
    {
        var reader = new Utf8JsonReader(_text.Span.Slice(token.Start - 1, token.Length + 2));
        reader.Read();
        byte[] value = new byte[token.Length];
        return value.AsSpan(0, reader.CopyString(value)).ToArray();
    }

    private readonly string Expression(int index) => _nodes.ToElement(_schema, _text, index).Expression;

    private readonly string Expression(Place place)
    {
        if (place.Parent < 0)
        {
            return "";
        }

        string path = $"{Expression(place.Parent)}.{_schema.ElementById(place.Element).Name}";
        return place.Item < 0 ? path : $"{path}[{place.Item}]";
    }

    private void RefuseMember(ref Frame frame, string message, scoped ReadOnlySpan<byte> name)
    {
        _scanner.Peek();
        int at = _scanner.Position;
        _scanner.SkipValue();
        Add(new Issue(IssueSeverity.Error, IssueType.Structure, message, $"{Expression(frame.Node)}.{Show(name)}"), at);
    }

    private void RefuseValue(int index, string expected) => Refuse(expected, Expression(index));

    private void RefuseValue(Place place, string expected) => Refuse(expected, Expression(place));

    private void Refuse(string expected, string expression)
    {
        byte next = _scanner.Peek();
        string found = next switch
        {
            (byte)'{' => "an object",
            (byte)'[' => "an array",
            (byte)'"' => "a string",
            (byte)'t' or (byte)'f' => "a boolean",
            (byte)'n' => "null",
            0 => "the end of the text",
            _ => "a number",
        };
        int at = _scanner.Position;
        _scanner.SkipValue();
        Add(new Issue(IssueSeverity.Error, IssueType.Structure, $"Expected {expected}; found {found}.", expression), at);
    }

    private void Report(int index, IssueType type, string message, int at = -1) =>
        Add(new Issue(IssueSeverity.Error, type, message, Expression(index)), at < 0 ? _scanner.Position : at);

    private void Report(Place place, IssueType type, string message) =>
        Add(new Issue(IssueSeverity.Error, type, message, Expression(place)), _scanner.Position);

    private void Add(Issue issue, int at)
    {
        _issues ??= [];
        if (_issues.Count >= _limits.MaxIssues)
        {
            throw new FhirException(new FhirError(ErrorKind.Invalid,
                [new Issue(IssueSeverity.Fatal, IssueType.TooCostly, $"More than {_limits.MaxIssues} faults; reading stopped here.") { Position = _scanner.LineAndColumn(at) }]));
        }

        _issues.Add(issue with { Position = _scanner.LineAndColumn(at) });
    }
}
