using System.Runtime.InteropServices;
using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// Erases a patient. That it is to be done is committed first; then the secret is destroyed, then the rows are removed. Whatever stops it in between, the
/// next start goes on. In the meantime what cannot be opened any more reads as nothing.
/// </summary>
internal sealed class Eraser(WriterSession session, EngineParts parts)
{
    private readonly Head _head = new();
    private readonly ResourceRows _rows = new(parts);
    private readonly List<long> _emptied = [];
    private readonly HashSet<long> _erased = [];

    /// <param name="record">Why and by whom, for the ledger.</param>
    public Result<Erasure> Erase(AccessScope scope, ResourceKey patient, ReadOnlySpan<byte> record)
    {
        Snapshot view = session.View();
        long rid = patient.Type == "Patient" ? view.FindIdentity(parts.Hasher.Reference(patient)) : 0;
        if (rid == 0 || !view.TryGetHead(rid, _head) || !_head.IsSeenBy(scope) || _head.Patient == 0)
        {
            return FhirError.NotFound("There is no such patient.");
        }

        // Then the tables alone say what there is.
        session.Drain();
        long subject = _head.Patient;
        session.Sql.Begin.Run();
        using (Statement begin = Bound("INSERT OR IGNORE INTO erasing(sub, body) VALUES(?,?)", subject))
        {
            begin.Bind(2, record);
            begin.Run();
        }

        session.Commit();
        return Finish(subject);
    }

    /// <summary>Goes on with what a stop of the process or a failure cut short, and says how many patients that were.</summary>
    public int FinishAll()
    {
        List<long> subjects = Rids("SELECT sub FROM erasing");
        if (subjects.Count > 0)
        {
            session.Drain();
            subjects.ForEach(subject => Finish(subject));
        }

        return subjects.Count;
    }

    private Erasure Finish(long subject)
    {
        if (session.View().SubjectIdOf(subject) is { } id)
        {
            parts.Keys.Destroy(id);
        }

        _emptied.Clear();
        _erased.Clear();
        session.Sql.Begin.Run();
        List<long> members = Rids("SELECT rid FROM value WHERE p=? AND h IN (SELECT n FROM type) AND pat=?", Numbers.Member, subject);
        long versions = 0;
        foreach (long rid in members)
        {
            versions += EraseResource(rid);
        }

        foreach (long rid in Rids("SELECT rid FROM moved WHERE sub=?", subject))
        {
            versions += EraseVersions("SELECT vid, type FROM ver INDEXED BY ver_rid WHERE rid=? AND sub=?", rid, subject);
        }

        EraseRecords(subject);
        AppendRecord(subject);
        foreach (string table in new[] { "moved", "subject", "erasing" })
        {
            Run($"DELETE FROM {table} WHERE sub=?", subject);
        }

        session.Sql.Set(Meta.LastRid, session.State.LastRid);
        session.Sql.Set(Meta.LastSubject, session.State.LastSubject);
        session.Committer.ForgetSubjects();
        session.Commit();

        // Not before: while anything of the patient is there, what she withheld is.
        parts.Followers.Forget(_erased);
        return new Erasure(members.Count, versions);
    }

    /// <summary>Empties the records that concern this patient alone. All are looked at: erasing is rare, and no chain need be whole for it.</summary>
    private void EraseRecords(long subject)
    {
        List<long> records = Rids("SELECT seq FROM record WHERE sub=? AND kind<>0", subject);
        _emptied.AddRange(records);
        records.ForEach(sequence => Run("UPDATE record SET sub=0, subs=x'', body=NULL WHERE seq=?", sequence));

        // Blocks are changed after all were looked at: a statement that is being stepped sees no change of its own rows.
        var changed = new List<(long Row, byte[] Block)>();
        using (Statement blocks = Bound($"SELECT seq, body FROM record WHERE kind={RecordRow.BlockKind}"))
        {
            while (blocks.Step())
            {
                if (RecordBlock.Without(blocks.Blob(1), blocks.Int64(0), subject, _emptied) is { } rest)
                {
                    changed.Add((blocks.Int64(0), rest));
                }
            }
        }

        using Statement update = session.Connection.Prepare("UPDATE record SET body=? WHERE seq=?");
        foreach ((long row, byte[] block) in changed)
        {
            update.Bind(1, block);
            update.Bind(2, row);
            update.Run();
        }
    }

    private void AppendRecord(long subject)
    {
        using Statement begun = Bound("SELECT body FROM erasing WHERE sub=?", subject);
        begun.Step();
        _emptied.Sort();
        session.Committer.AppendErasure(subject, CollectionsMarshal.AsSpan(_emptied), session.Chains.End(subject), begun.Blob(0));
    }

    private long EraseResource(long rid)
    {
        if (!session.View().TryGetHead(rid, _head))
        {
            throw new StoreException("The index names a resource that is not there. Run the integrity check.");
        }

        _erased.Add(_head.Identity);
        _rows.Read(_head);
        foreach (IndexRow row in _rows.Rows)
        {
            session.Tables.Delete(row);
        }

        session.Tables.Delete(IndexRow.Value(Numbers.Identity, _head.Identity, 0, rid));
        Run("DELETE FROM res WHERE rid=?", rid);
        Run("DELETE FROM moved WHERE rid=?", rid);
        session.State.Count(parts.Numbers.OfType(_head.Type.Id), _head.IsDeleted ? 0 : -1, 0);
        return EraseVersions("SELECT vid, type FROM ver INDEXED BY ver_rid WHERE rid=?", rid);
    }

    /// <summary>Empties versions; their sequence number, instant, leaf and hash stay, which are what the ledger commits to.</summary>
    private long EraseVersions(string sql, params ReadOnlySpan<long> values)
    {
        var found = new List<(long Sequence, int Type)>();
        using (Statement select = Bound(sql, values))
        {
            while (select.Step())
            {
                found.Add((select.Int64(0), select.Int32(1)));
            }
        }

        foreach ((long sequence, int type) in found)
        {
            Run("UPDATE ver SET rid=0, v=0, op=0, type=0, sub=0, body=NULL WHERE vid=?", sequence);
            Run("DELETE FROM blob WHERE vid=?", sequence);
            _emptied.Add(sequence);
            session.State.Count(type, 0, -1);
        }

        return found.Count;
    }

    private List<long> Rids(string sql, params ReadOnlySpan<long> values)
    {
        var found = new List<long>();
        using Statement select = Bound(sql, values);
        while (select.Step())
        {
            found.Add(select.Int64(0));
        }

        return found;
    }

    private void Run(string sql, params ReadOnlySpan<long> values)
    {
        using Statement statement = Bound(sql, values);
        statement.Run();
    }

    private Statement Bound(string sql, params ReadOnlySpan<long> values)
    {
        Statement statement = session.Connection.Prepare(sql);
        for (int i = 0; i < values.Length; i++)
        {
            statement.Bind(i + 1, values[i]);
        }

        return statement;
    }
}
