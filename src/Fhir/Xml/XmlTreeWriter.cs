using System.Buffers;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Xml;

/// <summary>Writes elements as FHIR XML, straight from the values in the tree's JSON.</summary>
internal readonly struct XmlTreeWriter(IBufferWriter<byte> output, bool pretty)
{
    // Line ends and tabs in attributes are read as spaces unless they are written as references (XML 1.0, 3.3.3).
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(value => (byte)value), (byte)'"', (byte)'&', (byte)'<', (byte)'>', 0xEF]);

    public void WriteDocument(Element root)
    {
        output.Write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"u8);
        ReadOnlySpan<byte> name = root.Type.IsResource || root.Schema is null
            ? Encoding.UTF8.GetBytes(root.Type.Name)
            : root.Schema.JsonName(root.Type);
        WriteElement(root, name, 0);
        if (pretty)
        {
            output.Write("\n"u8);
        }
    }

    // Recursion is as deep as the tree, which its reader bounded.
    private void WriteElement(Element element, ReadOnlySpan<byte> name, int depth)
    {
        StartLine(depth);
        output.Write("<"u8);
        output.Write(name);
        if (depth == 0)
        {
            output.Write(" xmlns=\"http://hl7.org/fhir\""u8);
        }

        bool hasChildren = WriteAttributes(element);
        if (!hasChildren)
        {
            output.Write("/>"u8);
            return;
        }

        output.Write(">"u8);
        WriteChildren(element, depth + 1);
        WriteEnd(name, depth);
    }

    private void WriteEnd(ReadOnlySpan<byte> name, int depth)
    {
        StartLine(depth);
        output.Write("</"u8);
        output.Write(name);
        output.Write(">"u8);
    }

    /// <summary>Writes id, url and value; says whether there is anything else.</summary>
    private bool WriteAttributes(Element element)
    {
        bool hasChildren = false;
        foreach (Element child in element.Children)
        {
            if (!child.Schema!.IsXmlAttribute)
            {
                hasChildren = true;
                continue;
            }

            if (child.HasChildren)
            {
                throw Refuse("It is an attribute in XML, which cannot have extensions.", child);
            }

            WriteAttribute(child, child.Schema.JsonName(child.Type));
        }

        if (element.HasValue)
        {
            WriteAttribute(element, "value"u8);
        }

        return hasChildren;
    }

    private void WriteChildren(Element element, int depth)
    {
        int last = -1;
        foreach (Element child in element.Children)
        {
            int index = child.Schema!.IsXmlAttribute ? last : child.Schema.Index;
            if (index < last)
            {
                // JSON has members in any order, XML in that of the specification. Sorting is stable: lists keep their order.
                foreach (Element sorted in element.Children.ToList().OrderBy(other => other.Schema!.Index))
                {
                    WriteChild(sorted, depth);
                }

                return;
            }

            last = index;
        }

        foreach (Element child in element.Children)
        {
            WriteChild(child, depth);
        }
    }

    private void WriteChild(Element child, int depth)
    {
        ElementSchema schema = child.Schema!;
        if (schema.IsXmlAttribute)
        {
            return;
        }

        ReadOnlySpan<byte> name = schema.JsonName(child.Type);
        if (child.Type.Primitive == PrimitiveKind.Xhtml)
        {
            WriteNarrative(child, depth);
        }
        else if (child.Type.IsResource)
        {
            StartLine(depth);
            output.Write("<"u8);
            output.Write(name);
            output.Write(">"u8);
            WriteElement(child, Encoding.UTF8.GetBytes(child.Type.Name), depth + 1);
            WriteEnd(name, depth);
        }
        else
        {
            WriteElement(child, name, depth);
        }
    }

    private void WriteAttribute(Element element, ReadOnlySpan<byte> name)
    {
        output.Write(" "u8);
        output.Write(name);
        output.Write("=\""u8);
        ReadOnlySpan<byte> value = element.Value;
        for (int next; (next = value.IndexOfAny(Special)) >= 0; value = value[(next + 1)..])
        {
            output.Write(value[..next]);
            output.Write(Escape(value[next..], element));
        }

        output.Write(value);
        output.Write("\""u8);
    }

    private static ReadOnlySpan<byte> Escape(ReadOnlySpan<byte> value, Element element) => value[0] switch
    {
        (byte)'"' => "&quot;"u8,
        (byte)'&' => "&amp;"u8,
        (byte)'<' => "&lt;"u8,
        (byte)'>' => "&gt;"u8,
        (byte)'\n' => "&#xA;"u8,
        (byte)'\r' => "&#xD;"u8,
        (byte)'\t' => "&#x9;"u8,

        // U+FFFE and U+FFFF are EF BF BE and EF BF BF; other characters that begin with EF are fine.
        0xEF when !value.StartsWith("\uFFFE"u8) && !value.StartsWith("\uFFFF"u8) => value[..1],
        _ => throw Refuse($"It holds the character U+{(value[0] == 0xEF ? 0xFF00 + value[2] + 0x40 : value[0]):X4}, which XML 1.0 has no way to write.", element),
    };

    private void WriteNarrative(Element div, int depth)
    {
        string xhtml = div.Text ?? "";
        string? fault = div.HasChildren ? "A narrative's 'div' cannot have extensions in XML." : NarrativeText.FaultOf(xhtml);
        if (fault is not null)
        {
            throw Refuse(fault, div);
        }

        StartLine(depth);
        Encoding.UTF8.GetBytes(NarrativeText.Write(xhtml), output);
    }

    private void StartLine(int depth)
    {
        if (!pretty)
        {
            return;
        }

        Span<byte> line = output.GetSpan(1 + 2 * depth)[..(1 + 2 * depth)];
        line.Fill((byte)' ');
        line[0] = (byte)'\n';
        output.Advance(line.Length);
    }

    private static FhirException Refuse(string message, Element element) =>
        new(FhirError.Of(ErrorKind.Unsupported, IssueType.NotSupported, $"This cannot be written as XML. {message}", element.Expression));
}
