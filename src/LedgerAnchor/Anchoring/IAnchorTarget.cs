using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>A place outside that keeps heads of the log in order, such as a contract on a chain.</summary>
/// <remarks>
/// It compares and swaps: a head is taken only together with the one before it, so that of two writers one is refused and a log that was
/// rolled back cannot go on. Methods throw <see cref="AnchorUnavailableException"/> when the place cannot be reached; that is no fault.
/// </remarks>
public interface IAnchorTarget
{
    /// <summary>What receipts call it: chain id and contract, <c>eip155:31337:0x…</c>.</summary>
    string Name { get; }

    /// <summary>The newest head there; <see cref="TreeHead.Size"/> 0 when there is none.</summary>
    ValueTask<TreeHead> ReadHeadAsync(CancellationToken cancellationToken);

    /// <summary>Hands in a head. May be called again with the same heads after a crash: it must not be anchored twice.</summary>
    ValueTask<AnchorSubmission> SubmitAsync(TreeHead previous, TreeHead next, CancellationToken cancellationToken);

    /// <summary>What became of a submission. Replaces it, at a higher fee, when it waits too long; the answer then names the replacement.</summary>
    ValueTask<AnchorStatus> StatusOfAsync(AnchorSubmission submission, CancellationToken cancellationToken);
}

/// <summary>A head that was handed in.</summary>
/// <param name="Transaction">Identifies it at the target: the hash of the transaction, in hex with 0x.</param>
/// <param name="Nonce">The sender's number for it; replacements have the same.</param>
public sealed record AnchorSubmission(TreeHead Previous, TreeHead Next, string Transaction, long Nonce, DateTimeOffset SubmittedAt);

public enum AnchorState
{
    /// <summary>Not in a block, or in one that a reorganisation removed.</summary>
    Pending,

    /// <summary>In a block that may still be replaced.</summary>
    Mined,

    /// <summary>In a block that the chain calls final.</summary>
    Final,

    /// <summary>The contract did not take it: its newest head is another one.</summary>
    Refused,
}

/// <param name="Submission">The one that counts now, which a replacement changes.</param>
/// <param name="BlockNumber">Of the block it stands in; 0 while pending.</param>
/// <param name="BlockHash">In hex with 0x; null while pending.</param>
/// <param name="Fee">What it cost in wei, once mined.</param>
public sealed record AnchorStatus(AnchorState State, AnchorSubmission Submission, long BlockNumber, string? BlockHash, UInt128 Fee);

/// <summary>The target cannot be reached or does not answer in time: try again later.</summary>
public sealed class AnchorUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
