using System.Reflection.Metadata;
using System.Runtime.CompilerServices;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Architecture.Tests;

/// <summary>Ceilings on hand-written code: what does not fit is two things.</summary>
public sealed class SizeTests
{
    private const int MaxLinesOfFile = 600;
    private const int MaxLinesOfMethod = 70;

    [Fact]
    public void No_source_file_is_longer_than_600_lines()
    {
        var tooLong =
            from path in Repository.Files("", "*.cs")
            where !Repository.Relative(path).Contains("/Generated/", StringComparison.Ordinal)
            let lines = File.ReadLines(path).Count()
            where lines > MaxLinesOfFile
            select $"{Repository.Relative(path)}: {lines}";

        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_method_is_longer_than_70_lines()
    {
        var methods = ProductAssemblies.Paths().SelectMany(MethodSpans.Read).ToList();

        Assert.NotEmpty(methods);
        Assert.Empty(methods.Where(method => method.Lines > MaxLinesOfMethod).Select(method => method.ToString()));
    }

    [Fact]
    public async Task Extents_are_read_right_for_asynchronous_methods_and_lambdas_within()
    {
        var first = LineOf();
        await Task.Yield();
        Func<int> last = () =>
        {
            return LineOf();
        };
        var lastLine = last() + 1;

        var spans = MethodSpans.Read(typeof(SizeTests).Assembly.Location);

        // Debug builds also count the braces.
        Assert.Contains(spans, span => span.File.EndsWith("SizeTests.cs", StringComparison.Ordinal)
            && first - span.FirstLine is 0 or 1 && span.LastLine > lastLine);
    }

    private static int LineOf([CallerLineNumber] int line = 0) => line;
}

/// <summary>A method's place in its file, first statement to last, as the debugger sees it.</summary>
internal sealed record MethodSpan(string File, int FirstLine, int LastLine)
{
    public int Lines => LastLine - FirstLine + 1;

    public override string ToString() => $"{File}:{FirstLine}: {Lines} lines";
}

/// <summary>
/// Reads the extents of methods from the symbols of an assembly, which know them exactly, asynchronous methods included.
/// Constructors are left out, since initialisers of fields anywhere in the type count as theirs.
/// </summary>
internal static class MethodSpans
{
    public static List<MethodSpan> Read(string assembly)
    {
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assembly, ".pdb")));
        using var image = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(assembly));
        var debug = symbols.GetMetadataReader();
        var metadata = image.GetMetadataReader();
        var spans = new List<MethodSpan>();
        foreach (var handle in debug.MethodDebugInformation)
        {
            var method = metadata.GetMethodDefinition(handle.ToDefinitionHandle());
            if (metadata.GetString(method.Name) is not (".ctor" or ".cctor") && Extent(debug, handle) is { } span)
            {
                spans.Add(span);
            }
        }

        return spans;
    }

    private static MethodSpan? Extent(MetadataReader debug, MethodDebugInformationHandle handle)
    {
        var information = debug.GetMethodDebugInformation(handle);
        if (information.SequencePointsBlob.IsNil || information.Document.IsNil)
        {
            return null;
        }

        // Source generators write below obj; their code is not held to our limits.
        var file = debug.GetString(debug.GetDocument(information.Document).Name);
        var points = information.GetSequencePoints().Where(point => !point.IsHidden).ToList();
        return points.Count == 0 || file.Contains("/obj/", StringComparison.Ordinal) || file.Contains(".g.cs", StringComparison.Ordinal)
            ? null
            : new MethodSpan(file, points.Min(point => point.StartLine), points.Max(point => point.EndLine));
    }
}
