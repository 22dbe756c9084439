namespace HealthChain.LedgerAnchor.Worker;

/// <summary>What can be wrong with a log. Each stops the signing and means that somebody has to look; none goes away by itself.</summary>
public enum LedgerFault
{
    /// <summary>What the log remembers of its own signatures cannot be read, or contradicts itself.</summary>
    JournalDamaged,

    /// <summary>The published checkpoint is not what the log signed.</summary>
    CheckpointDamaged,

    /// <summary>There are fewer leaves than were signed: rows were dropped, or an old backup was restored.</summary>
    LeavesMissing,

    /// <summary>The leaves give another root than was signed: rows were changed.</summary>
    LeavesChanged,

    /// <summary>Leaves stand in each other's place.</summary>
    LeavesSwapped,

    /// <summary>Tiles are not those of the leaves, which still are what was signed. They can be made anew.</summary>
    TilesDamaged,

    /// <summary>The target has a head that this log has not reached: an old backup was restored, or somebody else writes under the same name.</summary>
    AnchorAhead,

    /// <summary>The target has a head that is not one of this log: a fork, or somebody else writes under the same name.</summary>
    AnchorContradicts,

    /// <summary>An anchor that was final is not there any more: the chain is not the one that was written to.</summary>
    AnchorMissing,

    /// <summary>A witness cosigned a head that this log has not reached.</summary>
    WitnessAhead,

    /// <summary>A witness cosigned a head that is not one of this log.</summary>
    WitnessContradicts,

    /// <summary>A log that is mirrored or witnessed here signed two histories.</summary>
    LogForked,

    /// <summary>What a leaf commits to is not what is stored.</summary>
    ContentChanged,
}

/// <param name="Detail">What was found, with sizes, indexes and roots; nothing of the contents.</param>
public sealed record LedgerFinding(LedgerFault Fault, string Detail)
{
    public override string ToString() => $"{Fault}: {Detail}";
}

/// <summary>Since when and why the log signs nothing any more.</summary>
public sealed record LedgerAlarm(LedgerFinding Finding, DateTimeOffset Since);

/// <summary>Carries a finding to whoever stops the signing.</summary>
internal sealed class LedgerFaultException(LedgerFinding finding) : Exception(finding.ToString())
{
    public LedgerFaultException(LedgerFault fault, string detail)
        : this(new LedgerFinding(fault, detail))
    {
    }

    public LedgerFinding Finding => finding;
}
