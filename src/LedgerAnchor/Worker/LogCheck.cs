using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// Rebuilds the tree from the leaves and compares it with everything that was said about it: tiles, journal, published checkpoint, and heads that others
/// hold. Runs before the first signature after a start, and for the operator.
/// </summary>
public sealed class LogCheck
{
    private const int LeavesPerRead = 1 << 16;

    // Of each kind of finding; one that meets everything says so a few times.
    private const int MaxNamed = 16;

    private readonly LedgerParts _parts;
    private readonly SortedDictionary<long, List<(Hash256 Root, LedgerFault Fault, string Holder)>> _heads = [];
    private readonly List<(TileId Tile, List<(long Leaf, Hash256 Stored, Hash256 Rebuilt)> Differences)> _tiles = [];
    private readonly List<LedgerFinding> _findings = [];
    private readonly List<LedgerFinding> _contradictions = [];
    private TreeHead _newest = TreeHead.Empty;

    private LogCheck(LedgerParts parts) => _parts = parts;

    /// <summary>Checks all of the log.</summary>
    /// <param name="others">Heads that others hold, with who they are.</param>
    /// <param name="onProgress">Gets the number of leaves that were hashed.</param>
    /// <returns>What is wrong; nothing when all is well.</returns>
    public static async ValueTask<LogCheckReport> RunAsync(
        LedgerParts parts, IEnumerable<HeldHead> others, Action<long>? onProgress, CancellationToken cancellationToken)
    {
        var check = new LogCheck(parts);
        check.ReadOwnHeads();
        foreach (HeldHead held in others)
        {
            check.Expect(held.Head, held.Fault, held.Holder);
        }

        TreeHead rebuilt = await check.RebuildAsync(onProgress, cancellationToken);
        return new LogCheckReport(rebuilt, check._newest, check._findings);
    }

    /// <summary>
    /// Has a witness cosign the published checkpoint once more, which it does for nothing but what it knows or what continues that.
    /// </summary>
    /// <param name="onAway">Told why the witness could not be asked.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static async ValueTask<LedgerFinding?> AskAsync(LedgerParts parts, WitnessClient witness, Action<string> onAway, CancellationToken cancellationToken)
    {
        PublishedCheckpoint? published;
        try
        {
            published = PublishedCheckpoint.Read(parts);
        }
        catch (LedgerFaultException)
        {
            // Found already.
            return null;
        }

        if (published is null || !SignedNote.TryRead(published.Note.Span, out SignedNote? note, out _))
        {
            return null;
        }

        var tree = new TileTree(new TileFolder(parts.Folder, parts.Disk));
        tree.Grow(published.Head.Size);
        async ValueTask<IReadOnlyList<Hash256>> ProveAsync(long size) => await tree.ConsistencyAsync(size, published.Head.Size, cancellationToken);
        WitnessOutcome outcome = await witness.CosignAsync(note, published.Head, ProveAsync, parts.Options.WitnessTimeout, cancellationToken);
        switch (outcome.Verdict)
        {
            case WitnessVerdict.Ahead when HeadJournal.Open(parts.Disk, parts.Folder).Newest.Size > published.Head.Size:
                // It may have cosigned what is decided on and about to be published.
                onAway($"{witness.Name} is ahead of the published checkpoint; a newer one is on its way.");
                break;
            case WitnessVerdict.Ahead:
                return new LedgerFinding(LedgerFault.WitnessAhead, outcome.Detail);
            case WitnessVerdict.Contradicts:
                return new LedgerFinding(LedgerFault.WitnessContradicts, outcome.Detail);
            case WitnessVerdict.Unavailable:
                onAway($"A witness could not be asked: {outcome.Detail}.");
                break;
        }

        return null;
    }

    private void ReadOwnHeads()
    {
        try
        {
            HeadJournal journal = HeadJournal.Open(_parts.Disk, _parts.Folder);
            _newest = journal.Newest;
            foreach (TreeHead head in journal.All())
            {
                Expect(head, LedgerFault.LeavesChanged, "the journal of signed heads");
            }
        }
        catch (JournalDamagedException damage)
        {
            _findings.Add(new LedgerFinding(LedgerFault.JournalDamaged, damage.Message));
        }

        try
        {
            if (PublishedCheckpoint.Read(_parts) is { } published)
            {
                Expect(published.Head, LedgerFault.CheckpointDamaged, "the published checkpoint");
                _newest = published.Head.Size > _newest.Size ? published.Head : _newest;
            }
        }
        catch (LedgerFaultException damage)
        {
            _findings.Add(damage.Finding);
        }
    }

    private void Expect(TreeHead head, LedgerFault fault, string holder)
    {
        if (head.Size > 0)
        {
            if (!_heads.TryGetValue(head.Size, out var held))
            {
                _heads.Add(head.Size, held = []);
            }

            held.Add((head.Root, fault, holder));
        }
    }

    private async ValueTask<TreeHead> RebuildAsync(Action<long>? onProgress, CancellationToken cancellationToken)
    {
        var builder = new TreeBuilder(Compare);
        byte[] buffer = new byte[LeavesPerRead * Hash256.Bytes];
        TreeHead ofSigned = TreeHead.Empty;
        long[] sizes = [.. _heads.Keys];
        int next = 0;
        for (int read = -1; read != 0;)
        {
            read = await _parts.Leaves.ReadAsync(builder.Size, buffer, cancellationToken);
            ReadOnlyMemory<byte> rest = buffer.AsMemory(0, read * Hash256.Bytes);
            for (; next < sizes.Length && sizes[next] <= builder.Size + (rest.Length / Hash256.Bytes); next++)
            {
                // Up to where somebody holds a head, which the tree must have there.
                int bytes = (int)(sizes[next] - builder.Size) * Hash256.Bytes;
                builder.Append(rest.Span[..bytes]);
                rest = rest[bytes..];
                CompareHead(builder.Head);
                if (builder.Size == _newest.Size)
                {
                    ComparePartials(builder);
                    ofSigned = builder.Head;
                }
            }

            builder.Append(rest.Span);
            onProgress?.Invoke(builder.Size);
        }

        NameMissing(builder.Size);
        NameTiles(ofSigned == _newest);

        // What names a place comes before what follows from it.
        _findings.AddRange(_contradictions);
        return builder.Head;
    }

    private void CompareHead(TreeHead rebuilt)
    {
        foreach ((Hash256 root, LedgerFault fault, string holder) in _heads[rebuilt.Size])
        {
            if (root != rebuilt.Root)
            {
                Name(_contradictions, fault, $"{holder} has root {root} for {rebuilt.Size} leaves, the leaves give {rebuilt.Root}.");
            }
        }
    }

    private void NameMissing(long size)
    {
        foreach ((long held, var holders) in _heads)
        {
            foreach ((_, LedgerFault fault, string holder) in holders)
            {
                if (held > size)
                {
                    LedgerFault missing = fault switch
                    {
                        LedgerFault.AnchorContradicts => LedgerFault.AnchorAhead,
                        LedgerFault.WitnessContradicts => LedgerFault.WitnessAhead,
                        _ => LedgerFault.LeavesMissing,
                    };
                    Name(_findings, missing, $"{holder} has a head of {held} leaves, there are {size}: {held - size} are missing.");
                }
            }
        }
    }

    /// <summary>Called for each full tile. Beyond the newest signed head tiles may be left over from a crash, or not be there yet.</summary>
    private void Compare(TileId tile, ReadOnlySpan<byte> rebuilt)
    {
        if ((tile.Index + 1) << (TileId.Height * (tile.Level + 1)) <= _newest.Size)
        {
            Compare(tile, rebuilt, _parts.Disk.Read(Path.Combine(_parts.Folder, tile.Path)));
        }
    }

    private void ComparePartials(TreeBuilder builder)
    {
        foreach ((TileId tile, ReadOnlyMemory<byte> hashes) in builder.Partials())
        {
            byte[]? stored = _parts.Disk.Read(Path.Combine(_parts.Folder, tile.Path))
                ?? _parts.Disk.Read(Path.Combine(_parts.Folder, tile.Full.Path))?[..tile.Bytes];
            Compare(tile, hashes.Span, stored);
        }
    }

    private void Compare(TileId tile, ReadOnlySpan<byte> rebuilt, byte[]? stored)
    {
        if (rebuilt.SequenceEqual(stored) || _tiles.Count >= MaxNamed)
        {
            return;
        }

        var differences = new List<(long, Hash256, Hash256)>();
        for (int i = 0; stored?.Length == rebuilt.Length && i < rebuilt.Length; i += Hash256.Bytes)
        {
            var was = new Hash256(stored.AsSpan(i, Hash256.Bytes));
            var now = new Hash256(rebuilt.Slice(i, Hash256.Bytes));
            if (was != now)
            {
                differences.Add(((tile.Index * TileId.FullWidth) + (i / Hash256.Bytes), was, now));
            }
        }

        _tiles.Add((tile, differences));
    }

    /// <summary>When the leaves give the signed root, tiles that differ are wrong; when they do not, the lowest tiles tell which leaves changed.</summary>
    private void NameTiles(bool areLeavesSigned)
    {
        if (areLeavesSigned)
        {
            foreach ((TileId tile, _) in _tiles)
            {
                Name(_findings, LedgerFault.TilesDamaged, $"{tile.Path} is not the tile of the leaves, which are what was signed.");
            }

            return;
        }

        var leaves = _tiles.Where(tile => tile.Tile.Level == 0).SelectMany(tile => tile.Differences).ToList();
        foreach ((long leaf, Hash256 was, Hash256 now) in leaves)
        {
            int other = leaves.FindIndex(other => other.Stored == now && other.Rebuilt == was);
            if (other < 0)
            {
                Name(_findings, LedgerFault.LeavesChanged, $"the leaf at {leaf} (sequence {leaf + 1}) is not the one that was signed.");
            }
            else if (leaves[other].Leaf > leaf)
            {
                Name(_findings, LedgerFault.LeavesSwapped, $"the leaves at {leaf} and {leaves[other].Leaf} (sequences {leaf + 1} and {leaves[other].Leaf + 1}) stand in each other's place.");
            }
        }
    }

    private static void Name(List<LedgerFinding> findings, LedgerFault fault, string detail)
    {
        if (findings.Count(finding => finding.Fault == fault) < MaxNamed)
        {
            findings.Add(new LedgerFinding(fault, detail));
        }
    }
}

/// <summary>A head that somebody else holds of this log.</summary>
/// <param name="Fault">What it means when the log has another root there.</param>
public readonly record struct HeldHead(TreeHead Head, LedgerFault Fault, string Holder);

/// <param name="Leaves">Of all leaves that there are.</param>
/// <param name="Newest">The newest head that was signed.</param>
/// <param name="Findings">What is wrong.</param>
public sealed record LogCheckReport(TreeHead Leaves, TreeHead Newest, IReadOnlyList<LedgerFinding> Findings);
