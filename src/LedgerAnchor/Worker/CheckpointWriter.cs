using HealthChain.Files;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// Hashes leaves into the tree and publishes checkpoints: integrate, decide on (size, root), sign, have it cosigned, publish. Each step is on the disk
/// before the next begins and gives the same bytes when it is repeated. Calls may come from several threads; one works at a time.
/// </summary>
internal sealed class CheckpointWriter : IDisposable
{
    private const int LeavesPerRead = 8192;
    private const int CachedTiles = 2048;

    private readonly SemaphoreSlim _one = new(1);
    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly ILeafSource _leaves;
    private readonly NoteSigner _signer;
    private readonly IReadOnlyList<WitnessClient> _witnesses;
    private readonly LedgerOptions _options;
    private readonly HeadJournal _heads;
    private readonly TileWriter _tiles;
    private readonly byte[] _buffer = new byte[LeavesPerRead * Hash256.Bytes];

    private CheckpointWriter(LedgerParts parts, HeadJournal heads, TileFolder folder, TileWriter tiles, PublishedCheckpoint? published)
    {
        _disk = parts.Disk;
        _folder = parts.Folder;
        _leaves = parts.Leaves;
        _signer = parts.Signer;
        _witnesses = parts.Witnesses;
        _options = parts.Options;
        _heads = heads;
        _tiles = tiles;
        Published = published;
        Tree = new TileTree(folder, CachedTiles);
        Tree.Grow(tiles.Head.Size);
    }

    /// <summary>What everybody gets; null before the first.</summary>
    public PublishedCheckpoint? Published { get; private set; }

    /// <summary>How many leaves the tree has, published or not.</summary>
    public long Integrated { get; private set; }

    /// <summary>Proofs for every size that was decided on.</summary>
    public TileTree Tree { get; }

    /// <summary>Why the last checkpoint had fewer cosignatures than there are witnesses; null when all cosigned.</summary>
    public string? WitnessProblem { get; private set; }

    /// <summary>Takes up the log where it was left, and checks that the leaves still are what was signed.</summary>
    /// <exception cref="LedgerFaultException">They are not, or it cannot be known.</exception>
    public static async ValueTask<CheckpointWriter> OpenAsync(LedgerParts parts, CancellationToken cancellationToken)
    {
        HeadJournal heads;
        try
        {
            heads = HeadJournal.Open(parts.Disk, parts.Folder);
        }
        catch (JournalDamagedException damage)
        {
            throw new LedgerFaultException(LedgerFault.JournalDamaged, damage.Message);
        }

        PublishedCheckpoint? published = PublishedCheckpoint.Read(parts);
        TreeHead newest = Newest(heads.Newest, published?.Head ?? TreeHead.Empty);
        LogCheckReport report = await LogCheck.RunAsync(parts, [], null, cancellationToken);
        if (report.Findings.Count > 0)
        {
            throw new LedgerFaultException(report.Findings[0]);
        }

        // The journal lost what was published: it is known again.
        _ = heads.TryDecide(newest);
        var folder = new TileFolder(parts.Folder, parts.Disk);
        TileWriter tiles;
        try
        {
            tiles = await TileWriter.OpenAsync(folder, newest, cancellationToken);
        }
        catch (LedgerDamageException damage)
        {
            throw new LedgerFaultException(LedgerFault.TilesDamaged, damage.Message);
        }

        return new CheckpointWriter(parts, heads, folder, tiles, published) { Integrated = newest.Size };
    }

    /// <summary>Hashes in what has come.</summary>
    /// <returns>How many leaves that were.</returns>
    public async ValueTask<long> IntegrateAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            long before = _tiles.Size;
            for (; ; )
            {
                int read = await _leaves.ReadAsync(_tiles.Size, _buffer, cancellationToken);
                _tiles.Append(_buffer.AsSpan(0, read * Hash256.Bytes));
                if (read < LeavesPerRead || _tiles.Size - before >= _options.MaxBatch)
                {
                    Integrated = _tiles.Size;
                    return Integrated - before;
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Throws when a head that somebody else holds of this log is not one of it.</summary>
    /// <param name="holder">Who holds it, for the alarm.</param>
    public async ValueTask CheckAsync(TreeHead outside, string holder, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (outside.Size > _tiles.Size)
            {
                throw new LedgerFaultException(LedgerFault.AnchorAhead, $"{holder} has a head of {outside.Size} leaves, this log has {_tiles.Size}.");
            }

            if (outside.Size > 0 && await RootAsync(outside.Size, cancellationToken) is var root && root != outside.Root)
            {
                throw new LedgerFaultException(LedgerFault.AnchorContradicts, $"{holder} has root {outside.Root} for {outside.Size} leaves, this log has {root}.");
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Publishes a checkpoint of the tree as it is, when it has grown.</summary>
    /// <returns>Whether there is a new one; not when too few witnesses cosigned.</returns>
    public async ValueTask<bool> PublishAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _tiles.Size != (Published?.Head.Size ?? 0) && await PublishAsync(_tiles.Flush(), cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private static TreeHead Newest(TreeHead decided, TreeHead published)
    {
        if (decided.Size == published.Size && decided != published)
        {
            throw new LedgerFaultException(LedgerFault.JournalDamaged, $"The journal has root {decided.Root} for {decided.Size} leaves, the published checkpoint {published.Root}.");
        }

        return published.Size > decided.Size ? published : decided;
    }

    private async ValueTask<bool> PublishAsync(TreeHead head, CancellationToken cancellationToken)
    {
        Tree.Grow(head.Size);
        await CheckOwnAsync(_heads.Newest, cancellationToken);
        if (!_heads.TryDecide(head))
        {
            throw new LedgerFaultException(LedgerFault.LeavesChanged, $"{_heads.Newest} was decided on before {head}.");
        }

        SignedNote note = new Checkpoint(_signer.Verifier.Name, head).Sign(_signer);
        (note, int cosigned) = await CosignAsync(note, head, cancellationToken);
        if (cosigned < _options.WitnessesNeeded)
        {
            return false;
        }

        byte[] bytes = note.ToBytes();
        _disk.Replace(Path.Combine(_folder, PublishedCheckpoint.FileName), bytes);
        Published = new PublishedCheckpoint(head, bytes);
        return true;
    }

    private async ValueTask CheckOwnAsync(TreeHead earlier, CancellationToken cancellationToken)
    {
        if (earlier.Size > 0 && await Tree.RootAsync(earlier.Size, cancellationToken) is var root && root != earlier.Root)
        {
            throw new LedgerFaultException(LedgerFault.TilesDamaged, $"The tiles give root {root} for {earlier.Size} leaves, {earlier.Root} was signed.");
        }
    }

    private async ValueTask<(SignedNote Note, int Cosigned)> CosignAsync(SignedNote note, TreeHead head, CancellationToken cancellationToken)
    {
        async ValueTask<IReadOnlyList<Hash256>> ProveAsync(long size) => await Tree.ConsistencyAsync(size, head.Size, cancellationToken);
        WitnessOutcome[] outcomes = await Task.WhenAll(_witnesses.Select(witness => witness.CosignAsync(note, head, ProveAsync, _options.WitnessTimeout, cancellationToken).AsTask()));
        foreach (WitnessOutcome outcome in outcomes)
        {
            switch (outcome.Verdict)
            {
                case WitnessVerdict.Ahead:
                    throw new LedgerFaultException(LedgerFault.WitnessAhead, outcome.Detail);
                case WitnessVerdict.Contradicts:
                    throw new LedgerFaultException(LedgerFault.WitnessContradicts, outcome.Detail);
                case WitnessVerdict.Cosigned:
                    note = note.With(outcome.Cosignature!);
                    break;
            }
        }

        string[] missing = [.. outcomes.Where(outcome => outcome.Verdict == WitnessVerdict.Unavailable).Select(outcome => outcome.Detail)];
        WitnessProblem = missing.Length > 0 ? string.Join("; ", missing) : null;
        return (note, outcomes.Length - missing.Length);
    }

    private async ValueTask<Hash256> RootAsync(long size, CancellationToken cancellationToken)
    {
        if (size > Tree.Size)
        {
            Tree.Grow(_tiles.Flush().Size);
        }

        return await Tree.RootAsync(size, cancellationToken);
    }
}
