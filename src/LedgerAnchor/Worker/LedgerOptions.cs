namespace HealthChain.LedgerAnchor.Worker;

/// <summary>How often the worker does what, and what it may cost.</summary>
public sealed record LedgerOptions
{
    /// <summary>How long new leaves wait for company before they are hashed into the tree.</summary>
    public TimeSpan IntegrateInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>So many leaves do not wait: a part of them is read at a time, and whoever reads the store shares its connections.</summary>
    public int IntegrateLeaves { get; init; } = 1 << 14;

    /// <summary>After so many leaves a checkpoint comes without regard to the interval, so that catching up is kept.</summary>
    public long MaxBatch { get; init; } = 1 << 18;

    /// <summary>Least time between two checkpoints; there is none when nothing was added.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Least time between two anchors; there is none when there is no new checkpoint.</summary>
    public TimeSpan AnchorInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What anchors of 24 hours may cost, in wei; null for no limit.</summary>
    public UInt128? FeePerDay { get; init; }

    /// <summary>How many witnesses must have cosigned a checkpoint before it is published.</summary>
    public int WitnessesNeeded { get; init; }

    public TimeSpan WitnessTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first and the longest wait before something that failed is tried again.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often anchors on their way are looked at.</summary>
    public TimeSpan WatchInterval => AnchorInterval < LongestWatch ? AnchorInterval : LongestWatch;

    private static TimeSpan LongestWatch { get; } = TimeSpan.FromSeconds(2);
}
