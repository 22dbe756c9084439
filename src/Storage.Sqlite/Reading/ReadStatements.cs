using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>What a snapshot asks the database, compiled once for each connection. Every look-up is one search in one B-tree.</summary>
internal sealed class ReadStatements(Connection connection) : IDisposable
{
    private const string HeadColumns = "rid, type, first, vid, v, ts, op, sub, pat, h, keys";
    private const string VersionColumns = "vid, rid, v, ts, op, type, sub";

    public Statement Begin { get; } = connection.Prepare("BEGIN");
    public Statement End { get; } = connection.Prepare("COMMIT");
    public Statement Newest { get; } = connection.Prepare("SELECT max(vid) FROM ver");
    public Statement Value { get; } = connection.Prepare("SELECT rid FROM value WHERE p=? AND h=?");
    public Statement ValueOfPatient { get; } = connection.Prepare("SELECT rid FROM value WHERE p=? AND h=? AND pat=?");

    public Statement Range { get; } =
        connection.Prepare("SELECT rid FROM range WHERE p=? AND w=? AND lo BETWEEN ? AND ? AND hi BETWEEN ? AND ? AND h=?");

    public Statement Type { get; } = connection.Prepare("SELECT rid FROM res INDEXED BY res_type WHERE type=? AND op>=0 AND rid>? ORDER BY rid");
    public Statement All { get; } = connection.Prepare("SELECT rid FROM res NOT INDEXED WHERE rid>? AND (?=0 OR type=?) ORDER BY rid");
    public Statement Head { get; } = connection.Prepare($"SELECT {HeadColumns} FROM res WHERE rid=?");
    public Statement Subject { get; } = connection.Prepare("SELECT sub FROM subject WHERE h=?");
    public Statement SubjectId { get; } = connection.Prepare("SELECT id, h FROM subject WHERE sub=?");
    public Statement Current { get; } = connection.Prepare("SELECT current FROM count WHERE type=?");
    public Statement Versions { get; } = connection.Prepare("SELECT versions FROM count WHERE type=?");

    public Statement NewestFirst { get; } =
        connection.Prepare("SELECT rid, vid FROM ver INDEXED BY ver_type WHERE type=? AND vid<? AND vid>? ORDER BY vid DESC");

    public Statement Body { get; } = connection.Prepare($"SELECT {VersionColumns}, body, hash, leaf FROM ver WHERE vid=?");
    public Statement BySequence { get; } = connection.Prepare($"SELECT {VersionColumns} FROM ver WHERE vid=? AND rid<>0");
    public Statement InstantFrom { get; } = connection.Prepare("SELECT ts FROM ver WHERE vid>=? ORDER BY vid LIMIT 1");
    public Statement NextVersion { get; } = connection.Prepare("SELECT vid FROM ver WHERE vid>? AND rid<>0 ORDER BY vid LIMIT 1");
    public Statement Down { get; } = connection.Prepare($"SELECT {VersionColumns} FROM ver WHERE vid BETWEEN ? AND ? AND rid<>0 ORDER BY vid DESC");

    public Statement DownOfType { get; } =
        connection.Prepare($"SELECT {VersionColumns} FROM ver INDEXED BY ver_type WHERE vid BETWEEN ? AND ? AND type=? ORDER BY vid DESC");

    public Statement DownOfResource { get; } =
        connection.Prepare($"SELECT {VersionColumns} FROM ver INDEXED BY ver_rid WHERE vid BETWEEN ? AND ? AND rid=? ORDER BY v DESC");

    public Statement CountOfType { get; } = connection.Prepare("SELECT count(*) FROM ver INDEXED BY ver_type WHERE vid BETWEEN ? AND ? AND type=?");
    public Statement CountOfResource { get; } = connection.Prepare("SELECT count(*) FROM ver INDEXED BY ver_rid WHERE vid BETWEEN ? AND ? AND rid=?");
    public Statement Blobs { get; } = connection.Prepare("SELECT DISTINCT address FROM blob WHERE address>? ORDER BY address LIMIT ?");
    public Statement NewestOf { get; } = connection.Prepare("SELECT vid FROM ver INDEXED BY ver_rid WHERE rid=? ORDER BY v DESC LIMIT 1");
    public Statement ByNumber { get; } = connection.Prepare($"SELECT {VersionColumns} FROM ver WHERE rid=? AND v=?");

    public Statement Record { get; } = connection.Prepare($"SELECT {RecordRow.Columns} FROM record WHERE seq<=? ORDER BY seq DESC LIMIT 1");
    public Statement RecordsDown { get; } = connection.Prepare($"SELECT {RecordRow.Columns} FROM record WHERE seq<? ORDER BY seq DESC");
    public Statement VersionLeaves { get; } = connection.Prepare("SELECT vid, leaf FROM ver WHERE vid>? ORDER BY vid");
    public Statement RecordLeaves { get; } = connection.Prepare($"SELECT {RecordRow.Columns} FROM record WHERE seq>=? ORDER BY seq");
    public Statement RecordFrom { get; } = connection.Prepare("SELECT seq, ts FROM record WHERE seq>=? ORDER BY seq LIMIT 1");
    public Statement LastRecord { get; } = connection.Prepare("SELECT last FROM record ORDER BY seq DESC LIMIT 1");
    public Statement ChainEnd { get; } = connection.Prepare("SELECT last FROM chain WHERE sub=?");
    public Statement Meta { get; } = connection.Prepare("SELECT v FROM meta WHERE k=?");
    public Statement Leaf { get; } = connection.Prepare("SELECT leaf FROM ver WHERE vid=?");
    public Statement Patient { get; } = connection.Prepare("SELECT h FROM subject WHERE sub=?");

    public void Dispose()
    {
        foreach (Statement statement in new[]
        {
            Begin, End, Newest, Value, ValueOfPatient, Range, Type, All, Head, Subject, SubjectId, Current, Versions, NewestFirst, Body, BySequence,
            InstantFrom, NextVersion, Down, DownOfType, DownOfResource, CountOfType, CountOfResource, Blobs, NewestOf, ByNumber,
            Record, RecordsDown, VersionLeaves, RecordLeaves, RecordFrom, LastRecord, ChainEnd, Meta, Leaf, Patient,
        })
        {
            statement.Dispose();
        }
    }
}
