using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>A tile's hashes and all complete nodes above them, so that a proof only looks up.</summary>
internal sealed class TileNodes
{
    private readonly byte[][] _heights = new byte[TileId.Height + 1][];

    public TileNodes(byte[] hashes)
    {
        _heights[0] = hashes;
        for (var height = 1; height < _heights.Length; height++)
        {
            var below = _heights[height - 1];
            var pairs = below.Length / (2 * Hash256.Bytes);
            _heights[height] = new byte[pairs * Hash256.Bytes];
            TreeHasher.HashNodes(below.AsSpan(0, pairs * 2 * Hash256.Bytes), _heights[height]);
        }
    }

    public Hash256 this[int height, int position] => new(_heights[height].AsSpan(position * Hash256.Bytes, Hash256.Bytes));
}

/// <summary>
/// Keeps what was used lately, in two generations: when the young one is full it becomes the old one, and the old one is forgotten.
/// </summary>
internal sealed class TileCache(int maxTiles)
{
    private readonly Lock _lock = new();
    private readonly int _half = Math.Max(1, maxTiles / 2);
    private Dictionary<TileId, TileNodes> _young = [];
    private Dictionary<TileId, TileNodes> _old = [];

    public TileNodes? Find(TileId tile)
    {
        lock (_lock)
        {
            if (_young.TryGetValue(tile, out var nodes))
            {
                return nodes;
            }

            if (_old.TryGetValue(tile, out nodes))
            {
                AddYoung(tile, nodes);
            }

            return nodes;
        }
    }

    public void Add(TileId tile, TileNodes nodes)
    {
        lock (_lock)
        {
            AddYoung(tile, nodes);
        }
    }

    private void AddYoung(TileId tile, TileNodes nodes)
    {
        if (_young.Count >= _half)
        {
            _old = _young;
            _young = [];
        }

        _young[tile] = nodes;
    }
}
