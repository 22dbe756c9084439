using System.Runtime.InteropServices;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// The last sequence number at which the ledger speaks of each patient, by the number of the subject. What changed is kept in memory and
/// written to the table in order, some with each commit, as <see cref="RecentIndex"/> does with index rows: patients come at random, and a row
/// for each of them at once would touch as many pages. After a crash the newest rows say what the table lacks.
/// </summary>
/// <remarks>Nothing of it is undone: after a failure a new one is made from the database.</remarks>
internal sealed class PatientChains : IDisposable
{
    private const int LeastWritten = 128;

    private readonly Connection _connection;
    private readonly Statement _find;
    private readonly Statement _set;
    private readonly Statement _remove;
    private readonly int _mostInMemory;
    private readonly int _mostBehind;

    // Whoever reads looks at what is committed, under the lock; the writer alone changes it.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, long> _group = [];
    private Dictionary<long, long> _active = [];
    private Dictionary<long, long> _frozen = [];
    private long[] _order = [];
    private int _written;
    private int _advanced;
    private long _frozenAt;
    private long _completeTo;
    private bool _isWriting;
    private bool _isAllWritten;

    /// <param name="throughVersions">Whether the chains lead through versions too, as they do where there is a ledger.</param>
    /// <param name="mostInMemory">Patients in memory at which they begin to be written; about twice as many for a while, 40 bytes each.</param>
    /// <param name="mostBehind">Sequence numbers that a start after a crash looks at, about twice as many at most.</param>
    public PatientChains(Connection connection, bool throughVersions = true, int mostInMemory = 32_768, int mostBehind = 50_000)
    {
        _mostInMemory = mostInMemory;
        _mostBehind = mostBehind;
        _connection = connection;
        _find = connection.Prepare("SELECT last FROM chain WHERE sub=?");
        _set = connection.Prepare("INSERT OR REPLACE INTO chain(sub, last) VALUES(?,?)");
        _remove = connection.Prepare("DELETE FROM chain WHERE sub=?");
        _completeTo = WriterState.MetaOf(connection, Meta.ChainsWatermark);
        Recover(throughVersions);
    }

    /// <summary>Where the ledger last spoke of a patient, as far as it is committed; 0 when the table tells it.</summary>
    /// <param name="completeTo">Up to which sequence number the table is complete: one that is not shows an older state.</param>
    /// <remarks>For any thread.</remarks>
    public long RecentEnd(long subject, out long completeTo)
    {
        lock (_gate)
        {
            completeTo = _completeTo;
            return _active.TryGetValue(subject, out long last) || _frozen.TryGetValue(subject, out last) ? last : 0;
        }
    }

    /// <summary>Notes that the ledger speaks of a patient, and says where it did so before; 0 for never.</summary>
    public long Advance(long subject, long sequence)
    {
        ref long last = ref CollectionsMarshal.GetValueRefOrAddDefault(_group, subject, out bool isOfGroup);
        long previous = isOfGroup || _active.TryGetValue(subject, out last) || _frozen.TryGetValue(subject, out last) ? last : Stored(subject);
        last = sequence;
        return previous;
    }

    /// <summary>Where the ledger last spoke of an erased patient, of whom it will not speak again.</summary>
    public long End(long subject)
    {
        long last = Advance(subject, 0);
        _group.Remove(subject);
        lock (_gate)
        {
            _active.Remove(subject);
            _frozen.Remove(subject);
        }

        _remove.Bind(1, subject);
        _remove.Run();
        return last;
    }

    /// <summary>Writes some of what the table lacks, twice as much as came in since; within the caller's transaction.</summary>
    public void WriteSome(WriteStatements sql)
    {
        if (_isWriting)
        {
            Write(Math.Max(LeastWritten, 2 * _advanced), sql);
        }
    }

    /// <summary>Writes all that the table lacks, in a transaction of its own.</summary>
    /// <param name="newest">The newest sequence number.</param>
    public void WriteAll(long newest, WriteStatements sql)
    {
        if (_isWriting)
        {
            Write(int.MaxValue, sql);
        }

        long[] order = [.. _active.Keys.Order()];
        foreach (long subject in order)
        {
            Set(subject, _active[subject]);
        }

        _frozenAt = newest;
        _isAllWritten = true;
        sql.Set(Meta.ChainsWatermark, newest);
    }

    /// <summary>To be called when the transaction is committed: now others see it.</summary>
    /// <param name="newest">The newest sequence number.</param>
    public void Committed(long newest)
    {
        lock (_gate)
        {
            if (_isAllWritten)
            {
                _active.Clear();
            }

            if (_isAllWritten || (_isWriting && _written == _order.Length))
            {
                _frozen.Clear();
                _isWriting = false;
                _completeTo = Math.Max(_completeTo, _frozenAt);
            }

            foreach ((long subject, long last) in _group)
            {
                _active[subject] = last;
            }

            if (!_isWriting && (_active.Count >= _mostInMemory || newest - _completeTo >= _mostBehind))
            {
                Freeze(newest);
            }
        }

        _isAllWritten = false;
        _advanced = _group.Count;
        _group.Clear();
    }

    public void Dispose()
    {
        _find.Dispose();
        _set.Dispose();
        _remove.Dispose();
    }

    private static bool Exists(Statement known, long subject)
    {
        known.Bind(1, subject);
        bool exists = known.Step();
        known.Reset();
        return exists;
    }

    private long Stored(long subject)
    {
        _find.Bind(1, subject);
        long last = _find.Step() ? _find.Int64(0) : 0;
        _find.Reset();
        return last;
    }

    private void Freeze(long newest)
    {
        (_active, _frozen) = (_frozen, _active);
        _order = [.. _frozen.Keys];
        Array.Sort(_order);
        _written = 0;
        _isWriting = true;
        _frozenAt = newest;
    }

    private void Write(int most, WriteStatements sql)
    {
        int end = (int)Math.Min(_order.Length, (long)_written + most);
        for (; _written < end; _written++)
        {
            // An erased patient is in the order, but no more.
            if (_frozen.TryGetValue(_order[_written], out long last))
            {
                Set(_order[_written], last);
            }
        }

        if (_written == _order.Length)
        {
            sql.Set(Meta.ChainsWatermark, _frozenAt);
        }
    }

    private void Set(long subject, long last)
    {
        _set.Bind(1, subject);
        _set.Bind(2, last);
        _set.Run();
    }

    private void Recover(bool throughVersions)
    {
        using Statement versions = _connection.Prepare("SELECT sub, vid FROM ver WHERE vid>? AND sub<>0");
        versions.Bind(1, _completeTo);
        while (throughVersions && versions.Step())
        {
            _active[versions.Int64(0)] = versions.Int64(1);
        }

        using Statement rows = _connection.Prepare(
            $"SELECT {RecordRow.Columns} FROM record WHERE seq>=coalesce((SELECT max(seq) FROM record WHERE seq<=?), 0) ORDER BY seq");
        using Statement known = _connection.Prepare("SELECT 1 FROM subject WHERE sub=?");
        rows.Bind(1, _completeTo);
        var records = new RecordsUp(rows, [], _completeTo);
        while (records.MoveNext())
        {
            if (records.Current is { Kind: not StatementKind.Erasure } record)
            {
                foreach (long subject in record.Subjects)
                {
                    // One of several may be erased since.
                    if (Exists(known, subject))
                    {
                        _active[subject] = Math.Max(record.Sequence, _active.GetValueOrDefault(subject));
                    }
                }
            }
        }
    }
}

/// <summary>The chains that readers should ask: those of the writer's session, which may be another after a failure.</summary>
internal sealed class ChainSource
{
    private volatile PatientChains? _current;

    public PatientChains? Current
    {
        get => _current;
        set => _current = value;
    }
}
