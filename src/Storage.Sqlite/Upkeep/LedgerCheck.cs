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

    /// <summary>What records of erasures say was erased.</summary>
    private readonly HashSet<long> _explained = [];

    /// <summary>Every version has a leaf, each chain of a patient leads through all that is of that patient, and records explain what was erased.</summary>
    public void CheckLinks(CancellationToken cancellationToken)
    {
        using Statement versions = snapshot.Connection.Prepare("SELECT vid, sub, rid, leaf FROM ver ORDER BY vid");
        using Statement rows = snapshot.Connection.Prepare($"SELECT {RecordRow.Columns} FROM record ORDER BY seq");
        var records = new RecordsUp(rows, [], after: 0);
        bool hasVersion = versions.Step();
        bool hasRecord = Checker.TryMoveNext(ref records, fault);
        while (hasVersion || hasRecord)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (hasVersion && (!hasRecord || versions.Int64(0) < records.Current.Sequence))
            {
                CheckVersion(versions);
                hasVersion = versions.Step();
            }
            else
            {
                CheckRecord(records.Current);
                hasRecord = Checker.TryMoveNext(ref records, fault);
            }
        }

        CheckEnds();
        CheckErased();
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

    /// <summary>Each record is what its leaf says.</summary>
    public void CheckRecords(CancellationToken cancellationToken)
    {
        using Statement rows = snapshot.Connection.Prepare($"SELECT {RecordRow.Columns} FROM record ORDER BY seq");
        var records = new RecordsUp(rows, [], after: 0);
        while (Checker.TryMoveNext(ref records, static _ => { }))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RecordRow record = records.Current;
            try
            {
                if (!record.IsErased && !(snapshot.Open(record) is { } content && IsCommitment(record, content)))
                {
                    fault($"The leaf of record {record.Sequence} is not that of its content.");
                }
            }
            catch (StoreException damage)
            {
                fault(damage.Message);
            }
        }
    }

    private bool IsCommitment(RecordRow record, in RecordContent content)
    {
        LedgerProofs.Statement statement = content.StatementOf(origin, record.Sequence, record.Kind, record.Instant, record.Previous);
        if (content.Salt is null)
        {
            return snapshot.SubjectIdOf(record.Subject) is { } subject && IsCommitment(statement, subject, record.Commitment);
        }

        Span<byte> expected = stackalloc byte[Hash256.Bytes];
        if (statement.IsValid)
        {
            _leaves.Commit(statement, content.Salt, expected);
        }

        return statement.IsValid && new Hash256(expected) == record.Commitment;
    }

    private VersionStatement StatementOf(in VersionRow row, CheckedVersion opened, in VersionLeaf leaf) =>
        VersionLeaf.StatementOf(origin, row, opened.Stored.Key, opened.Hash, leaf.PreviousOfPatient, leaf.PreviousOfResource);

    private bool IsCommitment(LedgerProofs.Statement statement, SubjectId subject, Hash256 commitment)
    {
        Span<byte> expected = stackalloc byte[Hash256.Bytes];
        return statement.IsValid && _leaves.TryCommit(subject, statement, expected) && new Hash256(expected) == commitment;
    }

    private void CheckVersion(Statement row)
    {
        long sequence = row.Int64(0);
        if (row.Blob(3) is not { Length: VersionLeaf.Bytes } bytes)
        {
            fault($"Version {sequence} has no leaf of the ledger.");
            return;
        }

        VersionLeaf leaf = VersionLeaf.Read(bytes);
        if (row.Int64(2) == 0)
        {
            _erased.Add(sequence, leaf.PreviousOfPatient);
        }
        else
        {
            CheckLink(sequence, row.Int64(1), leaf.PreviousOfPatient);
        }
    }

    private void CheckRecord(RecordRow record)
    {
        if (record.IsErased)
        {
            _erased.Add(record.Sequence, record.Previous.FirstOrDefault());
            return;
        }

        if (record.Previous.Length != record.Subjects.Length)
        {
            fault($"Record {record.Sequence} concerns another number of patients than its leaf.");
            return;
        }

        for (int i = 0; i < record.Subjects.Length; i++)
        {
            CheckLink(record.Sequence, record.Subjects[i], record.Previous[i]);
        }

        if (record.Kind == StatementKind.Erasure)
        {
            NoteErasure(record);
        }
    }

    private void NoteErasure(RecordRow record)
    {
        try
        {
            foreach (long erased in snapshot.Open(record)?.Mentioned ?? [])
            {
                if (!_explained.Add(erased) || !_erased.ContainsKey(erased))
                {
                    fault($"Record {record.Sequence} says that {erased} was erased, but it is there or was erased before.");
                }
            }
        }
        catch (StoreException damage)
        {
            fault(damage.Message);
        }
    }

    private void CheckLink(long sequence, long subject, long previous)
    {
        if (Unerased(previous) != (subject == 0 ? 0 : _last.GetValueOrDefault(subject)))
        {
            fault($"The chain of a patient is broken at {sequence}.");
        }

        if (subject != 0)
        {
            _last[subject] = sequence;
        }
    }

    private void CheckErased()
    {
        foreach (long erased in _erased.Keys)
        {
            if (!_explained.Contains(erased))
            {
                fault($"{erased} was erased, but no record says so.");
            }
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
            // Of a patient who was erased, records that concern others too go on.
            if (newest <= completeTo && snapshot.SubjectIdOf(subject) is not null)
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
