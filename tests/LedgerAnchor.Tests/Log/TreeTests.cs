using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Tests.Proofs;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

public sealed class TreeTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Roots_tiles_and_proofs_of_small_trees_are_those_of_the_definitions()
    {
        const int Sizes = 600;
        var plain = PlainTree.Of(Sizes);
        var tiles = new MemoryTiles();
        var builder = new TreeBuilder(tiles.Add);
        var tree = new TileTree(tiles, maxTiles: 2);
        Assert.Equal(TreeHead.Empty, builder.Head);
        foreach (var entry in PlainTree.Entries(Sizes))
        {
            builder.Append(entry);
            foreach (var (tile, hashes) in builder.Partials())
            {
                tiles.Add(tile, hashes.Span);
            }

            var size = builder.Size;
            tree.Grow(size);
            Assert.Equal(plain.Head(size), builder.Head);
            if (size % 37 != 0 && size is < 250 or > 260)
            {
                continue;
            }

            Assert.Equal(plain.Root(0, size), await tree.RootAsync(size, None));
            Assert.Equal(plain.Root(0, size / 3), await tree.RootAsync(size / 3, None));
            for (var part = 0L; part < size; part += 1 + (size / 20))
            {
                Assert.Equal(plain.Inclusion(part, size), await tree.InclusionAsync(part, size, None));
                Assert.Equal(part == 0 ? [] : plain.Consistency(part, size), await tree.ConsistencyAsync(part, size, None));
            }
        }
    }

    [Fact]
    public async Task Tiles_of_three_levels_hold_the_hashes_that_the_specification_names()
    {
        const int Size = 70_000;
        var plain = PlainTree.Of(Size);
        var tiles = new MemoryTiles();
        var builder = new TreeBuilder(tiles.Add);
        builder.Append([.. PlainTree.Entries(Size).SelectMany(entry => entry)]);
        foreach (var (tile, hashes) in builder.Partials())
        {
            tiles.Add(tile, hashes.Span);
        }

        Assert.Equal(273 + 1 + 1 + 1 + 1, tiles.Count);
        Assert.Equal(plain.Head(Size), builder.Head);
        foreach (var tile in (TileId[])[new(0, 0), new(0, 200), new(0, 273, 112), new(1, 0), new(1, 1, 17), new(2, 0, 1)])
        {
            var hashes = await tiles.ReadHashesAsync(tile, None);
            var covers = 1L << (TileId.Height * tile.Level);
            for (var i = 0; i < tile.Width; i++)
            {
                var first = ((tile.Index * TileId.FullWidth) + i) * covers;
                Assert.Equal(plain.Root(first, first + covers), new Hash256(hashes.AsSpan(i * Hash256.Bytes, Hash256.Bytes)));
            }
        }

        var tree = new TileTree(tiles);
        tree.Grow(Size);
        foreach (var index in (long[])[0, 255, 256, 65_535, 65_536, 69_999])
        {
            var proof = await tree.InclusionAsync(index, Size, None);
            Assert.True(MerkleProof.VerifyInclusion(index, plain.Leaf(index), proof, plain.Head(Size)));
            Assert.True(MerkleProof.VerifyConsistency(
                plain.Head(index + 1), await tree.ConsistencyAsync(index + 1, Size, None), plain.Head(Size)));
        }
    }

    [Fact]
    public async Task A_partial_tile_that_is_gone_is_read_from_the_full_one()
    {
        var tiles = new MemoryTiles();
        var builder = new TreeBuilder(tiles.Add);
        builder.Append([.. PlainTree.Entries(256).SelectMany(entry => entry)]);
        tiles.Add(new TileId(1, 0, 1), builder.Partials().Single().Hashes.Span);

        var plain = PlainTree.Of(256);
        var tree = new TileTree(tiles);
        tree.Grow(200);
        Assert.Equal(plain.Root(0, 200), await tree.RootAsync(200, None));
        Assert.Equal(plain.Head(200), (await TreeBuilder.OpenAsync(tiles, plain.Head(200), null, None)).Head);
    }

    [Fact]
    public async Task What_is_missing_or_torn_or_another_tree_is_named()
    {
        var plain = PlainTree.Of(300);
        var tiles = new MemoryTiles();
        tiles.Add(new TileId(0, 1, 44), new byte[43 * Hash256.Bytes]);
        var tree = new TileTree(tiles);
        tree.Grow(300);

        var missing = await Assert.ThrowsAsync<LedgerDamageException>(async () => await tree.RootAsync(256, None));
        var torn = await Assert.ThrowsAsync<LedgerDamageException>(async () => await tree.RootAsync(300, None));
        Assert.Equal("tile/1/000.p/1 is missing.", missing.Message);
        Assert.Equal("tile/0/001.p/44 has 1376 bytes, not 1408.", torn.Message);

        tiles.Add(new TileId(0, 1, 44), new byte[44 * Hash256.Bytes]);
        tiles.Add(new TileId(1, 0, 1), new byte[Hash256.Bytes]);
        var other = await Assert.ThrowsAsync<LedgerDamageException>(
            async () => await TreeBuilder.OpenAsync(tiles, plain.Head(300), null, None));
        Assert.Equal("The last tiles of the tree of size 300 do not give its root.", other.Message);
    }

    [Fact]
    public async Task Beyond_the_size_nothing_is_proven()
    {
        var tree = new TileTree(new MemoryTiles());
        tree.Grow(5);
        tree.Grow(3);

        Assert.Equal(5, tree.Size);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tree.RootAsync(6, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tree.InclusionAsync(5, 5, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tree.InclusionAsync(-1, 5, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tree.ConsistencyAsync(4, 3, None));
    }

    [Fact]
    public void Bundles_of_entries_come_back_and_wrong_ones_do_not()
    {
        byte[] entries = [.. PlainTree.Entries(5).SelectMany(entry => entry)];
        var bundle = EntryBundle.Write(entries);

        Assert.Equal(entries, EntryBundle.Read(bundle, 5)!.SelectMany(entry => entry.ToArray()));
        Assert.Null(EntryBundle.Read(bundle, 4));
        Assert.Null(EntryBundle.Read(bundle, 6));
        Assert.Null(EntryBundle.Read(bundle.AsMemory(0, bundle.Length - 1), 5));
        Assert.Empty(EntryBundle.Read(ReadOnlyMemory<byte>.Empty, 0)!);
    }
}
