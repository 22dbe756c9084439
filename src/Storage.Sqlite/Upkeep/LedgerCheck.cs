using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Upkeep;

/// <summary>Compares the leaves of the ledger with the rows that they commit to, and the chains through them with each other.</summary>
internal sealed class LedgerCheck(Snapshot snapshot, EngineParts parts, string origin, Action<string> fault)
{
    private readonly LeafMaker _leaves = new(parts.Keys);

    /// <summary>Where the ledger last spoke of each subject, among what was looked at so far.</summary>
    private readonly Dictionary<long, long> _last = [];

    /// <summary>What was erased, with the sequence number before it in the chain of its patient.</summary>
    private readonly Dictionary<long, long> _erased = [];

    /// <summary>Every version has a leaf, and each chain of a patient leads through all that is of that patient.</summary>
    public void CheckLinks(CancellationToken cancellationToken)
    {
        using Statement rows = snapshot.Connection.Prepare("SELECT vid, sub, rid, leaf FROM ver ORDER BY vid");
        while (rows.Step())
        {
            long sequence = rows.Int64(0);
            if (sequence % 10_000 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (rows.Blob(3) is { Length: VersionLeaf.Bytes } leaf)
            {
                CheckLink(sequence, subject: rows.Int64(1), isErased: rows.Int64(2) == 0, VersionLeaf.Read(leaf).PreviousOfPatient);
            }
            else
            {
                fault($"Version {sequence} has no leaf of the ledger.");
            }
        }

        CheckEnds();
    }

    /// <summary>The leaf is that of the row and its content.</summary>
    public void CheckContent(in VersionRow row, CheckedVersion opened)
    {
        // Said by the check of links.
        if (opened.Leaf is not { } leaf)
        {
            return;
        }

        if (snapshot.SubjectIdOf(row.Subject) is not { } subject || !IsCommitment(StatementOf(row, opened, leaf), subject, leaf.Commitment))
        {
            fault($"The leaf of version {row.Sequence} is not that of its content.");
        }

        long before = snapshot.FindVersion(row.Rid, row.Version - 1)?.Sequence ?? 0;
        if (before != leaf.PreviousOfResource && !(before == 0 && row.Version > 1 && _erased.ContainsKey(leaf.PreviousOfResource)))
        {
            fault($"Version {row.Sequence} follows another version of its resource than its leaf says.");
        }
    }

    private VersionStatement StatementOf(in VersionRow row, CheckedVersion opened, in VersionLeaf leaf) =>
        VersionLeaf.StatementOf(origin, row, opened.Stored.Key, opened.Hash, leaf.PreviousOfPatient, leaf.PreviousOfResource);

    private bool IsCommitment(LedgerProofs.Statement statement, SubjectId subject, Hash256 commitment)
    {
        Span<byte> expected = stackalloc byte[Hash256.Bytes];
        return statement.IsValid && _leaves.TryCommit(subject, statement, expected) && new Hash256(expected) == commitment;
    }

    private void CheckLink(long sequence, long subject, bool isErased, long previous)
    {
        if (isErased)
        {
            _erased.Add(sequence, previous);
            return;
        }

        if (Unerased(previous) != (subject == 0 ? 0 : _last.GetValueOrDefault(subject)))
        {
            fault($"The chain of a patient is broken at {sequence}.");
        }

        if (subject != 0)
        {
            _last[subject] = sequence;
        }
    }

    /// <summary>What the writer knows of the ends of chains is what the rows say, as far as it claims to be complete.</summary>
    private void CheckEnds()
    {
        long completeTo = WriterState.MetaOf(snapshot.Connection, Meta.ChainsWatermark);
        using Statement ends = snapshot.Connection.Prepare("SELECT sub, last FROM chain");
        while (ends.Step())
        {
            long last = Unerased(ends.Int64(1));
            if (_last.Remove(ends.Int64(0), out long newest) ? newest < last || (newest <= completeTo && newest != last) : last != 0)
            {
                fault($"The chain of subject {ends.Int64(0)} ends elsewhere than is kept.");
            }
        }

        foreach ((long subject, long newest) in _last)
        {
            if (newest <= completeTo)
            {
                fault($"The end of the chain of subject {subject} is not kept.");
            }
        }
    }

    /// <summary>The last of a chain up to there that is not erased. Ends: each step goes to an earlier number.</summary>
    private long Unerased(long sequence)
    {
        while (_erased.TryGetValue(sequence, out long previous) && previous < sequence)
        {
            sequence = previous;
        }

        return sequence;
    }
}
