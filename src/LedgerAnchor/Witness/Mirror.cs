using System.Diagnostics.CodeAnalysis;
using System.Net;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Witness;

/// <summary>
/// Keeps a copy of somebody else's log: fetches each checkpoint and every tile that is new, hashes the tiles itself, and takes the checkpoint only when
/// its own tree has that root. Two signed checkpoints that no tree can have are kept as proof, and nothing is followed any more.
/// </summary>
/// <remarks>Rounds run one after another. The copy is served in the same layout as a log of one's own.</remarks>
public sealed class Mirror
{
    private const string ForkPrefix = "fork-";

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly NoteVerifier _log;
    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly HttpTiles _theirs;
    private readonly TileFolder _ours;

    private Mirror(IDisk disk, string folder, NoteVerifier log, HttpClient http, Uri address)
    {
        _disk = disk;
        _folder = folder;
        _log = log;
        _http = http;
        _address = new Uri(address.AbsoluteUri.TrimEnd('/') + "/");
        _theirs = new HttpTiles(http, _address);
        _ours = new TileFolder(folder, disk);
    }

    public string Origin => _log.Name;

    public TileFolder Tiles => _ours;

    /// <summary>The newest checkpoint whose tiles are all here; null before the first.</summary>
    public PublishedCheckpoint? Newest { get; private set; }

    /// <summary>What proves that the log forked; null while nothing does.</summary>
    public LedgerFinding? Fork { get; private set; }

    /// <param name="folder">Of this mirror alone.</param>
    /// <param name="address">Where the log's <c>checkpoint</c> and <c>tile/</c> are.</param>
    /// <exception cref="InvalidDataException">The copy's checkpoint is damaged: delete the folder to begin anew.</exception>
    public static Mirror Open(string folder, NoteVerifier log, HttpClient http, Uri address) => Open(RealDisk.Instance, folder, log, http, address);

    internal static Mirror Open(IDisk disk, string folder, NoteVerifier log, HttpClient http, Uri address)
    {
        disk.CreateFolder(folder);
        var mirror = new Mirror(disk, folder, log, http, address);
        if (disk.Read(mirror.CheckpointPath) is { } kept)
        {
            mirror.Newest = Checkpoint.TryOpen(kept, log, out _, out Checkpoint? checkpoint, out string? problem)
                ? new PublishedCheckpoint(checkpoint.Head, kept)
                : throw new InvalidDataException($"{mirror.CheckpointPath} cannot be used: {problem}.");
        }

        if (disk.List(folder).FirstOrDefault(file => file.StartsWith(ForkPrefix, StringComparison.Ordinal)) is { } evidence)
        {
            mirror.Fork = mirror.Forked(evidence);
        }

        return mirror;
    }

    private string CheckpointPath => Path.Combine(_folder, PublishedCheckpoint.FileName);

    /// <summary>One round: takes what is new.</summary>
    /// <returns>True when there was a new checkpoint; false when there was none, or the log has forked.</returns>
    /// <exception cref="HttpRequestException">The log cannot be reached.</exception>
    /// <exception cref="LedgerDamageException">What it serves is not what it signed, so that nothing can be taken over; that need not be a fork.</exception>
    public async ValueTask<bool> FollowAsync(CancellationToken cancellationToken)
    {
        if (Fork is not null)
        {
            return false;
        }

        byte[] note = await FetchCheckpointAsync(cancellationToken);
        if (!Checkpoint.TryOpen(note, _log, out _, out Checkpoint? checkpoint, out string? problem))
        {
            throw new LedgerDamageException($"The checkpoint of {Origin} cannot be used: {problem}.");
        }

        TreeHead known = Newest?.Head ?? TreeHead.Empty;
        if (checkpoint.Head.Size <= known.Size)
        {
            // An older one may come out of a cache; then it is one of ours.
            await CompareAsync(checkpoint.Head, note, cancellationToken);
            return false;
        }

        TileWriter tiles = await CopyAsync(known, checkpoint.Head, cancellationToken);
        if (tiles.Head != checkpoint.Head)
        {
            await FindOutAsync(known, checkpoint.Head, note, cancellationToken);
            return false;
        }

        tiles.Flush();
        await CompareUpperTilesAsync(known.Size, checkpoint.Head.Size, cancellationToken);
        _disk.Replace(CheckpointPath, note);
        Newest = new PublishedCheckpoint(checkpoint.Head, note);
        return true;
    }

    private async Task<byte[]> FetchCheckpointAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(_address, PublishedCheckpoint.FileName), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new HttpRequestException($"{Origin} has no checkpoint yet.");
        }

        response.EnsureSuccessStatusCode();
        byte[] buffer = new byte[SignedNote.MaxBytes + 1];
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        int length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer[..length];
    }

    /// <summary>A checkpoint that is not newer must be one that the copy has too.</summary>
    private async ValueTask CompareAsync(TreeHead head, byte[] note, CancellationToken cancellationToken)
    {
        if (head.Size > 0)
        {
            var tree = new TileTree(_ours);
            tree.Grow(Newest!.Head.Size);
            if (await tree.RootAsync(head.Size, cancellationToken) != head.Root)
            {
                KeepFork(note);
            }
        }
    }

    /// <summary>Appends the leaves that are new. What is written stays out of sight until the checkpoint is taken.</summary>
    private async ValueTask<TileWriter> CopyAsync(TreeHead known, TreeHead head, CancellationToken cancellationToken)
    {
        TileWriter tiles = await TileWriter.OpenAsync(_ours, known, cancellationToken);
        for (long at = known.Size; at < head.Size;)
        {
            TileId tile = TileId.Holding(0, at, head.Size);
            byte[] hashes = await _theirs.ReadHashesAsync(tile, cancellationToken);
            int begun = (int)(at % TileId.FullWidth) * Hash256.Bytes;
            tiles.AppendLeafHashes(hashes.AsSpan(begun));
            at += (hashes.Length - begun) / Hash256.Bytes;
        }

        return tiles;
    }

    /// <summary>The new leaves on top of the known ones do not give the signed root: either the log's tiles are broken, or it has two histories.</summary>
    private async ValueTask FindOutAsync(TreeHead known, TreeHead head, byte[] note, CancellationToken cancellationToken)
    {
        TreeBuilder theirs = new();
        TreeHead before = TreeHead.Empty;
        for (long at = 0; at < head.Size;)
        {
            byte[] hashes = await _theirs.ReadHashesAsync(TileId.Holding(0, at, head.Size), cancellationToken);
            long next = at + (hashes.Length / Hash256.Bytes);
            int upTo = at < known.Size && known.Size <= next ? (int)(known.Size - at) * Hash256.Bytes : 0;
            theirs.AppendLeafHashes(hashes.AsSpan(0, upTo));
            before = upTo > 0 ? theirs.Head : before;
            theirs.AppendLeafHashes(hashes.AsSpan(upTo));
            at = next;
        }

        if (theirs.Head != head || before == known)
        {
            throw new LedgerDamageException($"The tiles of {Origin} do not give the root of its checkpoint of {head.Size} leaves.");
        }

        KeepFork(note);
    }

    /// <summary>Tiles above the lowest follow from it; whoever reads them from the log must get the same.</summary>
    private async ValueTask CompareUpperTilesAsync(long from, long to, CancellationToken cancellationToken)
    {
        for (int level = 1; TileId.HashesOn(level, to) is var hashes and > 0; level++)
        {
            for (long index = TileId.HashesOn(level, from) / TileId.FullWidth; index * TileId.FullWidth < hashes; index++)
            {
                TileId tile = TileId.Holding(level, index * TileId.FullWidth, to);
                byte[] theirs = await _theirs.ReadHashesAsync(tile, cancellationToken);
                byte[] ours = await _ours.ReadHashesAsync(tile, cancellationToken);
                if (!theirs.AsSpan().SequenceEqual(ours))
                {
                    throw new LedgerDamageException($"{tile.Path} of {Origin} is not what the tiles below it give.");
                }
            }
        }
    }

    [MemberNotNull(nameof(Fork))]
    private void KeepFork(byte[] note)
    {
        string name = ForkPrefix + Hash256.Of(note);
        _disk.Replace(Path.Combine(_folder, name), [.. Newest!.Note.Span, .. "\n"u8, .. note]);
        Fork = Forked(name);
    }

    private LedgerFinding Forked(string evidence) => new(
        LedgerFault.LogForked, $"{Origin} signed two checkpoints that no one tree has; both are in {Path.Combine(_folder, evidence)}.");
}
