using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>What the writer does to the database, compiled once.</summary>
internal sealed class WriteStatements(Connection connection) : IDisposable
{
    /// <summary>Rows that one run of <see cref="InsertValues"/> inserts: starting a statement costs about as much as one row.</summary>
    public const int ValuesAtOnce = 16;

    public Statement Begin { get; } = connection.Prepare("BEGIN IMMEDIATE");
    public Statement Commit { get; } = connection.Prepare("COMMIT");

    public Statement InsertVersion { get; } =
        connection.Prepare("INSERT INTO ver(vid, rid, v, ts, op, type, sub, hash, body, leaf) VALUES(?,?,?,?,?,?,?,?,?,?)");

    public Statement InsertRecord { get; } = connection.Prepare("INSERT INTO record(seq, last, n, kind, ts, sub, subs, leaf, body) VALUES(?,?,?,?,?,?,?,?,?)");

    public Statement InsertResource { get; } =
        connection.Prepare("INSERT INTO res(rid, type, first, vid, v, ts, op, sub, pat, h, keys) VALUES(?,?,?,?,?,?,?,?,?,?,?)");

    public Statement UpdateResource { get; } =
        connection.Prepare("UPDATE res SET vid=?, v=?, ts=?, op=?, sub=?, pat=?, keys=? WHERE rid=?");

    public Statement InsertSubject { get; } = connection.Prepare("INSERT INTO subject(sub, h, id) VALUES(?,?,?)");
    public Statement FindSubject { get; } = connection.Prepare("SELECT sub, id FROM subject WHERE h=?");
    public Statement InsertMoved { get; } = connection.Prepare("INSERT OR IGNORE INTO moved(sub, rid) VALUES(?,?)");
    public Statement InsertBlob { get; } = connection.Prepare("INSERT OR IGNORE INTO blob(address, vid) VALUES(?,?)");
    public Statement SetCount { get; } = connection.Prepare("INSERT OR REPLACE INTO count(type, current, versions) VALUES(?,?,?)");
    public Statement SetMeta { get; } = connection.Prepare("INSERT OR REPLACE INTO meta(k, v) VALUES(?,?)");
    public Statement InsertValue { get; } = connection.Prepare("INSERT OR IGNORE INTO value(p, h, pat, rid) VALUES(?,?,?,?)");
    public Statement InsertValues { get; } = connection.Prepare(
        "INSERT OR IGNORE INTO value(p, h, pat, rid) VALUES" + string.Join(',', Enumerable.Repeat("(?,?,?,?)", ValuesAtOnce)));

    public Statement InsertRange { get; } = connection.Prepare("INSERT OR IGNORE INTO range(p, w, lo, hi, h, rid) VALUES(?,?,?,?,?,?)");
    public Statement DeleteValue { get; } = connection.Prepare("DELETE FROM value WHERE p=? AND h=? AND pat=? AND rid=?");
    public Statement DeleteRange { get; } = connection.Prepare("DELETE FROM range WHERE p=? AND w=? AND lo=? AND hi=? AND h=? AND rid=?");

    public void Set(Meta key, long value)
    {
        SetMeta.Bind(1, (long)key);
        SetMeta.Bind(2, value);
        SetMeta.Run();
    }

    public void Dispose()
    {
        foreach (Statement statement in new[]
        {
            Begin, Commit, InsertVersion, InsertRecord, InsertResource, UpdateResource, InsertSubject, FindSubject, InsertMoved, InsertBlob, SetCount,
            SetMeta, InsertValue, InsertValues, InsertRange, DeleteValue, DeleteRange,
        })
        {
            statement.Dispose();
        }
    }
}
