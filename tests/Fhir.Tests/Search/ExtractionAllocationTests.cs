using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

/// <summary>The gate on allocation, which is the same on every machine.</summary>
public class ExtractionAllocationTests
{
    [Fact]
    public void Extraction_hardly_allocates_once_it_has_seen_all_types()
    {
        var values = new IndexValues();
        var extractor = new SearchExtractor(Sets.R4);
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach ((_, Element resource) in ExampleFiles.All)
            {
                extractor.Extract(resource, values);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // What remains: unescaping of texts with escapes, and conversions of units whose factor has more than 64 bits.
        long perResource = allocated / ExampleFiles.All.Count;
        Assert.True(perResource < 256, $"{perResource} bytes per resource");
    }

    [Fact]
    public void One_giant_does_not_keep_its_memory()
    {
        string name = new('é', 1_000_000);
        Element giant = FhirJson.Read(Encoding.UTF8.GetBytes($$"""{"resourceType":"Patient","name":[{"family":"{{name}}","text":"{{name}}","given":["{{name}}","{{name}}"]}]}""")).Root;
        Element dwarf = FhirJson.Read("""{"resourceType":"Patient","name":[{"family":"x"}]}"""u8.ToArray()).Root;
        var values = new IndexValues();
        var extractor = new SearchExtractor(Sets.R4);
        extractor.Extract(giant, values);
        int most = values.ScratchCapacity;
        extractor.Extract(dwarf, values);
        Assert.True(most > 4_000_000 && values.ScratchCapacity < 10_000, $"{most} bytes with the giant, {values.ScratchCapacity} after it");
    }
}
