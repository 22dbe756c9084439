using FsCheck;
using FsCheck.Fluent;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Tests.Proofs;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

public sealed class TreeProperties
{
    private static readonly Config Config = RandomCases.Of(60);
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void Entries_in_batches_of_any_sizes_give_the_same_files_and_root() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var size = random.Next(1, 6000);
        byte[] entries = [.. PlainTree.Entries(size, seed).SelectMany(entry => entry)];
        var disk = new SimulatedDisk(seed);
        var writer = Open(disk, TreeHead.Empty);
        var head = TreeHead.Empty;
        for (var done = 0; done < size;)
        {
            var batch = Math.Min(size - done, random.Next(3) == 0 ? random.Next(1, 2000) : random.Next(1, 20));
            writer.Append(entries.AsSpan(done * Hash256.Bytes, batch * Hash256.Bytes));
            done += batch;
            if (random.Next(4) == 0)
            {
                head = writer.Flush();
            }

            if (random.Next(10) == 0)
            {
                // Forgets what it did not flush, and goes on from what it did.
                writer = Open(disk, head);
                done = (int)head.Size;
            }
        }

        head = writer.Flush();
        Assert.Equal(PlainTree.Of(size, seed).Head(size), head);
        AssertFilesOf(head, entries, disk);
    }));

    [Fact]
    public void Whatever_a_crash_leaves_the_last_head_is_there_and_the_rest_is_written_again() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var size = random.Next(600, 3000);
        byte[] entries = [.. PlainTree.Entries(size, seed).SelectMany(entry => entry)];
        var disk = new SimulatedDisk(seed);
        var head = TreeHead.Empty;
        disk.KillAfter(random.Next(1, 120));
        var writer = Open(disk, head);
        while (head.Size < size)
        {
            try
            {
                var batch = Math.Min(size - (int)writer.Size, random.Next(1, 700));
                writer.Append(entries.AsSpan((int)writer.Size * Hash256.Bytes, batch * Hash256.Bytes));
                head = writer.Flush();
            }
            catch (KilledException)
            {
                disk.Crash();
                writer = Open(disk, head);
                if (random.Next(3) > 0)
                {
                    disk.KillAfter(random.Next(1, 200));
                }
            }
        }

        AssertFilesOf(head, entries, disk);
    }));

    [Fact]
    public void A_flush_that_the_disk_interrupts_can_be_repeated_at_every_step()
    {
        byte[] entries = [.. PlainTree.Entries(700).SelectMany(entry => entry)];
        for (var step = 0; ; step++)
        {
            var disk = new SimulatedDisk(step);
            var writer = Open(disk, TreeHead.Empty);
            writer.Append(entries.AsSpan(0, 200 * Hash256.Bytes));
            writer.Flush();
            writer.Append(entries.AsSpan(200 * Hash256.Bytes, 300 * Hash256.Bytes));
            disk.KillAfter(step);
            var isInterrupted = false;
            try
            {
                writer.Flush();
            }
            catch (KilledException)
            {
                isInterrupted = true;
            }

            disk.Kill();
            writer.Append(entries.AsSpan(500 * Hash256.Bytes));
            AssertFilesOf(writer.Flush(), entries, disk);
            if (!isInterrupted)
            {
                Assert.Empty(disk.List("/log/tile/0/000.p"));
                Assert.Empty(disk.List("/log/tile/0/001.p"));
                Assert.Equal(["188"], disk.List("/log/tile/0/002.p"));
                return;
            }
        }
    }

    [Fact]
    public void Proofs_from_tiles_are_those_of_the_definition_and_hold() => Check.One(Config, Prop.ForAll(Seeds, seed =>
    {
        var random = new Random(seed);
        var size = random.Next(1, 3000);
        var plain = PlainTree.Of(size, seed);
        var disk = new SimulatedDisk(seed);
        var writer = Open(disk, TreeHead.Empty);
        writer.Append([.. PlainTree.Entries(size, seed).SelectMany(entry => entry)]);
        var head = writer.Flush();
        var tree = new TileTree(new TileFolder("/log", disk), maxTiles: random.Next(1, 20));
        tree.Grow(size);
        for (var i = 0; i < 5; i++)
        {
            // Of an older size, too, for which no tiles were ever written.
            var at = random.Next(1, size + 1);
            var index = random.Next(at);
            var inclusion = Get(tree.InclusionAsync(index, at, None));
            Assert.Equal(plain.Inclusion(index, at), inclusion);
            Assert.True(MerkleProof.VerifyInclusion(index, plain.Leaf(index), inclusion, plain.Head(at)));
            Assert.Equal(plain.Root(0, at), Get(tree.RootAsync(at, None)));
            var consistency = Get(tree.ConsistencyAsync(at, size, None));
            Assert.Equal(plain.Consistency(at, size), consistency);
            Assert.True(MerkleProof.VerifyConsistency(plain.Head(at), consistency, head));
        }
    }));

    private static void AssertFilesOf(TreeHead head, byte[] entries, SimulatedDisk disk)
    {
        var expected = new Dictionary<TileId, byte[]>();
        var builder = new TreeBuilder((tile, hashes) => expected.Add(tile, hashes.ToArray()));
        builder.Append(entries);
        Assert.Equal(head, builder.Head);
        foreach (var (tile, hashes) in builder.Partials())
        {
            expected.Add(tile, hashes.ToArray());
        }

        var folder = new TileFolder("/log", disk);
        foreach (var (tile, hashes) in expected)
        {
            Assert.Equal(hashes, Get(folder.ReadAsync(tile, None)));
        }
    }

    private static TileWriter Open(SimulatedDisk disk, TreeHead head) => Get(TileWriter.OpenAsync(new TileFolder("/log", disk), head, None));

    /// <summary>All of it is done when it returns: the disk is in memory.</summary>
    private static T Get<T>(ValueTask<T> task)
    {
        Assert.True(task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }
}
