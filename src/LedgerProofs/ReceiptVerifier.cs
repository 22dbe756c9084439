using System.Diagnostics.CodeAnalysis;

namespace HealthChain.LedgerProofs;

/// <summary>Verifies receipts offline.</summary>
/// <remarks>Of many threads at a time.</remarks>
public sealed class ReceiptVerifier(TrustPolicy policy)
{
    /// <param name="utf8">The receipt's text, from whomever.</param>
    /// <param name="problem">The first thing that is wrong, for a person to read; it repeats nothing of the statement.</param>
    public bool TryVerify(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out ProvenReceipt? proven, [NotNullWhen(false)] out string? problem)
    {
        proven = null;
        return Receipt.TryRead(utf8, out var receipt, out problem) && TryVerify(receipt, out proven, out problem);
    }

    public bool TryVerify(
        Receipt receipt, [NotNullWhen(true)] out ProvenReceipt? proven, [NotNullWhen(false)] out string? problem)
    {
        proven = null;
        if (!policy.TryTrust(receipt.Note, out var trusted, out problem))
        {
            return false;
        }

        var head = trusted.Checkpoint.Head;
        var entry = Commitment.Of(receipt.Statement.Span, receipt.Salt.Span);
        if (!MerkleProof.VerifyInclusion(receipt.Index, MerkleProof.LeafHash(entry.ToArray()), [.. receipt.Proof], head))
        {
            problem = $"the log of size {head.Size} does not have this statement at index {receipt.Index}";
            return false;
        }

        // From here on it is certain what the log has; what is wrong now is the log's own fault.
        if (Statement.Read(receipt.Statement.Span) is not { } statement)
        {
            problem = "the statement is of no form that is known";
            return false;
        }

        if (statement.Origin != trusted.Checkpoint.Origin || statement.Sequence - 1 != receipt.Index)
        {
            problem = "the statement names another log or another place in it";
            return false;
        }

        for (var i = 0; i < receipt.Anchors.Count; i++)
        {
            problem = ProblemOf(receipt.Anchors[i], receipt.Index, head);
            if (problem is not null)
            {
                problem = $"anchor {i + 1} {problem}";
                return false;
            }
        }

        proven = new ProvenReceipt(statement, entry, receipt.Index, trusted, receipt.Anchors);
        return true;
    }

    private static string? ProblemOf(ReceiptAnchor anchor, long index, TreeHead head)
    {
        if (anchor.Head.Size <= index)
        {
            return "was made before the entry";
        }

        var (older, newer) = anchor.Head.Size <= head.Size ? (anchor.Head, head) : (head, anchor.Head);
        return MerkleProof.VerifyConsistency(older, [.. anchor.Consistency], newer) ? null : "is of a head that the checkpoint contradicts";
    }
}

/// <summary>What a receipt has proven.</summary>
/// <param name="Statement">What the log says at the index.</param>
/// <param name="Entry">The commitment to it, which is all that the log itself shows.</param>
/// <param name="Checkpoint">The signed head over it, on whose word, and which witnesses saw it when.</param>
/// <param name="Anchors">
/// Heads over it that are said to stand on chains: proven is that they are of this log; that they stand there, a look at the chain shows.
/// </param>
public sealed record ProvenReceipt(
    Statement Statement, Hash256 Entry, long Index, TrustedCheckpoint Checkpoint, IReadOnlyList<ReceiptAnchor> Anchors);
