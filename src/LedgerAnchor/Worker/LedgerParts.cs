using HealthChain.Files;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>What a worker works with.</summary>
/// <param name="Folder">Where tiles, checkpoint and journals lie; no other process may have it open.</param>
/// <param name="Signer">The log's key; its name is the origin.</param>
public sealed record LedgerParts(string Folder, ILeafSource Leaves, NoteSigner Signer, LedgerOptions Options, TimeProvider Time)
{
    public IReadOnlyList<WitnessClient> Witnesses { get; init; } = [];

    /// <summary>
    /// Gives the place where heads are anchored; null for none. Called until it does not throw <see cref="AnchorUnavailableException"/> any more, since a
    /// chain may start later than this log.
    /// </summary>
    public Func<CancellationToken, ValueTask<IAnchorTarget>>? Target { get; init; }

    /// <summary>Told once, when nothing is signed any more.</summary>
    public Action<LedgerAlarm>? OnAlarm { get; init; }

    /// <summary>Told of what does not work and is tried again.</summary>
    public Action<Exception>? OnFailure { get; init; }

    internal IDisk Disk { get; init; } = RealDisk.Instance;
}
