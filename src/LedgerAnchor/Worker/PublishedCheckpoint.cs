using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>A checkpoint that everybody may have.</summary>
/// <param name="Note">The signed note with its cosignatures, as it is served.</param>
public sealed record PublishedCheckpoint(TreeHead Head, ReadOnlyMemory<byte> Note)
{
    public const string FileName = "checkpoint";

    /// <summary>The one that was published last; null when there is none.</summary>
    /// <exception cref="LedgerFaultException">It is not what was written.</exception>
    internal static PublishedCheckpoint? Read(LedgerParts parts)
    {
        if (parts.Disk.Read(Path.Combine(parts.Folder, FileName)) is not { } bytes)
        {
            return null;
        }

        return Checkpoint.TryOpen(bytes, parts.Signer.Verifier, out _, out Checkpoint? checkpoint, out string? problem)
            ? new PublishedCheckpoint(checkpoint.Head, bytes)
            : throw new LedgerFaultException(LedgerFault.CheckpointDamaged, $"The published checkpoint is not what was signed: {problem}.");
    }
}
