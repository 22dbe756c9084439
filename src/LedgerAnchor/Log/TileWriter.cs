using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Grows a log's tree on disk.</summary>
/// <remarks>
/// Of one thread at a time. After a crash, opening at the head of the last <see cref="Flush"/> (or of any before) and appending the same
/// entries writes the same bytes again.
/// </remarks>
public sealed class TileWriter
{
    // 8 MB: a large batch is written in parts.
    private const int MaxWaiting = 1024;

    private readonly TileFolder _folder;
    private readonly List<(TileId Tile, byte[] Hashes)> _waiting = [];
    private TreeBuilder _builder = null!;
    private TreeHead _durable;

    // The tiles that were partial at the last flush.
    private List<TileId> _edge = [];

    private TileWriter(TileFolder folder) => _folder = folder;

    /// <summary>With all that was appended, durable or not.</summary>
    public TreeHead Head => _builder.Head;

    public long Size => _builder.Size;

    /// <param name="head">Of an earlier <see cref="Flush"/>, or <see cref="TreeHead.Empty"/>.</param>
    /// <exception cref="LedgerDamageException">The tiles in the folder do not give that head.</exception>
    public static async ValueTask<TileWriter> OpenAsync(TileFolder folder, TreeHead head, CancellationToken cancellationToken)
    {
        var writer = new TileWriter(folder) { _durable = head };
        writer._builder = await TreeBuilder.OpenAsync(folder, head, (tile, hashes) => writer._waiting.Add((tile, hashes.ToArray())), cancellationToken);
        writer._edge = writer.Edge();
        return writer;
    }

    /// <param name="entries">Of 32 bytes each.</param>
    public void Append(ReadOnlySpan<byte> entries)
    {
        const int Most = MaxWaiting / 2 * TileId.FullWidth * Hash256.Bytes;
        for (; entries.Length > Most; entries = entries[Most..])
        {
            _builder.Append(entries[..Most]);
            WriteWaitingIfMany();
        }

        _builder.Append(entries);
        WriteWaitingIfMany();
    }

    /// <summary>For whom has the hashes of the leaves from elsewhere, such as a mirror.</summary>
    public void AppendLeafHashes(ReadOnlySpan<byte> hashes)
    {
        _builder.AppendLeafHashes(hashes);
        WriteWaitingIfMany();
    }

    /// <summary>Makes durable all tiles of the present head, the partial ones too, and returns the head. May be repeated when the disk failed.</summary>
    public TreeHead Flush()
    {
        var head = Head;
        if (head == _durable)
        {
            return head;
        }

        _folder.Write([.. _waiting, .. _builder.Partials().Select(tile => (tile.Tile, tile.Hashes.ToArray()))]);
        _waiting.Clear();
        _durable = head;
        var edge = Edge();
        var completed = _edge.Except(edge).ToList();
        _edge = edge;
        foreach (var tile in completed)
        {
            _folder.DeletePartials(tile);
        }

        return head;
    }

    /// <summary>The tiles that are partial now, by the names that they will have.</summary>
    private List<TileId> Edge() => [.. _builder.Partials().Select(tile => tile.Tile.Full)];

    private void WriteWaitingIfMany()
    {
        if (_waiting.Count >= MaxWaiting)
        {
            _folder.Write(_waiting);
            _waiting.Clear();
        }
    }
}
