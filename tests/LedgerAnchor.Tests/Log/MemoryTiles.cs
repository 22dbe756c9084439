using HealthChain.LedgerAnchor.Log;

namespace HealthChain.LedgerAnchor.Tests.Log;

internal sealed class MemoryTiles : ITileReader
{
    private readonly Dictionary<TileId, byte[]> _tiles = [];

    public int Count => _tiles.Count;

    public void Add(TileId tile, ReadOnlySpan<byte> hashes) => _tiles[tile] = hashes.ToArray();

    public ValueTask<byte[]?> ReadAsync(TileId tile, CancellationToken cancellationToken) => new(_tiles.GetValueOrDefault(tile));
}
