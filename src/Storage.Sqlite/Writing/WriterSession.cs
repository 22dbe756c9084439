using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// The writer's connection with all that it keeps in memory about the state. When anything fails it is thrown away, and another is made from
/// what the file has: after a failed synchronisation nobody knows which of the cached pages are on the disk.
/// </summary>
internal sealed class WriterSession : IDisposable
{
    private readonly EngineParts _parts;
    private readonly GenerationSource _source;
    private readonly Snapshot _view;
    private readonly Func<ResourceKey, StoredVersion?> _newest;

    public WriterSession(EngineParts parts, StoreFiles files, GenerationSource source, GuardSearch search)
    {
        _parts = parts;
        _source = source;
        _newest = Newest;
        Connection = files.OpenForWriting(parts.Options);
        try
        {
            Sql = new WriteStatements(Connection);
            State = new WriterState(Connection, parts.Time);
            Tables = new IndexTables(Sql);
            Index = new RecentIndex(source, Tables, parts.Options.GenerationRows, Recovered());
            source.Current = Index.Set;
            Chains = new PatientChains(Connection, throughVersions: parts.LedgerOrigin is not null);
            parts.Chains.Current = Chains;
            _view = new Snapshot(Connection, parts, Index.Set, heads: null);
            Committer = new Committer(Sql, State, Index, Chains, _view, parts, search);
        }
        catch
        {
            Sql?.Dispose();
            Chains?.Dispose();
            Connection.Dispose();
            throw;
        }
    }

    public Connection Connection { get; }

    public WriteStatements Sql { get; }

    public WriterState State { get; }

    public IndexTables Tables { get; }

    public RecentIndex Index { get; }

    public PatientChains Chains { get; }

    public Committer Committer { get; }

    public StoreMeter Meter => _parts.Meter;

    /// <summary>What stands now, uncommitted writes too.</summary>
    public Snapshot View()
    {
        _view.Advance(State.Sequence, Index.Set);
        return _view;
    }

    /// <summary>Tells followers what was committed.</summary>
    public void Tell(IReadOnlyList<StoredVersion?> versions) => _parts.Followers.Note(versions, _newest);

    /// <summary>Moves some index rows from memory to the tables; the first call for a generation that is full begins the next one.</summary>
    public void Flush(int rows, bool wait)
    {
        if (Index.IsFull && Index.Set.Frozen is null)
        {
            Index.Freeze(State.Sequence);
        }

        if (Index.Flush(rows, wait) is { } complete)
        {
            Sql.Set(Meta.Watermark, complete);
        }
    }

    /// <summary>Makes durable what was done since the beginning of the transaction, the secrets that it needs first.</summary>
    public void Commit()
    {
        Committer.WriteRecords();
        State.WriteCounts(Sql);
        Chains.WriteSome(Sql);
        _parts.Keys.Flush();
        Sql.Commit.Run();
        State.EndGroup();
        Chains.Committed(State.Sequence);
        if (_source.Current != Index.Set)
        {
            _source.Current = Index.Set;
        }
    }

    /// <summary>Moves all index rows to the tables, in transactions of their own.</summary>
    public void Drain()
    {
        const int RowsAtOnce = 50_000;
        if (Index.Set.Frozen is null && Index.Set.Active.Count > 0)
        {
            Index.Freeze(State.Sequence);
        }

        // Ends: each turn flushes some of at most two generations, and nothing is added meanwhile.
        while (!Index.IsEmpty)
        {
            Sql.Begin.Run();
            Flush(RowsAtOnce, wait: true);
            Commit();
            if (Index.Set.Frozen is null && Index.Set.Active.Count > 0)
            {
                Index.Freeze(State.Sequence);
            }
        }

        // Commits that only took rows away left nothing to flush.
        Sql.Begin.Run();
        Sql.Set(Meta.Watermark, State.Sequence);
        Chains.WriteAll(State.Sequence, Sql);
        Commit();
    }

    public void Dispose()
    {
        Sql.Dispose();
        Chains.Dispose();
        _view.Dispose();
    }

    private StoredVersion? Newest(ResourceKey key)
    {
        Snapshot view = View();
        return view.FindIdentity(_parts.Hasher.Reference(key)) is var rid and not 0 && view.NewestOf(rid) is var newest and not 0 ? view.Open(newest) : null;
    }

    /// <summary>The rows that the tables may lack, made again from the resources that changed since the tables were complete.</summary>
    private Generation Recovered()
    {
        long watermark = WriterState.MetaOf(Connection, Meta.Watermark);
        var generation = new Generation(_parts.Options.GenerationRows, watermark);
        var head = new Head();
        var rows = new ResourceRows(_parts);
        using Statement changed = Connection.Prepare(
            "SELECT r.rid, r.type, r.first, r.vid, r.v, r.ts, r.op, r.sub, r.pat, r.h, r.keys FROM ver v JOIN res r ON r.rid = v.rid WHERE v.vid > ? AND r.vid = v.vid");
        changed.Bind(1, watermark);
        while (changed.Step())
        {
            head.Fill(changed, _parts.Numbers);
            rows.Read(head);
            foreach (IndexRow row in rows.Rows)
            {
                generation.Add(row, head.Newest);
            }

            if (head.First > watermark)
            {
                generation.Add(IndexRow.Value(Numbers.Identity, head.Identity, 0, head.Rid), head.First);
            }
        }

        return generation;
    }
}
