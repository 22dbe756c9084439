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
}
