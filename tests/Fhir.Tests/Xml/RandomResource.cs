using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Tests.Xml;

/// <summary>Makes resources of any type from the schema alone: random members, lists, choices, extensions, contained resources.</summary>
internal sealed class RandomResource(Random random)
{
    private const int MaxDepth = 6;

    private static readonly TypeSchema[] Resources = [.. FhirSchema.R4.Types.Where(type => type is { IsResource: true, IsAbstract: false })];

    private static readonly string[] Texts =
    [
        "plain", "a < b & c > d", "\"quoted\" 'too'", "line\nend", "carriage\r\nreturn\r", "tab\there", " outer white space ", "é ü ß 漢字", "\U0001F600", "]]>", "&amp;", "\u0085\u2028\uFEFFx", "\uFF5E", "\\ / \u007f",
    ];

    private static readonly string[] Narratives =
    [
        "<p>text</p>", "<br/><br />", "a &lt; b &amp; c &quot;d&quot; \"e\" &#233; &#xE9; é", "<p title='single \"double\"' class=\"a  b\">x</p>", "<!-- comment\n <b> -->",
        "carriage\r\nreturn <b class=\"x\ry\">in\r</b>", "<![CDATA[ <raw> & ]]>", "\n  <ul>\n\t<li>1</li>\n  </ul>\n", "\U0001F600", "<p xml:lang=\"de\">Grüße</p>", "",
    ];

    private readonly ArrayBufferWriter<byte> _output = new();

    public byte[] Next()
    {
        _output.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_output))
        {
            WriteObject(writer, Resources[random.Next(Resources.Length)], 0);
        }

        return _output.WrittenSpan.ToArray();
    }

    private void WriteObject(Utf8JsonWriter writer, TypeSchema type, int depth)
    {
        writer.WriteStartObject();
        bool any = type.IsResource;
        if (type.IsResource)
        {
            writer.WriteString("resourceType", type.Name);
        }

        ElementSchema[] elements = [.. type.Elements.Where(CanWrite)];
        random.Shuffle(elements);
        foreach (ElementSchema element in elements)
        {
            // The url makes an extension one; of the others a few, fewer the deeper we are, but never none.
            bool isLast = element == elements[^1];
            if ((element.Name == "url" && type.Name == "Extension") || random.Next(2 + depth * 2) == 0 || (isLast && !any))
            {
                WriteMember(writer, element, depth);
                any = true;
            }
        }

        writer.WriteEndObject();

        bool CanWrite(ElementSchema element) => depth < MaxDepth || element.Types[0].Type.IsPrimitive || (type.IsPrimitive && element.Name == "id");
    }

    private void WriteMember(Utf8JsonWriter writer, ElementSchema element, int depth)
    {
        ElementType choice = element.Types[random.Next(depth < MaxDepth ? element.Types.Count : 1)];
        TypeSchema type = choice.Type.IsResource && choice.Type.IsAbstract ? Resources[random.Next(Resources.Length)] : choice.Type;
        int count = element.IsList ? random.Next(1, 4) : 1;
        if (!type.IsPrimitive)
        {
            writer.WritePropertyName(choice.JsonName);
            WriteItems(writer, element.IsList, count, _ => WriteObject(writer, type, depth + 1));
            return;
        }

        // 0: value only, 1: extensions only, 2: both; an attribute or a narrative has no extensions.
        bool canExtend = !element.IsXmlAttribute && type.Primitive != PrimitiveKind.Xhtml && depth < MaxDepth;
        int[] parts = [.. Enumerable.Range(0, count).Select(_ => canExtend && random.Next(8) == 0 ? random.Next(1, 3) : 0)];
        if (parts.Any(part => part != 1))
        {
            writer.WritePropertyName(choice.JsonName);
            WriteItems(writer, element.IsList, count, index => WriteValue(writer, type.Primitive, parts[index] != 1));
        }

        if (parts.Any(part => part > 0))
        {
            writer.WritePropertyName("_" + System.Text.Encoding.UTF8.GetString(choice.JsonName));
            WriteItems(writer, element.IsList, count, index =>
            {
                if (parts[index] == 0)
                {
                    writer.WriteNullValue();
                }
                else
                {
                    WriteObject(writer, type, depth + 1);
                }
            });
        }
    }

    private static void WriteItems(Utf8JsonWriter writer, bool isList, int count, Action<int> write)
    {
        if (!isList)
        {
            write(0);
            return;
        }

        writer.WriteStartArray();
        for (int index = 0; index < count; index++)
        {
            write(index);
        }

        writer.WriteEndArray();
    }

    private void WriteValue(Utf8JsonWriter writer, PrimitiveKind kind, bool hasValue)
    {
        if (!hasValue)
        {
            writer.WriteNullValue();
            return;
        }

        switch (kind)
        {
            case PrimitiveKind.Boolean:
                writer.WriteBooleanValue(random.Next(2) == 0);
                break;
            case PrimitiveKind.Decimal:
                writer.WriteRawValue(Pick("1.10", "0", "-0.00", "1e3", "1.5E-20", "123456789012345678901234567890.123456789"));
                break;
            case PrimitiveKind.Integer:
                writer.WriteNumberValue(random.Next(int.MinValue, int.MaxValue));
                break;
            case PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt:
                writer.WriteNumberValue(random.Next(1, int.MaxValue));
                break;
            case PrimitiveKind.Xhtml:
                writer.WriteStringValue($"<div xmlns=\"http://www.w3.org/1999/xhtml\">{Pick(Narratives)}{Pick(Narratives)}</div>");
                break;
            default:
                writer.WriteStringValue(Text(kind));
                break;
        }
    }

    private string Text(PrimitiveKind kind) => kind switch
    {
        PrimitiveKind.String or PrimitiveKind.Markdown => Pick(Texts),
        PrimitiveKind.Date => Pick("2024", "2024-02", "2024-02-29"),
        PrimitiveKind.DateTime => Pick("1970", "2024-02-29T10:30:00.500+02:00"),
        PrimitiveKind.Instant => Pick("2024-02-29T10:30:00Z", "2024-02-29T10:30:00.123456789-11:00"),
        PrimitiveKind.Time => Pick("10:30:00", "23:59:59.999"),
        PrimitiveKind.Oid => "urn:oid:1.2.840.113883",
        PrimitiveKind.Uuid => "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        PrimitiveKind.Base64Binary => Pick("AAECAw==", "\nAAEC\r\nAw==\n"),
        PrimitiveKind.Code => Pick("code", "two words", "a&b", "<="),
        PrimitiveKind.Id => Pick("1", "a-b.C"),
        _ => Pick("http://example.org/a?b=c&d=\"e\"", "urn:x", "#a"),
    };

    private string Pick(params string[] values) => values[random.Next(values.Length)];
}
