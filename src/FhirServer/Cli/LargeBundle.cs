using System.Buffers;
using System.Text.Json;

namespace HealthChain.FhirServer.Cli;

/// <summary>
/// Reads the resources of a JSON Bundle one after another, with only one entry in memory. It looks at the frame of the Bundle alone:
/// what stands inside an entry is for the reader of resources to judge.
/// </summary>
internal static class LargeBundle
{
    private const int MaxEntryBytes = 1 << 30;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> EndOfScalar = SearchValues.Create(",]} \t\r\n"u8);

    /// <summary>Whether the stream is JSON whose <c>resourceType</c> is Bundle. Leaves it at its beginning.</summary>
    public static bool IsOne(Stream stream)
    {
        try
        {
            foreach (var member in ReadMembers(stream))
            {
                if (member.Name is "resourceType")
                {
                    return member.Value.Span.SequenceEqual("\"Bundle\""u8);
                }
            }

            return false;
        }
        catch (InvalidDataException)
        {
            // Whoever reads the whole file can say better what is wrong with it.
            return false;
        }
        finally
        {
            stream.Position = 0;
        }
    }

    /// <summary>The resources of the entries in order. Throws <see cref="InvalidDataException"/> where the frame breaks.</summary>
    public static IEnumerable<InputResource> ReadEntries(Stream stream)
    {
        var index = -1;
        foreach (var member in ReadMembers(stream).Where(member => member.Name is "entry"))
        {
            index++;
            if (ResourceOf(member.Value) is { IsEmpty: false } resource)
            {
                yield return new InputResource(resource, IsXml: false, Entry: index);
            }
        }
    }

    /// <summary>A member of the Bundle; of <c>entry</c>, one element at a time.</summary>
    private readonly record struct BundleMember(string Name, ReadOnlyMemory<byte> Value);

    private static IEnumerable<BundleMember> ReadMembers(Stream stream)
    {
        var window = new ByteWindow(stream, MaxEntryBytes);
        Expect(window, '{');
        while (Peek(window) != '}')
        {
            var quoted = Take(window).Span;
            var name = System.Text.Encoding.UTF8.GetString(quoted.Trim((byte)'"'));
            Expect(window, ':');
            if (name is not "entry" || Peek(window) != '[')
            {
                yield return new BundleMember(name, Take(window));
            }
            else
            {
                Expect(window, '[');
                while (Peek(window) != ']')
                {
                    yield return new BundleMember(name, Take(window));
                    Separate(window, ']');
                }

                Expect(window, ']');
            }

            Separate(window, '}');
        }
    }

    /// <summary>The <c>resource</c> of an entry; empty if it has none, and the whole entry if it is no JSON, so that reading it tells why.</summary>
    private static ReadOnlyMemory<byte> ResourceOf(ReadOnlyMemory<byte> entry)
    {
        try
        {
            var reader = new Utf8JsonReader(entry.Span);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isResource = reader.ValueTextEquals("resource"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isResource)
                {
                    return entry[start..(int)reader.BytesConsumed];
                }
            }

            return default;
        }
        catch (JsonException)
        {
            return entry;
        }
    }

    private static void Separate(ByteWindow window, char end)
    {
        if (Peek(window) == ',')
        {
            window.Advance(1);
        }
        else if (Peek(window) != end)
        {
            throw Broken(window);
        }
    }

    private static void Expect(ByteWindow window, char expected)
    {
        if (Peek(window) != expected)
        {
            throw Broken(window);
        }

        window.Advance(1);
    }

    /// <summary>The next character that is not white space.</summary>
    private static char Peek(ByteWindow window)
    {
        while (true)
        {
            var first = window.Bytes.IndexOfAnyExcept(" \t\r\n"u8);
            if (first >= 0)
            {
                window.Advance(first);
                return (char)window.Bytes[0];
            }

            window.Advance(window.Bytes.Length);
            if (window.IsFinal)
            {
                throw Broken(window);
            }

            window.Fill();
        }
    }

    /// <summary>The next value as a whole; what was taken before is no longer valid.</summary>
    private static ReadOnlyMemory<byte> Take(ByteWindow window)
    {
        Peek(window);
        int length;
        while ((length = LengthOfValue(window.Bytes)) < 0)
        {
            if (window.IsFinal)
            {
                throw Broken(window);
            }

            window.Fill();
        }

        if (length == 0)
        {
            throw Broken(window);
        }

        var value = window.Slice(0, length);
        window.Advance(length);
        return value;
    }

    /// <summary>The length of the value that starts the text; -1 if its end is not in sight.</summary>
    private static int LengthOfValue(ReadOnlySpan<byte> text)
    {
        if (text[0] is not ((byte)'"' or (byte)'{' or (byte)'['))
        {
            return text.IndexOfAny(EndOfScalar);
        }

        var depth = 0;
        for (var position = 0; ;)
        {
            var next = text[position..].IndexOfAny(Structure);
            if (next < 0)
            {
                return -1;
            }

            position += next + 1;
            switch (text[position - 1])
            {
                case (byte)'"':
                    position = EndOfString(text, position);
                    if (position < 0)
                    {
                        return -1;
                    }

                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                default:
                    depth--;
                    break;
            }

            if (depth == 0)
            {
                return position;
            }
        }
    }

    /// <summary>The position after the closing quote of a string whose opening quote stands before <paramref name="position"/>; -1 if it is not in sight.</summary>
    private static int EndOfString(ReadOnlySpan<byte> text, int position)
    {
        while (true)
        {
            var next = text[position..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                return -1;
            }

            position += next + 1;
            if (text[position - 1] == '"')
            {
                return position;
            }

            position++;
            if (position > text.Length)
            {
                return -1;
            }
        }
    }

    private static InvalidDataException Broken(ByteWindow window) =>
        new($"the JSON of the Bundle breaks off or is malformed around byte {window.Position}");
}
