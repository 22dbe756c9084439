using HealthChain.LedgerProofs;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Ledger;

/// <summary>
/// Makes the commitments that the ledger consists of: of each statement, under a salt that only the secret of its subject gives. Keeps a
/// buffer: one thread at a time.
/// </summary>
public sealed class LeafMaker(KeyStore keys)
{
    private byte[] _statement = new byte[512];

    /// <param name="subject">Under whose secret the content is sealed of which the statement speaks.</param>
    /// <param name="commitment">Takes the 32 bytes.</param>
    /// <returns>False when the subject has no secret, or none any more.</returns>
    public bool TryCommit(SubjectId subject, Statement statement, Span<byte> commitment)
    {
        Span<byte> salt = stackalloc byte[Commitment.SaltBytes];
        if (keys.GetCommitmentSalt(subject, statement.Sequence, salt) != KeyState.Present)
        {
            return false;
        }

        Commit(statement, salt, commitment);
        return true;
    }

    /// <summary>The commitment under a salt that is kept with what the statement speaks of.</summary>
    public void Commit(Statement statement, ReadOnlySpan<byte> salt, Span<byte> commitment)
    {
        if (_statement.Length < statement.Length)
        {
            _statement = new byte[statement.Length * 2];
        }

        Commitment.Write(_statement.AsSpan(0, statement.Write(_statement)), salt, commitment);
    }

    /// <summary>What opens the commitment of a statement; null when the subject's secret is gone, and with it the salt.</summary>
    public static LeafOpening? Open(KeyStore keys, SubjectId subject, Statement statement)
    {
        byte[] salt = new byte[Commitment.SaltBytes];
        return keys.GetCommitmentSalt(subject, statement.Sequence, salt) == KeyState.Present
            ? new LeafOpening(statement.Sequence, statement.ToArray(), salt)
            : null;
    }
}

/// <summary>What opens one leaf of the ledger, for a receipt: whoever holds it can prove what was written, for ever.</summary>
/// <param name="Sequence">Its place in the ledger, counted from 1.</param>
/// <param name="Statement">The bytes of the <see cref="LedgerProofs.Statement"/>.</param>
public sealed record LeafOpening(long Sequence, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Salt)
{
    /// <summary>The leaf that it opens.</summary>
    public Hash256 Commitment => LedgerProofs.Commitment.Of(Statement.Span, Salt.Span);
}
