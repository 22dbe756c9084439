using System.Buffers;
using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>Writes an <see cref="ElementDraft"/> in FHIR's JSON form; values are copied as they are.</summary>
internal static class DraftJson
{
    /// <param name="sizeHint">About how long the JSON will be; the tree that is read from it keeps the buffer.</param>
    public static ReadOnlyMemory<byte> Write(ElementDraft root, int sizeHint)
    {
        var output = new ArrayBufferWriter<byte>(sizeHint + 64);
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
        ReadOnlySpan<ElementDraft> children = element.Children;
        while (!children.IsEmpty)
        {
            ElementSchema schema = children[0].Schema!;
            int end = 1;
            while (end < children.Length && ReferenceEquals(children[end].Schema, schema))
            {
                end++;
            }

            WriteRun(schema, children[..end], ref first, output);
            children = children[end..];
        }
    }

    /// <summary>Writes all occurrences of one element.</summary>
    private static void WriteRun(ElementSchema schema, ReadOnlySpan<ElementDraft> run, ref bool first, ArrayBufferWriter<byte> output)
    {
        ElementDraft? any = null;
        bool hasValues = false;
        bool hasExtensions = false;
        foreach (ElementDraft item in run)
        {
            any = item.Omitted ? any : item;
            hasValues |= !item.Omitted && !item.Json.IsEmpty;
            hasExtensions |= !item.Omitted && item.HasChildren;
        }

        if (any is null)
        {
            return;
        }

        ReadOnlySpan<byte> name = schema.JsonName(any.Type);
        if (!any.Type.IsPrimitive)
        {
            WriteName(name, isExtension: false, ref first, output);
            WriteItems(schema.IsList, run, WriteObject, output);
            return;
        }

        // A primitive has two members: the value under its name, id and extensions under the name with an underscore. In a list
        // both are arrays, with null where one side has nothing (JSON representation, "Repeating primitive elements").
        if (hasValues || !hasExtensions)
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
        bool isList, ReadOnlySpan<ElementDraft> items, Action<ElementDraft, ArrayBufferWriter<byte>> write, ArrayBufferWriter<byte> output)
    {
        bool first = true;
        foreach (ElementDraft item in items)
        {
            if (item.Omitted)
            {
                continue;
            }

            if (isList)
            {
                output.Write(first ? "["u8 : ","u8);
            }

            first = false;
            write(item, output);
        }

        if (isList)
        {
            output.Write("]"u8);
        }
    }

    private static void WriteValue(ElementDraft element, ArrayBufferWriter<byte> output) =>
        output.Write(element.Json.IsEmpty ? "null"u8 : element.Json.Span);

    private static void WriteExtensions(ElementDraft element, ArrayBufferWriter<byte> output)
    {
        if (element.HasChildren)
        {
            WriteObject(element, output);
        }
        else
        {
            output.Write("null"u8);
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
