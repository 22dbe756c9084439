using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Takes a tile that became full. The bytes are gone after the call.</summary>
public delegate void TileSink(TileId tile, ReadOnlySpan<byte> hashes);

/// <summary>Grows a log's tree. It holds the right edge only: the last, partial tile of each level.</summary>
/// <remarks>Of one thread at a time. The tiles and the root are a pure function of the entries, however they are divided into calls.</remarks>
public sealed class TreeBuilder(TileSink? sink = null)
{
    private const int TileBytes = TileId.FullWidth * Hash256.Bytes;

    // So many tiles at once keep all lanes of the hasher busy up to the roots of the tiles, and fit the processor's cache.
    private const int ChunkTiles = 16;

    private readonly List<Edge> _edges = [];
    private readonly byte[] _chunk = new byte[ChunkTiles * TileBytes];

    public long Size { get; private set; }

    /// <summary>Computed at each call, with up to 255 hashes for each level of tiles.</summary>
    public TreeHead Head => Size == 0 ? TreeHead.Empty : new TreeHead(Size, Root());

    /// <summary>Goes on from a tree whose tiles exist.</summary>
    /// <exception cref="LedgerDamageException">The tiles of the right edge are missing, or do not give that root.</exception>
    public static async ValueTask<TreeBuilder> OpenAsync(
        ITileReader tiles, TreeHead head, TileSink? sink, CancellationToken cancellationToken)
    {
        var builder = new TreeBuilder(sink) { Size = head.Size };
        for (var level = 0; TileId.HashesOn(level, head.Size) is var hashes and > 0; level++)
        {
            var edge = builder.EdgeOf(level);
            (edge.FullTiles, edge.Count) = (hashes / TileId.FullWidth, (int)(hashes % TileId.FullWidth));
            if (edge.Count > 0)
            {
                (await tiles.ReadHashesAsync(TileId.Holding(level, hashes - 1, head.Size), cancellationToken)).CopyTo(edge.Hashes, 0);
            }
        }

        return builder.Head == head
            ? builder
            : throw new LedgerDamageException($"The last tiles of the tree of size {head.Size} do not give its root.");
    }

    /// <param name="entries">Of 32 bytes each.</param>
    public void Append(ReadOnlySpan<byte> entries) => Append(entries, TreeHasher.HashLeaves);

    /// <summary>For whom has the hashes of the leaves from elsewhere, such as a mirror.</summary>
    public void AppendLeafHashes(ReadOnlySpan<byte> hashes) => Append(hashes, static (hashes, chunk) => hashes.CopyTo(chunk));

    /// <summary>The partial tiles of the present size, lowest first.</summary>
    public IEnumerable<(TileId Tile, ReadOnlyMemory<byte> Hashes)> Partials()
    {
        for (var level = 0; level < _edges.Count; level++)
        {
            var edge = _edges[level];
            if (edge.Count > 0)
            {
                yield return (new TileId(level, edge.FullTiles, edge.Count), edge.Hashes.AsMemory(0, edge.Count * Hash256.Bytes));
            }
        }
    }

    private void Append(ReadOnlySpan<byte> items, Action<ReadOnlySpan<byte>, Span<byte>> toLeafHashes)
    {
        if (items.Length % Hash256.Bytes != 0)
        {
            throw new ArgumentException($"Items have {Hash256.Bytes} bytes each.", nameof(items));
        }

        while (!items.IsEmpty)
        {
            var chunk = _chunk.AsSpan(0, Math.Min(items.Length, _chunk.Length));
            toLeafHashes(items[..chunk.Length], chunk);
            Add(0, chunk);
            Size += chunk.Length / Hash256.Bytes;
            items = items[chunk.Length..];
        }
    }

    /// <summary>Adds hashes on the right of a level, which it may overwrite.</summary>
    private void Add(int level, Span<byte> hashes)
    {
        var edge = EdgeOf(level);
        if (edge.Count > 0)
        {
            hashes = hashes[edge.Fill(hashes)..];
            if (edge.Count == TileId.FullWidth)
            {
                edge.Count = 0;
                Complete(level, edge.Hashes);
            }
        }

        var whole = hashes.Length / TileBytes * TileBytes;
        if (whole > 0)
        {
            Complete(level, hashes[..whole]);
        }

        edge.Fill(hashes[whole..]);
    }

    /// <summary>Hands out full tiles and adds their roots to the level above.</summary>
    private void Complete(int level, Span<byte> hashes)
    {
        var edge = EdgeOf(level);
        for (var i = 0; i < hashes.Length; i += TileBytes)
        {
            sink?.Invoke(new TileId(level, edge.FullTiles++, TileId.FullWidth), hashes.Slice(i, TileBytes));
        }

        for (var height = 0; height < TileId.Height; height++)
        {
            TreeHasher.HashNodes(hashes, hashes);
            hashes = hashes[..(hashes.Length / 2)];
        }

        Add(level + 1, hashes);
    }

    /// <summary>
    /// RFC 6962 §2.1 splits at powers of two, so each bit of the size stands for a complete subtree: from the smallest, which is the
    /// rightmost, each one becomes the left neighbour of all that came before.
    /// </summary>
    private Hash256 Root()
    {
        Hash256? right = null;
        Span<byte> nodes = new byte[TileBytes];
        foreach (var edge in _edges)
        {
            edge.Hashes.AsSpan(0, edge.Count * Hash256.Bytes).CopyTo(nodes);
            for (var count = edge.Count; count > 0; count /= 2)
            {
                if (count % 2 == 1)
                {
                    var left = new Hash256(nodes.Slice((count - 1) * Hash256.Bytes, Hash256.Bytes));
                    right = right is { } known ? MerkleProof.NodeHash(left, known) : left;
                }

                TreeHasher.HashNodes(nodes[..(count / 2 * 2 * Hash256.Bytes)], nodes);
            }
        }

        return right!.Value;
    }

    private Edge EdgeOf(int level)
    {
        if (level == _edges.Count)
        {
            _edges.Add(new Edge());
        }

        return _edges[level];
    }

    /// <summary>The last tile of a level while it is not full.</summary>
    private sealed class Edge
    {
        public byte[] Hashes { get; } = new byte[TileBytes];

        public int Count { get; set; }

        /// <summary>How many tiles stand before it.</summary>
        public long FullTiles { get; set; }

        /// <summary>Takes what there is room for, and says how many bytes that was.</summary>
        public int Fill(ReadOnlySpan<byte> hashes)
        {
            var taken = Math.Min(hashes.Length, TileBytes - (Count * Hash256.Bytes));
            hashes[..taken].CopyTo(Hashes.AsSpan(Count * Hash256.Bytes));
            Count += taken / Hash256.Bytes;
            return taken;
        }
    }
}
