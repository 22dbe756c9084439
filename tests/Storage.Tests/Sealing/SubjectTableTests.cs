using HealthChain.Storage.Sealing;
using Xunit;

namespace HealthChain.Storage.Tests.Sealing;

public class SubjectTableTests
{
    [Fact]
    public void It_agrees_with_a_dictionary()
    {
        var random = new Random(1);
        var table = new SubjectTable();
        var expected = new Dictionary<SubjectId, int>();
        for (int i = 0; i < 30_000; i++)
        {
            // Ids that share their low bits, so that neighbours in the table meet.
            var subject = new SubjectId((ulong)random.Next(4), (ulong)random.Next(5000));
            Assert.Equal(expected.TryGetValue(subject, out int record), table.TryGet(subject, out int found));
            Assert.Equal(record, found);
            table.Set(subject, i);
            expected[subject] = i;
        }

        Assert.Equal(expected.Count, table.Count);
        Assert.Equal(expected.OrderBy(item => item.Value), table.All().OrderBy(item => item.Value));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(197_000)]
    public void A_subject_takes_at_most_40_bytes(int subjects)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var random = new Random(1);
        var table = new SubjectTable();
        for (int i = 0; i < subjects; i++)
        {
            table.Set(new SubjectId((ulong)random.NextInt64(), (ulong)random.NextInt64()), i);
        }

        // Blocks stay; of the buckets, all that were ever made are counted here, which is twice what stays.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(subjects, table.Count);
        Assert.InRange(allocated / (double)subjects, 24, 48);
    }
}
