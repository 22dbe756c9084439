using System.Numerics;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Roots and proofs of a log out of its tiles.</summary>
/// <remarks>
/// Of many threads at a time. Tiles that were read stay in memory with all hashes above them, 16 KB each, up to a limit. What it
/// computes is as good as the tiles: whoever does not own them compares with a signed root.
/// </remarks>
/// <param name="maxTiles">How many tiles may stay in memory.</param>
public sealed class TileTree(ITileReader tiles, int maxTiles = TileTree.DefaultMaxTiles)
{
    public const int DefaultMaxTiles = 1024;

    private readonly TileCache _cache = new(maxTiles);
    private long _size;

    /// <summary>The largest size whose tiles are there.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>Says that the tiles of a larger tree are there. A smaller size than before changes nothing.</summary>
    public void Grow(long size)
    {
        for (var known = Size; size > known; known = Size)
        {
            Interlocked.CompareExchange(ref _size, size, known);
        }
    }

    /// <summary>The root that the log had at that size.</summary>
    public async ValueTask<Hash256> RootAsync(long size, CancellationToken cancellationToken)
    {
        ThrowIfOutside(0, size);
        return size == 0 ? TreeHead.Empty.Root : await HashAsync(new Span(0, size), cancellationToken);
    }

    /// <summary>The proof that the tree of that size has the leaf of that index.</summary>
    public ValueTask<Hash256[]> InclusionAsync(long index, long size, CancellationToken cancellationToken) =>
        ProveAsync(index, index + 1, size, cancellationToken);

    /// <summary>The proof that the newer tree begins with the older one. From nothing there is nothing to prove.</summary>
    public ValueTask<Hash256[]> ConsistencyAsync(long older, long newer, CancellationToken cancellationToken) =>
        ProveAsync(0, older, newer, cancellationToken);

    /// <summary>
    /// Proves that the tree of that size has a subtree over the leaves [start, end). Inclusion is the case of one leaf, consistency that
    /// of a beginning; <see cref="MerkleProof"/> verifies all of them in one way.
    /// </summary>
    private async ValueTask<Hash256[]> ProveAsync(long start, long end, long size, CancellationToken cancellationToken)
    {
        ThrowIfOutside(end, size);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        if (start == end || end == 0)
        {
            return [];
        }

        var spans = Siblings(start, end, size);
        var proof = new Hash256[spans.Count];
        for (var i = 0; i < proof.Length; i++)
        {
            // From the range up to the root.
            proof[i] = await HashAsync(spans[proof.Length - 1 - i], cancellationToken);
        }

        return proof;
    }

    /// <summary>What the proof consists of, from the root down: at each split the half that does not hold the range's end.</summary>
    private static List<Span> Siblings(long start, long end, long size)
    {
        var siblings = new List<Span>(MerkleProof.MaxHashes);
        var tree = new Span(0, size);
        var whole = true;
        while (tree.Start != start || tree.End != end)
        {
            var middle = tree.Start + (long)(BitOperations.RoundUpToPowerOf2((ulong)tree.Length) / 2);
            if (end <= middle)
            {
                siblings.Add(new Span(middle, tree.End));
                tree = new Span(tree.Start, middle);
            }
            else
            {
                siblings.Add(new Span(tree.Start, middle));
                tree = new Span(middle, tree.End);
                if (start < middle)
                {
                    // The left half lies within the range: what is left to find is the rest of it, which the verifier does not know.
                    start = middle;
                    whole = false;
                }
            }
        }

        if (!whole)
        {
            siblings.Add(tree);
        }

        return siblings;
    }

    /// <summary>The RFC 6962 hash of leaves that a tree has below one node: complete subtrees, joined from the right.</summary>
    private async ValueTask<Hash256> HashAsync(Span span, CancellationToken cancellationToken)
    {
        Hash256? right = null;
        for (var (end, rest) = (span.End, span.Length); rest > 0;)
        {
            var height = BitOperations.TrailingZeroCount(rest);
            var left = await NodeAsync(height, (end >> height) - 1, cancellationToken);
            right = right is { } known ? MerkleProof.NodeHash(left, known) : left;
            end -= 1L << height;
            rest -= 1L << height;
        }

        return right!.Value;
    }

    /// <summary>The hash of the leaves [position * 2^height, (position + 1) * 2^height).</summary>
    private async ValueTask<Hash256> NodeAsync(int height, long position, CancellationToken cancellationToken)
    {
        var (level, above) = Math.DivRem(height, TileId.Height);
        var tile = TileId.Holding(level, position << above, Size);
        var nodes = _cache.Find(tile);
        if (nodes is null)
        {
            nodes = new TileNodes(await tiles.ReadHashesAsync(tile, cancellationToken));
            _cache.Add(tile, nodes);
        }

        return nodes[above, (int)(position - (tile.Index << (TileId.Height - above)))];
    }

    private void ThrowIfOutside(long part, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
    }

    private readonly record struct Span(long Start, long End)
    {
        public long Length => End - Start;
    }
}
