using System.Buffers;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.FhirServer.Cli;

/// <summary>One resource of an input file, as text.</summary>
/// <param name="Utf8">JSON or XML; valid until the next resource of the file is read.</param>
/// <param name="IsXml">Whether it is XML.</param>
/// <param name="Line">Line of the file on which it stands in NDJSON, counted from 1; 0 when it is the whole file.</param>
/// <param name="Entry">Index of the entry of a Bundle that was too large to be read at once; -1 when it is not one.</param>
internal readonly record struct InputResource(ReadOnlyMemory<byte> Utf8, bool IsXml, int Line = 0, int Entry = -1)
{
    /// <summary>The line in the file, as a suffix for messages.</summary>
    public string Place => Line > 0 ? $":{Line}" : "";

    /// <summary>The element that an expression on this resource means in the file: an entry's <c>Patient.name</c> is <c>Bundle.entry[7].resource.name</c>.</summary>
    public string? ExpressionInFile(string? expression)
    {
        if (Entry < 0)
        {
            return expression;
        }

        var member = expression?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        return $"Bundle.entry[{Entry}].resource{(member < 0 ? "" : expression![member..])}";
    }

    /// <summary>Reads the text. The tree lives as long as the text.</summary>
    public ReadResult Parse() => IsXml ? FhirXml.Read(Utf8) : FhirJson.Read(Utf8);
}

/// <summary>
/// Reads the resources of a file: one JSON or XML resource, the lines of NDJSON, or, of a JSON Bundle beyond
/// <see cref="MaxWholeBytes"/>, the entries. Memory is bounded by the largest resource, not by the file.
/// </summary>
internal static class InputFile
{
    /// <summary>Standard input, by convention.</summary>
    public const string StandardInput = "-";

    /// <summary>Larger Bundles are read entry by entry; what a rule says about entries together is then not seen.</summary>
    public const int MaxWholeBytes = 32 * 1024 * 1024;

    /// <summary>The longest resource; as long as the longest array.</summary>
    private const int MaxResourceBytes = 1 << 30;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// Hands the resources of the files to <paramref name="visit"/> with the path of their file. A file that cannot be read is
    /// named in <paramref name="errors"/>, and the rest goes on.
    /// </summary>
    /// <param name="splitBundles">Whether large Bundles may come as their entries.</param>
    /// <returns>Whether all files could be read.</returns>
    public static bool ForEach(IReadOnlyList<string> paths, bool splitBundles, TextWriter errors, Action<string, InputResource> visit)
    {
        var allRead = true;
        foreach (var path in paths)
        {
            using var resources = Read(path, splitBundles).GetEnumerator();
            while (MoveNext(resources, path, errors, ref allRead))
            {
                visit(path, resources.Current);
            }
        }

        return allRead;
    }

    // Only reading is guarded: what goes wrong in a visit, such as writing to a full disk, is no fault of the file.
    private static bool MoveNext(IEnumerator<InputResource> resources, string path, TextWriter errors, ref bool allRead)
    {
        try
        {
            return resources.MoveNext();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            errors.WriteLine($"{path}: cannot be read: {(Directory.Exists(path) ? "it is a folder" : unreadable.Message)}");
            allRead = false;
            return false;
        }
    }

    /// <summary>Throws <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/> or <see cref="InvalidDataException"/> if it cannot be read.</summary>
    public static IEnumerable<InputResource> Read(string path, bool splitBundles)
    {
        using var stream = path == StandardInput ? Console.OpenStandardInput() : File.OpenRead(path);
        if (IsNdjson(path))
        {
            foreach (var line in ReadLines(stream))
            {
                yield return line;
            }
        }
        else if (splitBundles && stream is FileStream { Length: > MaxWholeBytes } file && LargeBundle.IsOne(file))
        {
            foreach (var entry in LargeBundle.ReadEntries(file))
            {
                yield return entry;
            }
        }
        else
        {
            yield return ReadWhole(stream);
        }
    }

    /// <summary>Whether the name says that each line is a resource.</summary>
    public static bool IsNdjson(string path) =>
        path.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);

    private static InputResource ReadWhole(Stream stream)
    {
        var buffer = new ArrayBufferWriter<byte>(stream is FileStream { Length: > 0 and < MaxResourceBytes } file ? (int)file.Length + 1 : 4096);
        for (int read; (read = stream.Read(buffer.GetSpan())) > 0;)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > MaxResourceBytes)
            {
                throw new InvalidDataException($"longer than {MaxResourceBytes} bytes");
            }
        }

        var utf8 = WithoutByteOrderMark(buffer.WrittenMemory);
        return new InputResource(utf8, IsXml(utf8.Span));
    }

    private static IEnumerable<InputResource> ReadLines(Stream stream)
    {
        var window = new ByteWindow(stream, MaxResourceBytes);
        var number = 0;
        while (window.TryReadLine(out var line))
        {
            number++;
            var utf8 = number == 1 ? WithoutByteOrderMark(line) : line;
            if (utf8.Span.ContainsAnyExcept(" \t\r"u8))
            {
                yield return new InputResource(utf8, IsXml: false, Line: number);
            }
        }
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith(ByteOrderMark) ? utf8[ByteOrderMark.Length..] : utf8;

    private static bool IsXml(ReadOnlySpan<byte> utf8)
    {
        // JSON is UTF-8 (R4, json.html), so a byte order mark of UTF-16 also means XML.
        var first = utf8.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && utf8[first] is (byte)'<' or 0xFE or 0xFF;
    }
}
