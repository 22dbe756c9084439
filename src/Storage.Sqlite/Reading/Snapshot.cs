using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// One consistent state of the store: the tables as of a commit, and the index rows that are still in memory. A reader rents one for a
/// call; the writer has one that shows what it has not committed yet. One thread at a time.
/// </summary>
/// <remarks>
/// Parameters and types are the ids of their set and schema; numbers of the database stay inside. Look-ups give resources by number (rid),
/// in no order and maybe more than once, and may give deleted ones only where they say so.
/// </remarks>
internal sealed partial class Snapshot : IDisposable
{
    private readonly Connection _connection;
    private readonly ResourceSealer _sealer;
    private readonly Numbers _numbers;
    private readonly ReadStatements _sql;
    private readonly ContentPatients _contentPatients;
    private readonly List<long> _found = [];
    private readonly HeadCache? _heads;
    private GenerationSet _generations;
    private long _time = Closed;
    private long _expected;
    private int _misses;

    /// <param name="heads">Null for the writer, who sees what is in no cache.</param>
    public Snapshot(Connection connection, EngineParts parts, GenerationSet generations, HeadCache? heads)
    {
        _heads = heads;
        _connection = connection;
        _numbers = parts.Numbers;
        _sealer = parts.Sealer;
        _contentPatients = new ContentPatients(parts);
        _generations = generations;
        _sql = new ReadStatements(connection);
    }

    /// <summary>Sequence number of the newest commit that it shows.</summary>
    public long Newest { get; private set; }

    /// <summary>For checks that ask their own questions of the same state.</summary>
    public Connection Connection => _connection;

    /// <summary>The rows that the tables may lack.</summary>
    public GenerationSet Generations => _generations;

    /// <summary>Finds resources by the hash of a <see cref="IndexKeyKind.Code"/>, Reference, Uri, Text or Tuple.</summary>
    /// <returns>False when more than the limit were found; then the list has a part of them.</returns>
    public bool FindValue(ushort parameter, long hash, List<long> rids, int limit = int.MaxValue) =>
        FindRow(_numbers.OfParameter(parameter), hash, rids, limit);

    /// <summary>The same among those in the compartment of one patient alone (a subject's number), or of none or several (0).</summary>
    public bool FindValue(ushort parameter, long hash, long patient, List<long> rids, int limit = int.MaxValue) =>
        FindRow(_numbers.OfParameter(parameter), hash, patient, rids, limit);

    /// <summary>Finds resources by the ranges of a <see cref="IndexKeyKind.Date"/> (not <c>_lastUpdated</c>), Number or Position.</summary>
    public bool FindRange(ushort parameter, in RangeQuery query, List<long> rids, int limit = int.MaxValue)
    {
        ushort number = _numbers.OfParameter(parameter);
        int most = Most(rids, limit);
        _generations.FindRange(number, query, Newest, rids);
        for (int width = 0; width < RangeWidth.Classes && rids.Count <= most; width++)
        {
            (long from, long to) = RangeWidth.LowEnds(width, query);
            if (from <= to)
            {
                Statement select = _sql.Range;
                select.Bind(1, number);
                select.Bind(2, width);
                select.Bind(3, from);
                select.Bind(4, to);
                select.Bind(5, query.HighFrom);
                select.Bind(6, query.HighTo);
                select.Bind(7, query.Unit);
                Collect(select, rids, most);
            }
        }

        return rids.Count <= most;
    }

    /// <summary>Current resources of a type in the order of their first versions, each once.</summary>
    public bool FindType(ushort type, long afterRid, List<long> rids, int limit = int.MaxValue)
    {
        int most = Most(rids, limit);
        _sql.Type.Bind(1, _numbers.OfType(type));
        _sql.Type.Bind(2, afterRid);
        Collect(_sql.Type, rids, most);
        return rids.Count <= most;
    }

    /// <summary>Resources of a type, or of all, in the order of their first versions, deleted ones too.</summary>
    public bool FindAll(TypeSchema? type, long afterRid, List<long> rids, int limit)
    {
        int most = Most(rids, limit);
        int number = type is null ? 0 : _numbers.OfType(type.Id);
        _sql.All.Bind(1, afterRid);
        _sql.All.Bind(2, number);
        _sql.All.Bind(3, number);
        Collect(_sql.All, rids, most);
        return rids.Count <= most;
    }

    /// <summary>Resources of a type in the compartment of one patient alone (a subject's number), deleted ones too.</summary>
    public bool FindMembers(ushort type, long patient, List<long> rids, int limit = int.MaxValue) =>
        FindRow(Numbers.Member, _numbers.OfType(type), patient, rids, limit);

    /// <summary>Number of the resource with that hash of <c>Type/id</c>, deleted or not; 0 when there never was one.</summary>
    public long FindIdentity(long hash)
    {
        _found.Clear();
        _generations.FindValue(Numbers.Identity, hash, Newest, _found);
        if (_found.Count > 0)
        {
            return _found[0];
        }

        return First(_sql.Value, Numbers.Identity, hash);
    }

    /// <summary>Number of a patient's subject by the hash of <c>Patient/id</c>; 0 when none was ever mentioned.</summary>
    public long SubjectOf(long patientHash) => First(_sql.Subject, patientHash);

    /// <summary>Fills in what stands beside a resource; false when there is none of that number.</summary>
    /// <param name="keeps">Whether it is likely to be asked for again soon.</param>
    public bool TryGetHead(long rid, Head head, bool keeps = false)
    {
        if (_time != Closed && _heads!.TryFill(rid, Newest, _time, head, _numbers))
        {
            return true;
        }

        _sql.Head.Bind(1, rid);
        bool found = _sql.Head.Step();
        if (found)
        {
            head.Fill(_sql.Head, _numbers);
            if (keeps && _time != Closed && _heads!.Wants(_misses++))
            {
                _heads.Add(head, Newest, _time);
            }
        }

        _sql.Head.Reset();
        return found;
    }

    /// <summary>Says which heads will be asked for next.</summary>
    public void Expect(ReadOnlySpan<long> rids)
    {
        if (_time != Closed)
        {
            _expected += _heads!.Touch(rids);
        }
    }

    /// <summary>Current resources of a type.</summary>
    public long CountCurrent(ushort type) => First(_sql.Current, _numbers.OfType(type));

    /// <summary>Versions of a type, superseded ones and deletions too.</summary>
    public long CountVersions(ushort type) => First(_sql.Versions, _numbers.OfType(type));

    /// <summary>Versions of a type before a sequence number, newest first: its resource and itself. Superseded ones and deletions too.</summary>
    /// <returns>False when there are more than the limit.</returns>
    public bool NewestFirst(ushort type, long before, List<(long Rid, long Sequence)> versions, int limit, long after = 0)
    {
        Statement select = _sql.NewestFirst;
        select.Bind(1, _numbers.OfType(type));
        select.Bind(2, before);
        select.Bind(3, after);
        bool more = false;
        for (int found = 0; select.Step(); found++)
        {
            if (found == limit)
            {
                more = true;
                break;
            }

            versions.Add((select.Int64(0), select.Int64(1)));
        }

        select.Reset();
        return !more;
    }

    public void Dispose()
    {
        _sql.Dispose();
        _connection.Dispose();
    }

    private bool FindRow(ushort number, long hash, List<long> rids, int limit)
    {
        int most = Most(rids, limit);
        _generations.FindValue(number, hash, Newest, rids);
        _sql.Value.Bind(1, number);
        _sql.Value.Bind(2, hash);
        Collect(_sql.Value, rids, most);
        return rids.Count <= most;
    }

    private bool FindRow(ushort number, long hash, long patient, List<long> rids, int limit)
    {
        int most = Most(rids, limit);
        _generations.FindValue(number, hash, patient, Newest, rids);
        _sql.ValueOfPatient.Bind(1, number);
        _sql.ValueOfPatient.Bind(2, hash);
        _sql.ValueOfPatient.Bind(3, patient);
        Collect(_sql.ValueOfPatient, rids, most);
        return rids.Count <= most;
    }

    private static int Most(List<long> rids, int limit) => (int)Math.Min(int.MaxValue, (long)rids.Count + limit);

    private static void Collect(Statement select, List<long> rids, int most)
    {
        while (rids.Count <= most && select.Step())
        {
            rids.Add(select.Int64(0));
        }

        select.Reset();
    }

    private static long First(Statement select, params ReadOnlySpan<long> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            select.Bind(i + 1, values[i]);
        }

        long first = select.Step() ? select.Int64(0) : 0;
        select.Reset();
        return first;
    }
}
