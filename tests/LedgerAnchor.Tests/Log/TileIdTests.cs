using HealthChain.LedgerAnchor.Log;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

public sealed class TileIdTests
{
    [Theory]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(0, 1234067, 256, "tile/0/x001/x234/067")]
    [InlineData(2, 999, 1, "tile/2/999.p/1")]
    [InlineData(7, 1000, 255, "tile/7/x001/000.p/255")]
    [InlineData(TileId.EntriesLevel, 1001, 12, "tile/entries/x001/001.p/12")]
    [InlineData(TileId.EntriesLevel, 36028797018963967, 256, "tile/entries/x036/x028/x797/x018/x963/967")]
    public void Paths_are_those_of_the_specification_and_are_read_back(int level, long index, int width, string path)
    {
        var tile = new TileId(level, index, width);

        Assert.Equal(path, tile.Path);
        Assert.True(TileId.TryParse(path, out var read));
        Assert.Equal(tile, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile//000")]
    [InlineData("tile/0/00")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x001/x001")]
    [InlineData("tile/00/001")]
    [InlineData("tile/8/001")]
    [InlineData("tile/-1/001")]
    [InlineData("tile/0/+01")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/05")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/1/1")]
    [InlineData("tile/0/../000")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/entry/000")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    public void Other_spellings_are_no_paths(string path) => Assert.False(TileId.TryParse(path, out _));

    [Fact]
    public void A_tree_of_70000_has_the_tiles_that_the_specification_counts()
    {
        const long Size = 70_000;
        Assert.Equal(new TileId(0, 272, 256), TileId.Holding(0, (273 * 256) - 1, Size));
        Assert.Equal(new TileId(0, 273, 112), TileId.Holding(0, Size - 1, Size));
        Assert.Equal(new TileId(1, 1, 17), TileId.Holding(1, 272, Size));
        Assert.Equal(new TileId(2, 0, 1), TileId.Holding(2, 0, Size));
        Assert.Equal(0, TileId.HashesOn(3, Size));
        Assert.Equal(new TileId(TileId.EntriesLevel, 273, 112), TileId.Holding(TileId.EntriesLevel, Size - 1, Size));
    }
}
