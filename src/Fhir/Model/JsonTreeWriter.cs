using System.Buffers;
using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>
/// Writes trees as JSON. Values are copied as they stand in the source text, so digits and escapes survive; a primitive's id and
/// extensions go to the member with the underscore.
/// </summary>
internal ref struct JsonTreeWriter(IBufferWriter<byte> output, bool pretty)
{
    private readonly IBufferWriter<byte> _output = output;
    private readonly bool _pretty = pretty;
    private int _depth;

    public static void Write(Element element, IBufferWriter<byte> output, bool pretty)
    {
        var writer = new JsonTreeWriter(output, pretty);
        if (element.Type.IsPrimitive)
        {
            writer.WriteValue(element);
        }
        else
        {
            writer.WriteObject(element);
        }
    }

    public static void WriteMembers(Element element, IBufferWriter<byte> output, ReadOnlySpan<string> leftOut)
    {
        var writer = new JsonTreeWriter(output, pretty: false);
        bool first = false;
        for (Element child = element.FirstChild; child.Exists;)
        {
            Element next = EndOfRun(child);
            if (!leftOut.Contains(child.Name))
            {
                writer.WriteMember(child, next, ref first);
            }

            child = next;
        }
    }

    private void WriteObject(Element element)
    {
        Open((byte)'{');
        bool first = true;
        if (element.Type.IsResource)
        {
            Name("resourceType"u8, isExtension: false, ref first);
            Raw("\""u8);
            Raw(Encoding.UTF8.GetBytes(element.Type.Name));
            Raw("\""u8);
        }

        for (Element child = element.FirstChild; child.Exists;)
        {
            Element next = EndOfRun(child);
            WriteMember(child, next, ref first);
            child = next;
        }

        Close((byte)'}');
    }

    // The occurrences of one element stand together, because the reader allows a member only once.
    private static Element EndOfRun(Element first)
    {
        ElementSchema? schema = first.Schema;
        Element end = first.NextSibling;
        while (end.Exists && ReferenceEquals(end.Schema, schema))
        {
            end = end.NextSibling;
        }

        return end;
    }

    private void WriteMember(Element start, Element end, ref bool first)
    {
        ElementSchema schema = start.Schema!;
        ReadOnlySpan<byte> name = schema.JsonName(start.Type);
        if (!start.Type.IsPrimitive)
        {
            Name(name, isExtension: false, ref first);
            WriteRun(start, end, schema.IsList, Part.Object);
            return;
        }

        bool anyValue = false;
        bool anyExtension = false;
        for (Element item = start; item != end; item = item.NextSibling)
        {
            anyValue |= item.Node.Flags != NodeFlags.None;
            anyExtension |= item.HasChildren;
        }

        if (anyValue)
        {
            Name(name, isExtension: false, ref first);
            WriteRun(start, end, schema.IsList, Part.Value);
        }

        if (anyExtension)
        {
            Name(name, isExtension: true, ref first);
            WriteRun(start, end, schema.IsList, Part.Extensions);
        }
    }

    // Writes all occurrences of one element: their objects, or only their values, or only their ids and extensions.
    private void WriteRun(Element start, Element end, bool isList, Part part)
    {
        if (!isList)
        {
            WritePart(start, part);
            return;
        }

        Open((byte)'[');
        for (Element item = start; item != end; item = item.NextSibling)
        {
            Separate(item == start);
            WritePart(item, part);
        }

        Close((byte)']');
    }

    private void WritePart(Element element, Part part)
    {
        if (part == Part.Value)
        {
            WriteValue(element);
        }
        else if (part == Part.Object || element.HasChildren)
        {
            WriteObject(element);
        }
        else
        {
            Raw("null"u8);
        }
    }

    private readonly void WriteValue(Element element)
    {
        if (!element.HasValue)
        {
            Raw("null"u8);
        }
        else if (element.IsText)
        {
            // The quotes stand right beside the value in the source.
            Node node = element.Node;
            Raw(element.Tree.Json.Span.Slice(node.Start - 1, node.Length + 2));
        }
        else
        {
            Raw(element.RawValue);
        }
    }

    private readonly void Name(scoped ReadOnlySpan<byte> name, bool isExtension, ref bool first)
    {
        Separate(first);
        first = false;
        int length = name.Length + (isExtension ? 1 : 0) + (_pretty ? 4 : 3);
        Span<byte> target = _output.GetSpan(length);
        int position = 0;
        target[position++] = (byte)'"';
        if (isExtension)
        {
            target[position++] = (byte)'_';
        }

        name.CopyTo(target[position..]);
        position += name.Length;
        target[position++] = (byte)'"';
        target[position++] = (byte)':';
        if (_pretty)
        {
            target[position++] = (byte)' ';
        }

        _output.Advance(position);
    }

    private void Open(byte bracket)
    {
        Raw([bracket]);
        _depth++;
    }

    private void Close(byte bracket)
    {
        _depth--;
        NewLine();
        Raw([bracket]);
    }

    private readonly void Separate(bool isFirst)
    {
        if (!isFirst)
        {
            Raw(","u8);
        }

        NewLine();
    }

    private readonly void NewLine()
    {
        if (!_pretty)
        {
            return;
        }

        Span<byte> target = _output.GetSpan((_depth * 2) + 1);
        target[0] = (byte)'\n';
        target.Slice(1, _depth * 2).Fill((byte)' ');
        _output.Advance((_depth * 2) + 1);
    }

    private readonly void Raw(scoped ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    private enum Part
    {
        Object,
        Value,
        Extensions,
    }
}
