using System.Diagnostics;
using System.Text.Json;
using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

public sealed class DefinitionBinaryTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_definition_comes_back_from_the_binary_as_it_went_in(DefinitionKind kind)
    {
        IDefinition[] definitions = [.. Embedded("definitions.r4.bin").All(kind), .. Embedded("definitions.terminology.bin").All(kind)];

        DefinitionBinary copy = DefinitionBinary.Open(DefinitionWriter.Write(definitions));

        Assert.NotEmpty(definitions);
        Assert.Equal(definitions.Select(Print), copy.All(kind).Select(Print));
    }

    [Fact]
    public void Every_definition_is_found_by_each_of_its_names()
    {
        DefinitionBinary binary = Embedded("definitions.terminology.bin");
        foreach (IDefinition definition in Enum.GetValues<DefinitionKind>().SelectMany(binary.All))
        {
            Assert.All(DefinitionBinary.NamesOf(definition), name => Assert.Contains(definition, binary.Find(definition.Kind, name)));
        }
    }

    [Fact]
    public void A_file_of_another_form_is_refused() =>
        Assert.Throws<InvalidDataException>(() => DefinitionBinary.Open(new byte[500]));

    [Fact]
    public void Opening_costs_almost_nothing()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        DefinitionBinary binary = Embedded("definitions.r4.bin");
        TimeSpan opened = watch.Elapsed;
        Assert.NotEmpty(binary.Find(DefinitionKind.StructureDefinition, "http://hl7.org/fhir/StructureDefinition/Patient"));
        TimeSpan found = watch.Elapsed;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        int all = Enum.GetValues<DefinitionKind>().Sum(kind => binary.All(kind).Count());
        output.WriteLine($"open {opened.TotalMilliseconds:F2} ms, first definition {found.TotalMilliseconds:F2} ms, {allocated:N0} bytes; all {all} {watch.Elapsed.TotalMilliseconds:F0} ms");

        // Tables of references only: what is decoded is one definition.
        Assert.InRange(allocated, 0, 2_000_000);
    }

    public static TheoryData<DefinitionKind> Kinds() => [.. Enum.GetValues<DefinitionKind>()];

    private static DefinitionBinary Embedded(string name) => DefinitionBinary.OpenEmbedded(name);

    private static string Print(IDefinition definition) => JsonSerializer.Serialize(definition, definition.GetType());
}
