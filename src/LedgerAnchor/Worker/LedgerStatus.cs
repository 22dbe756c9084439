using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>How far the log is, for health, metrics and operators. A copy of one moment.</summary>
public sealed record LedgerStatus
{
    /// <summary>Why nothing is signed any more; null while all is well.</summary>
    public LedgerAlarm? Alarm { get; init; }

    /// <summary>True after the leaves were checked and every place outside that can contradict them was asked once.</summary>
    public bool IsSigning { get; init; }

    /// <summary>What does not work now and is tried again; null when everything does.</summary>
    public string? Problem { get; init; }

    /// <summary>How many leaves there are.</summary>
    public long Leaves { get; init; }

    /// <summary>The newest checkpoint; <see cref="TreeHead.Empty"/> before the first.</summary>
    public TreeHead Published { get; init; } = TreeHead.Empty;

    /// <summary>Leaves that no checkpoint has yet.</summary>
    public long Lag => Math.Max(0, Leaves - Published.Size);

    /// <summary>For how long there have been such leaves.</summary>
    public TimeSpan LagTime { get; init; }

    /// <summary>The newest head that the target is known to have; null without a target, or before it answered.</summary>
    public TreeHead? Anchored { get; init; }

    /// <summary>Leaves that no anchor has yet.</summary>
    public long AnchorLag => Anchored is { } head ? Math.Max(0, Leaves - head.Size) : 0;

    /// <summary>For how long there have been published leaves that no anchor has.</summary>
    public TimeSpan AnchorLagTime { get; init; }

    /// <summary>What final anchors of 24 hours cost, in wei.</summary>
    public UInt128 Spent { get; init; }

    public bool IsOverBudget { get; init; }
}
