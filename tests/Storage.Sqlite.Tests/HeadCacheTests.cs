using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Reading;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>Heads in memory: what is given is whole and still true, or nothing is given.</summary>
public sealed class HeadCacheTests
{
    private const int Bytes = 1 << 16;
    private static readonly TypeSchema Patient = FhirSchema.R4.Type("Patient")!;

    [Fact]
    public void A_head_is_given_back_as_it_was_kept()
    {
        var cache = new HeadCache(Bytes);
        Keep(cache, 7, 300);
        Head head = Assert.IsType<Head>(Find(cache, 7));
        Assert.Equal(RowOf(7), head.Row);
        Assert.Equal(Content(7, 300), head.Coded.ToArray());
        Assert.Same(Patient, head.Type);
        Assert.Null(Find(cache, 8));
    }

    [Fact]
    public void A_head_is_true_only_in_snapshots_between_which_its_resource_did_not_change()
    {
        var cache = new HeadCache(Bytes);
        Keep(cache, 7, 100, newest: 20);
        cache.Change(7, 25);
        Assert.Null(Find(cache, 7, newest: 30));
        Assert.Null(Find(cache, 7, newest: 22));
        Keep(cache, 7, 100, newest: 25);
        Assert.NotNull(Find(cache, 7, newest: 30));
        Assert.Null(Find(cache, 7, newest: 24));
    }

    [Fact]
    public void Rewriting_empties_it()
    {
        var cache = new HeadCache(Bytes);
        Keep(cache, 7, 100);
        Assert.False(cache.Rewrite(() => HeadCache.IsOpenAt(cache.Time)));
        Assert.Null(Find(cache, 7));
        Keep(cache, 7, 100);
        Assert.NotNull(Find(cache, 7));
    }

    [Fact]
    public void The_newest_take_the_place_of_the_oldest()
    {
        var cache = new HeadCache(Bytes);
        const int Heads = 1000;
        for (int rid = 1; rid <= Heads; rid++)
        {
            Keep(cache, rid, 400 + (rid % 50));
        }

        int[] found = [.. Enumerable.Range(1, Heads).Where(rid => Find(cache, rid) is not null)];
        Assert.InRange(found.Length, 64, Bytes / 400);
        Assert.Equal(Heads, found[^1]);
        Assert.All(found, rid => Assert.Equal(Content(rid, 400 + (rid % 50)), Find(cache, rid)!.Coded.ToArray()));
        cache.Touch([1, 2, found[0], Heads]);
    }

    [Fact]
    public void What_is_larger_than_all_of_it_is_not_kept()
    {
        var cache = new HeadCache(Bytes);
        Keep(cache, 7, Bytes);
        Assert.Null(Find(cache, 7));
    }

    [Fact]
    public async Task Whatever_others_write_meanwhile_a_head_that_is_given_is_whole()
    {
        var cache = new HeadCache(Bytes);
        const int Heads = 500;
        const int Turns = 40_000;
        int found = 0;
        Task Work(int seed) => Task.Run(
            () =>
            {
                var random = new Random(seed);
                for (int turn = 0; turn < Turns; turn++)
                {
                    int rid = 1 + random.Next(Heads);
                    if (Find(cache, rid) is not { } head)
                    {
                        Keep(cache, rid, 200 + rid);
                        continue;
                    }

                    Interlocked.Increment(ref found);
                    Assert.Equal(RowOf(rid), head.Row);
                    Assert.True(head.Coded.SequenceEqual(Content(rid, 200 + rid)));
                }
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(Work(1), Work(2), Work(3), Work(4));
        Assert.NotEqual(0, found);
    }

    private static HeadRow RowOf(int rid) => new(rid, Patient.Id, rid + 1, rid + 2, rid + 3, rid + 4, rid % 2 == 0, rid + 5, rid + 6, rid + 7);

    private static byte[] Content(int rid, int length)
    {
        byte[] content = new byte[length];
        Array.Fill(content, (byte)rid);
        return content;
    }

    private static void Keep(HeadCache cache, int rid, int length, long newest = 10)
    {
        var head = new Head();
        head.Fill(RowOf(rid), Content(rid, length), null!);
        cache.Add(head, newest, cache.Time);
    }

    private static Head? Find(HeadCache cache, int rid, long newest = 10)
    {
        var head = new Head();
        return cache.TryFill(rid, newest, cache.Time, head, null!) ? head : null;
    }
}
