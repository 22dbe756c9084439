using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Upkeep;

/// <summary>Proves that one state of the store is whole and agrees with itself, or says where it does not.</summary>
internal sealed class Checker(
    Snapshot snapshot, EngineParts parts, PreparerPool preparers, bool parametersChanged, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private readonly List<string> _faults = [];

    public VerifyReport Run(VerifyLevel level)
    {
        CheckPages(level);
        progress?.Report(level == VerifyLevel.Quick ? 0.5 : 0.1);
        long versions = snapshot.Connection.QueryInt64("SELECT count(*) FROM ver INDEXED BY ver_rid");
        LedgerCheck? ledger = parts.LedgerOrigin is { } origin ? new LedgerCheck(snapshot, parts, origin, Fault) : null;
        CheckSequence(versions);
        ledger?.CheckLinks(cancellationToken);
        CheckNone("{0} resources have no such newest version.", """
            SELECT count(*) FROM res r WHERE NOT EXISTS(SELECT 1 FROM ver v WHERE v.vid=r.vid AND v.rid=r.rid AND v.v=r.v AND v.ts=r.ts
                AND v.op=r.op AND v.type=r.type AND v.sub=r.sub)
            """);
        CheckNone("{0} resources have versions newer than their newest.", "SELECT count(*) FROM res r WHERE r.v < (SELECT max(v) FROM ver WHERE rid=r.rid)");
        CheckNone("{0} versions belong to no resource.", "SELECT count(*) FROM ver WHERE rid<>0 AND rid NOT IN (SELECT rid FROM res)");
        CheckNone("{0} versions stand under the same number of one resource.", "SELECT count(*) FROM (SELECT 1 FROM ver WHERE rid<>0 GROUP BY rid, v HAVING count(*)>1)");
        CheckNone("{0} types have another number of resources than is kept.", """
            SELECT count(*) FROM type t WHERE (SELECT count(*) FROM res INDEXED BY res_type WHERE type=t.n AND op>=0)
                <> coalesce((SELECT current FROM count WHERE type=t.n), 0)
            """);
        CheckNone("{0} types have another number of versions than is kept.", """
            SELECT count(*) FROM type t WHERE (SELECT count(*) FROM ver INDEXED BY ver_type WHERE type=t.n)
                <> coalesce((SELECT versions FROM count WHERE type=t.n), 0)
            """);
        CheckNone("{0} erased versions still have content.", "SELECT count(*) FROM ver INDEXED BY ver_rid WHERE rid=0 AND body IS NOT NULL");
        long rows = 0;
        if (level == VerifyLevel.Full)
        {
            ledger?.CheckRecords(cancellationToken);
            new ContentCheck(snapshot, parts, preparers, ledger, parametersChanged, Fault).Run(Part(0.1, 0.6), cancellationToken);
            rows = new IndexCheck(snapshot, parts, Fault).Run(Part(0.6, 1), cancellationToken);
        }

        progress?.Report(1);
        return new VerifyReport(versions, snapshot.Connection.QueryInt64("SELECT count(*) FROM res"), rows, _faults)
        {
            Records = snapshot.Connection.QueryInt64("SELECT sum(n) FROM record"),
        };
    }

    private void CheckPages(VerifyLevel level)
    {
        using Statement check = snapshot.Connection.Prepare(level == VerifyLevel.Quick ? "PRAGMA quick_check(20)" : "PRAGMA integrity_check(20)");
        while (check.Step())
        {
            if (check.Text(0) is var line and not "ok")
            {
                Fault($"The database file: {line}");
            }
        }
    }

    /// <summary>Versions and records have one sequence without gaps.</summary>
    private void CheckSequence(long versions)
    {
        Connection connection = snapshot.Connection;
        long records = connection.QueryInt64("SELECT sum(n) FROM record");
        long first = connection.QueryInt64("SELECT min(n) FROM (SELECT min(vid) n FROM ver UNION ALL SELECT min(seq) FROM record)");
        long last = connection.QueryInt64("SELECT max(n) FROM (SELECT max(vid) n FROM ver UNION ALL SELECT max(last) FROM record)");
        if (versions + records > 0 && (first != 1 || last != versions + records))
        {
            Fault($"The sequence has gaps: {versions} versions and {records} records from {first} to {last}.");
        }

        CheckRecords();
    }

    private void CheckRecords()
    {
        RecordRow? before = null;
        using Statement rows = snapshot.Connection.Prepare($"SELECT {RecordRow.Columns} FROM record ORDER BY seq");
        using Statement version = snapshot.Connection.Prepare("SELECT 1 FROM ver WHERE vid=?");
        var records = new RecordsUp(rows, [], after: 0);
        while (TryMoveNext(ref records, Fault))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RecordRow record = records.Current;
            if (record.Sequence <= (before?.Sequence ?? 0) || record.Instant < (before?.Instant ?? 0))
            {
                Fault($"Record {record.Sequence} is not behind the one before it.");
            }

            version.Bind(1, record.Sequence);
            if (version.Step())
            {
                Fault($"Record {record.Sequence} has the number of a version.");
            }

            version.Reset();
            if (record.IsErased && record.Subjects.Any(subject => subject != 0))
            {
                Fault($"The erased record {record.Sequence} still concerns somebody.");
            }

            before = record;
        }
    }

    /// <summary>Goes to the next record and reports those that are damaged.</summary>
    public static bool TryMoveNext(ref RecordsUp records, Action<string> fault)
    {
        // Ends: each turn goes to the next row.
        while (true)
        {
            try
            {
                return records.MoveNext();
            }
            catch (StoreException damage)
            {
                fault(damage.Message);
            }
        }
    }

    private void CheckNone(string fault, string sql)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long count = snapshot.Connection.QueryInt64(sql);
        if (count > 0)
        {
            Fault(string.Format(System.Globalization.CultureInfo.InvariantCulture, fault, count));
        }
    }

    private void Fault(string fault)
    {
        if (_faults.Count < VerifyReport.MaxFaults)
        {
            _faults.Add(fault);
        }
    }

    private Action<double> Part(double from, double to) => done => progress?.Report(from + ((to - from) * done));
}
