using System.Buffers;
using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>Writes an <see cref="ElementDraft"/> in FHIR's JSON form; values are copied as they are.</summary>
internal static class DraftJson
{
    public static ReadOnlyMemory<byte> Write(ElementDraft root)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        WriteObject(root, output);
        return output.WrittenMemory;
    }

    // Recursion is bounded by the depth that the readers of drafts allow.
    private static void WriteObject(ElementDraft element, ArrayBufferWriter<byte> output)
    {
        output.Write("{"u8);
        bool first = true;
        if (element.Type.IsResource)
        {
            WriteName("resourceType"u8, isExtension: false, ref first, output);
            output.Write("\""u8);
            Encoding.UTF8.GetBytes(element.Type.Name, output);
            output.Write("\""u8);
        }

        WriteMembers(element, first, output);
        output.Write("}"u8);
    }

    private static void WriteMembers(ElementDraft element, bool first, ArrayBufferWriter<byte> output)
    {
        IReadOnlyList<ElementDraft> children = element.Children;
        var run = new List<ElementDraft>();
        for (int start = 0; start < children.Count;)
        {
            ElementSchema schema = children[start].Schema!;
            int end = start;
            run.Clear();
            for (; end < children.Count && ReferenceEquals(children[end].Schema, schema); end++)
            {
                if (!children[end].Omitted)
                {
                    run.Add(children[end]);
                }
            }

            start = end;
            if (run.Count > 0)
            {
                WriteRun(schema, run, ref first, output);
            }
        }
    }

    private static void WriteRun(ElementSchema schema, List<ElementDraft> run, ref bool first, ArrayBufferWriter<byte> output)
    {
        TypeSchema type = run[0].Type;
        ReadOnlySpan<byte> name = schema.JsonName(type);
        if (!type.IsPrimitive)
        {
            WriteName(name, isExtension: false, ref first, output);
            WriteItems(schema.IsList, run, WriteObject, output);
            return;
        }

        // A primitive has two members: the value under its name, id and extensions under the name with an underscore. In a list
        // both are arrays, with null where one side has nothing (JSON representation, "Repeating primitive elements").
        bool hasExtensions = run.Exists(item => item.Children.Count > 0);
        if (!hasExtensions || run.Exists(item => !item.Json.IsEmpty))
        {
            WriteName(name, isExtension: false, ref first, output);
            WriteItems(schema.IsList, run, WriteValue, output);
        }

        if (hasExtensions)
        {
            WriteName(name, isExtension: true, ref first, output);
            WriteItems(schema.IsList, run, WriteExtensions, output);
        }
    }

    private static void WriteItems(
        bool isList, List<ElementDraft> items, Action<ElementDraft, ArrayBufferWriter<byte>> write, ArrayBufferWriter<byte> output)
    {
        if (!isList)
        {
            write(items[0], output);
            return;
        }

        output.Write("["u8);
        for (int index = 0; index < items.Count; index++)
        {
            if (index > 0)
            {
                output.Write(","u8);
            }

            write(items[index], output);
        }

        output.Write("]"u8);
    }

    private static void WriteValue(ElementDraft element, ArrayBufferWriter<byte> output) =>
        output.Write(element.Json.IsEmpty ? "null"u8 : element.Json.Span);

    private static void WriteExtensions(ElementDraft element, ArrayBufferWriter<byte> output)
    {
        if (element.Children.Count == 0)
        {
            output.Write("null"u8);
        }
        else
        {
            WriteObject(element, output);
        }
    }

    private static void WriteName(ReadOnlySpan<byte> name, bool isExtension, ref bool first, ArrayBufferWriter<byte> output)
    {
        if (!first)
        {
            output.Write(","u8);
        }

        first = false;
        output.Write(isExtension ? "\"_"u8 : "\""u8);
        output.Write(name);
        output.Write("\":"u8);
    }
}
