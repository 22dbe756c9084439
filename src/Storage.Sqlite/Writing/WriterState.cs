using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>The numbers that the writer gives next, as the database has them. After a failure it is read again, never corrected.</summary>
internal sealed class WriterState
{
    private readonly TimeProvider _time;
    private readonly Dictionary<int, (long Current, long Versions)> _counts = [];
    private readonly HashSet<int> _changed = [];
    private long _lastRid;
    private long _lastSubject;
    private long _lastInstant;
    private bool _hasInstant;

    public WriterState(Connection connection, TimeProvider time)
    {
        _time = time;
        Sequence = NewestOf(connection);
        _lastRid = Math.Max(connection.QueryInt64("SELECT max(rid) FROM res"), MetaOf(connection, Meta.LastRid));
        _lastSubject = Math.Max(connection.QueryInt64("SELECT max(sub) FROM subject"), MetaOf(connection, Meta.LastSubject));
        _lastInstant = Math.Max(
            connection.QueryInt64("SELECT ts FROM ver ORDER BY vid DESC LIMIT 1"), connection.QueryInt64("SELECT ts FROM record ORDER BY seq DESC LIMIT 1"));
        using Statement counts = connection.Prepare("SELECT type, current, versions FROM count");
        while (counts.Step())
        {
            _counts.Add(counts.Int32(0), (counts.Int64(1), counts.Int64(2)));
        }
    }

    /// <summary>Of the newest version or record.</summary>
    public long Sequence { get; private set; }

    public long LastRid => _lastRid;

    public long LastSubject => _lastSubject;

    public long NextSequence() => ++Sequence;

    public long NextRid() => ++_lastRid;

    public long NextSubject() => ++_lastSubject;

    /// <summary>
    /// The time of what is committed next, in milliseconds of Unix time: one for all of a group. A clock that is set back does not turn the order of
    /// versions around.
    /// </summary>
    public long Now()
    {
        if (!_hasInstant)
        {
            _lastInstant = Math.Max(_lastInstant, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _hasInstant = true;
        }

        return _lastInstant;
    }

    /// <summary>What comes from now on is committed later.</summary>
    public void EndGroup() => _hasInstant = false;

    public void Count(int type, long current, long versions)
    {
        (long Current, long Versions) count = _counts.GetValueOrDefault(type);
        _counts[type] = (count.Current + current, count.Versions + versions);
        _changed.Add(type);
    }

    /// <summary>Writes the counts that changed since the last time.</summary>
    public void WriteCounts(WriteStatements sql)
    {
        foreach (int type in _changed)
        {
            sql.SetCount.Bind(1, type);
            sql.SetCount.Bind(2, _counts[type].Current);
            sql.SetCount.Bind(3, _counts[type].Versions);
            sql.SetCount.Run();
        }

        _changed.Clear();
    }

    /// <summary>Sequence number of the newest version or record.</summary>
    public static long NewestOf(Connection connection) =>
        Math.Max(connection.QueryInt64("SELECT max(vid) FROM ver"), connection.QueryInt64("SELECT last FROM record ORDER BY seq DESC LIMIT 1"));

    public static long MetaOf(Connection connection, Meta key) => connection.QueryInt64($"SELECT v FROM meta WHERE k={(int)key}");
}
