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

        long newest = session.Connection.QueryInt64("SELECT max(vid) FROM ver");
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

    private void WriteLeaves(string origin, long first, long last)
    {
        using Statement rows = session.Connection.Prepare("SELECT vid, rid, sub, leaf IS NULL FROM ver WHERE vid BETWEEN ? AND ? ORDER BY vid");
        using Statement update = session.Connection.Prepare("UPDATE ver SET leaf=? WHERE vid=?");
        rows.Bind(1, first);
        rows.Bind(2, last);
        Snapshot view = session.View();
        Span<byte> leaf = stackalloc byte[VersionLeaf.Bytes];
        while (rows.Step())
        {
            long sequence = rows.Int64(0);
            long subject = rows.Int64(2);
            if (rows.Int64(3) != 0)
            {
                WriteLeaf(origin, view, sequence, isErased: rows.Int64(1) == 0, leaf);
                update.Bind(1, leaf);
                update.Bind(2, sequence);
                update.Run();
            }

            _lastErased = rows.Int64(1) == 0 ? sequence : _lastErased;
            if (subject != 0)
            {
                _last[subject] = sequence;
            }
        }
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

    /// <summary>Says of what was erased before there was a ledger that it was.</summary>
    private void ExplainErased()
    {
        var erased = new List<long>();
        using Statement rows = session.Connection.Prepare("SELECT vid FROM ver INDEXED BY ver_rid WHERE rid=0 AND NOT EXISTS(SELECT 1 FROM record) ORDER BY vid");
        while (rows.Step())
        {
            erased.Add(rows.Int64(0));
        }

        rows.Reset();
        if (erased.Count > 0)
        {
            session.Committer.AppendErasure(0, [.. erased], 0, "before the ledger was begun"u8);
        }
    }
}
