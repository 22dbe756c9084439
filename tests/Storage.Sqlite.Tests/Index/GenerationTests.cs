using HealthChain.Storage.Sqlite.Index;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Index;

public class GenerationTests
{
    private static List<long> Find(Generation generation, ushort parameter, long hash, long snapshot)
    {
        var rids = new List<long>();
        generation.FindValue(parameter, hash, snapshot, rids);
        rids.Sort();
        return rids;
    }

    [Fact]
    public void A_snapshot_shows_what_was_true_at_its_commit()
    {
        var generation = new Generation(16);
        IndexRow row = IndexRow.Value(3, 77, patient: 0, rid: 5);
        generation.Add(row, sequence: 10);
        Assert.True(generation.Remove(row, sequence: 12));
        generation.Add(row, sequence: 14);

        Assert.Empty(Find(generation, 3, 77, snapshot: 9));
        Assert.Equal([5], Find(generation, 3, 77, snapshot: 10));
        Assert.Equal([5], Find(generation, 3, 77, snapshot: 11));
        Assert.Empty(Find(generation, 3, 77, snapshot: 12));
        Assert.Equal([5], Find(generation, 3, 77, snapshot: 14));
    }

    [Fact]
    public void Random_histories_agree_with_a_plain_list_at_every_snapshot()
    {
        var random = new Random(4711);
        for (int round = 0; round < 40; round++)
        {
            var generation = new Generation(64);
            var plain = new List<(IndexRow Row, long From, long To)>();
            for (long sequence = 1; sequence <= 60; sequence++)
            {
                for (int change = random.Next(6); change > 0; change--)
                {
                    Change(random, generation, plain, sequence);
                }
            }

            for (long snapshot = 0; snapshot <= 61; snapshot++)
            {
                Check(generation, plain, snapshot);
            }
        }
    }

    [Fact]
    public void Rows_come_in_the_order_in_which_the_database_keeps_them()
    {
        var random = new Random(1);
        var generation = new Generation(8);
        for (int i = 0; i < 20_000; i++)
        {
            generation.Add(RandomRow(random), 1);
        }

        int[] order = generation.InOrder();

        Assert.Equal(20_000, order.Distinct().Count());
        for (int i = 1; i < order.Length; i++)
        {
            generation.TryGet(order[i - 1], out IndexRow left);
            generation.TryGet(order[i], out IndexRow right);
            Assert.True(Columns(left).CompareTo(Columns(right)) <= 0);
        }
    }

    [Fact]
    public async Task Readers_see_whole_commits_while_the_writer_adds()
    {
        var generation = new Generation(1024);
        long committed = 0;
        Task writer = Task.Run(() =>
        {
            for (long sequence = 1; sequence <= 20_000; sequence++)
            {
                generation.Add(IndexRow.Value(1, 42, 0, sequence), sequence);
                generation.Add(IndexRow.Value(2, 43, 0, sequence), sequence);
                Volatile.Write(ref committed, sequence);
            }
        }, TestContext.Current.CancellationToken);

        do
        {
            long snapshot = Volatile.Read(ref committed);
            Assert.Equal(snapshot, Find(generation, 1, 42, snapshot).Count);
            Assert.Equal(snapshot, Find(generation, 2, 43, snapshot).Count);
        }
        while (!writer.IsCompleted);

        await writer;
    }

    private static (int Table, int Parameter, int Width, long A, long B, long C, long D) Columns(IndexRow row) => row.Table == IndexTable.Value
        ? (0, row.Parameter, 0, row.Hash, row.Patient, row.Rid, 0)
        : (1, row.Parameter, RangeWidth.ClassOf(row.Low, row.High), row.Low, row.High, row.Hash, row.Rid);

    private static IndexRow RandomRow(Random random) => random.Next(3) == 0
        ? IndexRow.Range((ushort)random.Next(3), random.Next(-3, 3), random.Next(3), random.Next(2), random.Next(9))
        : IndexRow.Value((ushort)random.Next(3), random.NextInt64() >> random.Next(64), random.Next(3), random.Next(9));

    private static void Change(Random random, Generation generation, List<(IndexRow Row, long From, long To)> plain, long sequence)
    {
        IndexRow row = random.Next(3) == 0
            ? IndexRow.Range((ushort)random.Next(2), random.Next(3), random.Next(3, 6), random.Next(2), random.Next(4))
            : IndexRow.Value((ushort)random.Next(2), random.Next(3), random.Next(3), random.Next(4));
        int standing = plain.FindIndex(item => item.Row == row && item.To == long.MaxValue);
        if (standing < 0)
        {
            generation.Add(row, sequence);
            plain.Add((row, sequence, long.MaxValue));
        }
        else
        {
            Assert.True(generation.Remove(row, sequence));
            plain[standing] = plain[standing] with { To = sequence };
        }
    }

    private static void Check(Generation generation, List<(IndexRow Row, long From, long To)> plain, long snapshot)
    {
        List<IndexRow> all = [.. plain.Where(item => item.From <= snapshot && snapshot < item.To).Select(item => item.Row)];
        Assert.Equal(all.Order(), generation.Rows(snapshot).Order());
        Assert.All(all, row => Assert.True(generation.Contains(row, snapshot)));
        Assert.All(plain.Where(item => !all.Contains(item.Row)), item => Assert.False(generation.Contains(item.Row, snapshot)));
        for (ushort parameter = 0; parameter < 2; parameter++)
        {
            var query = new RangeQuery(1, 2, 3, 4, Unit: 1);
            var inRange = new List<long>();
            generation.FindRange(parameter, query, snapshot, inRange);
            Assert.Equal(
                all.Where(row => row.Table == IndexTable.Range && row.Parameter == parameter && query.Includes(row.Low, row.High, row.Hash)).Select(row => row.Rid).Order(),
                inRange.Order());
            for (long hash = 0; hash < 3; hash++)
            {
                List<IndexRow> expected = [.. all.Where(row => row.Table == IndexTable.Value && row.Parameter == parameter && row.Hash == hash)];
                Assert.Equal(expected.Select(row => row.Rid).Order(), Find(generation, parameter, hash, snapshot));
                for (long patient = 0; patient < 3; patient++)
                {
                    var rids = new List<long>();
                    generation.FindValue(parameter, hash, patient, snapshot, rids);
                    Assert.Equal(expected.Where(row => row.Patient == patient).Select(row => row.Rid).Order(), rids.Order());
                }
            }
        }
    }
}
