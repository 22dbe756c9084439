using System.Security.Cryptography;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// Begins the ledger of a store that had none: what was written before gets its leaves now. They prove that it is not changed from here on; the
/// time of the first checkpoint says since when.
/// </summary>
internal sealed class LedgerBeginning(WriterSession session, EngineParts parts)
{
    private readonly LeafMaker _leaves = new(parts.Keys);
    private readonly Dictionary<long, long> _last = [];
    private long _lastErased;

    /// <summary>Does what is not done yet; where it was stopped, it goes on.</summary>
    /// <exception cref="StoreException">A version is damaged. No ledger is begun over it.</exception>
    public void Complete(string origin)
    {
        const int AtOnce = 5000;
        if (WriterState.MetaOf(session.Connection, Meta.LedgerBegun) != 0)
        {
            return;
        }

        UnpackBlocks();
        long newest = WriterState.NewestOf(session.Connection);
        for (long first = 1; first <= newest; first += AtOnce)
        {
            session.Sql.Begin.Run();
            WriteLeaves(origin, first, Math.Min(newest, first + AtOnce - 1));
            session.Commit();
        }

        session.Sql.Begin.Run();
        ExplainErased();
        session.Sql.Set(Meta.LedgerBegun, 1);
        session.Commit();
    }

    /// <summary>Gives each record a row of its own, which can be changed by itself. A store that has many and no ledger is rare.</summary>
    private void UnpackBlocks()
    {
        session.Sql.Begin.Run();
        using Statement block = session.Connection.Prepare($"SELECT {RecordRow.Columns} FROM record WHERE kind={RecordRow.BlockKind} AND seq>? ORDER BY seq LIMIT 1");
        using Statement delete = session.Connection.Prepare("DELETE FROM record WHERE seq=?");
        var records = new List<RecordRow>();
        var alone = new RecordBatch(session.Sql, parts);
        long last = 0;
        while (true)
        {
            block.Bind(1, last);
            if (!block.Step())
            {
                break;
            }

            RecordRow.ReadAll(block, records);
            last = block.Int64(0);
            block.Reset();
            delete.Bind(1, last);
            delete.Run();
            records.ForEach(alone.WriteAlone);
        }

        session.Commit();
    }

    private void WriteLeaves(string origin, long first, long last)
    {
        using Statement versions = session.Connection.Prepare("SELECT vid, rid, sub, leaf IS NULL FROM ver WHERE vid BETWEEN ? AND ? ORDER BY vid");
        using Statement records = session.Connection.Prepare($"SELECT {RecordRow.Columns} FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq");
        using Statement update = session.Connection.Prepare("UPDATE ver SET leaf=? WHERE vid=?");
        using Statement updateRecord = session.Connection.Prepare("UPDATE record SET leaf=? WHERE seq=?");
        foreach (Statement rows in new[] { versions, records })
        {
            rows.Bind(1, first);
            rows.Bind(2, last);
        }

        Snapshot view = session.View();
        Span<byte> leaf = stackalloc byte[VersionLeaf.Bytes];
        bool isVersion = versions.Step();
        bool isRecord = records.Step();
        while (isVersion || isRecord)
        {
            if (isRecord && (!isVersion || records.Int64(0) < versions.Int64(0)))
            {
                WriteLeaf(origin, view, RecordRow.Find(records, records.Int64(0))!, updateRecord);
                isRecord = records.Step();
                continue;
            }

            long sequence = versions.Int64(0);
            bool isErased = versions.Int64(1) == 0;
            if (versions.Int64(3) != 0)
            {
                WriteLeaf(origin, view, sequence, isErased, leaf);
                update.Bind(1, leaf);
                update.Bind(2, sequence);
                update.Run();
            }

            _lastErased = isErased ? sequence : _lastErased;
            if (versions.Int64(2) is var subject and not 0)
            {
                _last[subject] = sequence;
            }

            isVersion = versions.Step();
        }
    }

    /// <summary>The chains led through records alone until now, so each gets other links too.</summary>
    private void WriteLeaf(string origin, Snapshot view, RecordRow record, Statement update)
    {
        long[] previous = [.. record.Subjects.Select(subject => subject == 0 ? 0 : _last.GetValueOrDefault(subject))];
        foreach (long subject in record.Subjects)
        {
            _last[subject] = record.Sequence;
        }

        byte[] leaf = new byte[Hash256.Bytes + (previous.Length * sizeof(long))];
        RecordBlock.WriteNumbers(previous, leaf.AsSpan(Hash256.Bytes));
        if (view.Open(record) is { } content)
        {
            LedgerProofs.Statement statement = content.StatementOf(origin, record.Sequence, record.Kind, record.Instant, previous);
            _leaves.Commit(statement, content.Salt, leaf.AsSpan(0, Hash256.Bytes));
        }
        else
        {
            // Nothing is left that could be committed to.
            RandomNumberGenerator.Fill(leaf.AsSpan(0, Hash256.Bytes));
        }

        update.Bind(1, leaf);
        update.Bind(2, record.Sequence);
        update.Run();
    }

    private void WriteLeaf(string origin, Snapshot view, long sequence, bool isErased, Span<byte> leaf)
    {
        if (isErased)
        {
            // Nothing is left that could be committed to.
            RandomNumberGenerator.Fill(leaf[..Hash256.Bytes]);
            VersionLeaf.WriteLinks(leaf, 0, 0);
            return;
        }

        VersionRow row = view.FindVersion(sequence)!.Value;
        if (view.OpenChecked(sequence) is not { } opened || view.SubjectIdOf(row.Subject) is not { } subject)
        {
            throw new StoreException($"Version {sequence} has no content, but is not erased. Run the integrity check.");
        }

        // Of a version before it that was erased nobody knows any more which it was.
        long ofResource = row.Version == 1 ? 0 : view.FindVersion(row.Rid, row.Version - 1)?.Sequence ?? _lastErased;
        long ofPatient = row.Subject == 0 ? 0 : _last.GetValueOrDefault(row.Subject);
        if (!_leaves.TryCommit(subject, VersionLeaf.StatementOf(origin, row, opened.Stored.Key, opened.Hash, ofPatient, ofResource), leaf[..Hash256.Bytes]))
        {
            throw new StoreException($"Version {sequence} has no leaf, because its subject has no secret.");
        }

        VersionLeaf.WriteLinks(leaf, ofPatient, ofResource);
    }

    /// <summary>Says of what was erased before there was a ledger that it was, unless a record says so.</summary>
    private void ExplainErased()
    {
        var erased = new SortedSet<long>();
        using (Statement rows = session.Connection.Prepare("SELECT vid FROM ver INDEXED BY ver_rid WHERE rid=0"))
        {
            while (rows.Step())
            {
                erased.Add(rows.Int64(0));
            }
        }

        Snapshot view = session.View();
        foreach (RecordRow record in view.RecordsDown(long.MaxValue).Where(record => record.Kind == StatementKind.Erasure))
        {
            erased.ExceptWith(view.Open(record)?.Mentioned ?? []);
        }

        if (erased.Count > 0)
        {
            session.Committer.AppendErasure(0, [.. erased], 0, "before the ledger was begun"u8);
        }
    }
}
