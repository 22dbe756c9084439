using System.Diagnostics.CodeAnalysis;
using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// The one thread that writes. It takes what waits, commits it together, and completes the callers when it is durable. When it has nothing
/// to do, it moves index rows from memory to the tables and the log into the database.
/// </summary>
internal sealed class Writer : IDisposable
{
    // Where one slice ends and the next begins, pages are written twice.
    private const int LeastFlushed = 4096;
    private const int FlushedWhenIdle = 4096;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    // What a commit costs the processor it costs for few as for many. Where this many come at a time, the next waits until as many are there again:
    // in a crowd, that is a wait of less than a commit, and each commit is of twice as many.
    private const int LeastCrowd = 16;
    private const int MostCrowd = 128;
    private static readonly TimeSpan CrowdPatience = TimeSpan.FromMilliseconds(2);

    private readonly WriteQueue _queue = new();
    private readonly Func<WriterSession> _open;
    private readonly Checkpointer _checkpointer;
    private readonly ReaderPool _readers;
    private readonly ChangeSignal _changes;
    private readonly SqliteStoreOptions _options;
    private readonly List<GroupRequest> _group = [];
    private readonly Thread _thread;
    private WriterSession? _session;
    private WriteRequest? _held;
    private bool _isAtRest;
    private bool _isLast;
    private int _unflushed;
    private int _queued;

    // Requests that the last commit was of.
    private int _crowd;
    private string? _failure;

    public Writer(WriterSession first, Func<WriterSession> open, Checkpointer checkpointer, ReaderPool readers, ChangeSignal changes, SqliteStoreOptions options)
    {
        _session = first;
        _open = open;
        _checkpointer = checkpointer;
        _readers = readers;
        _changes = changes;
        _options = options;
        _thread = new Thread(Run) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    /// <summary>Why the last commit failed; null when it did not.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Resources that wait.</summary>
    public int Queued => Volatile.Read(ref _queued);

    public ValueTask<Result<CommitResult>> CommitAsync(PreparedTransaction transaction, CancellationToken cancellationToken)
    {
        var request = new CommitRequest(transaction, cancellationToken);
        Enqueue(request);
        return request.Done;
    }

    public ValueTask<Result<long>> AppendAsync(PreparedRecord record, CancellationToken cancellationToken)
    {
        var request = new RecordRequest(record, cancellationToken);
        Enqueue(request);
        return request.Done;
    }

    /// <summary>Runs work that makes its own transactions, when all that waits before it is committed.</summary>
    public Task<Result<T>> RunAloneAsync<T>(Func<WriterSession, T> work)
    {
        var request = new AloneRequest<T>(work);
        Enqueue(request);
        return request.Done;
    }

    /// <summary>Commits what waits, moves all index rows to the tables and closes the connection.</summary>
    public void Dispose()
    {
        _queue.Close();
        _thread.Join();
    }

    private void Enqueue(WriteRequest request)
    {
        // A transaction alone may be larger than the limit.
        if (Interlocked.Add(ref _queued, request.Weight) > _options.MaxQueued && Queued > request.Weight)
        {
            Interlocked.Add(ref _queued, -request.Weight);
            request.Refuse(FhirError.Of(ErrorKind.Busy, IssueType.Throttled, "More waits to be written than the store can take. Try again later."));
            (request as GroupRequest)?.Complete();
            return;
        }

        _queue.Add(request);
    }

    private void Run()
    {
        while (true)
        {
            if (!TryTake(out WriteRequest? request))
            {
                // Closed before it was looked: then there was nothing more.
                if (_isLast)
                {
                    break;
                }

                _isLast = _queue.IsClosed;
                if (_session is not null && !_isLast)
                {
                    Idle(_session);
                }
            }
            else if (request is IAlone alone)
            {
                RunAlone(request, alone);
            }
            else
            {
                Gather((GroupRequest)request);
                RunGroup(_group);
                _crowd = _group.Count;
                _group.Clear();
            }
        }

        Close();
    }

    private bool TryTake([NotNullWhen(true)] out WriteRequest? request)
    {
        if (_held is not null)
        {
            (request, _held) = (_held, null);
            return true;
        }

        if (_crowd >= LeastCrowd)
        {
            _queue.Await(Math.Min(_crowd, MostCrowd), CrowdPatience);
            _crowd = 0;
        }

        TimeSpan patience = _session is not { } session || _isAtRest ? Timeout.InfiniteTimeSpan
            : session.Index is { IsEmpty: false, Set.Frozen: not null } ? TimeSpan.FromMilliseconds(1)
            : Quiet;
        if (!_queue.TryTake(patience, out request))
        {
            return false;
        }

        Interlocked.Add(ref _queued, -request.Weight);
        _isAtRest = false;
        return true;
    }

    /// <summary>Takes what waits besides, up to the size of a group.</summary>
    private void Gather(GroupRequest first)
    {
        _group.Add(first);
        int weight = first.Weight;
        while (weight < _options.MaxGroup && _queue.TryTake(TimeSpan.Zero, out WriteRequest? next))
        {
            Interlocked.Add(ref _queued, -next.Weight);
            if (next is not GroupRequest member || weight + member.Weight > _options.MaxGroup)
            {
                _held = next;
                return;
            }

            _group.Add(member);
            weight += member.Weight;
        }
    }

    private void RunGroup(List<GroupRequest> group)
    {
        try
        {
            Commit(_session ??= _open(), group);
        }
        catch (Exception exception)
        {
            Abandon(exception);
            if (MayPass(exception) || group.Count <= 1)
            {
                foreach (GroupRequest request in group)
                {
                    Answer(request, exception);
                }

                Completion.Of(group);
                return;
            }

            // One of them is to blame; the others must not suffer.
            foreach (GroupRequest request in group)
            {
                RunGroup([request]);
            }

            return;
        }

        Volatile.Write(ref _failure, null);
        _changes.Advance(_session.State.Sequence);
        Completion.Of(group);
        NoticeLog(_session);
    }

    private void Commit(WriterSession session, List<GroupRequest> group)
    {
        long start = session.Meter.Start();
        session.Sql.Begin.Run();
        int rows = session.Index.Set.Active.Count;
        foreach (GroupRequest request in group)
        {
            request.Apply(session.Committer);
        }

        // Readers need not look again for records, which only readers of records ask for.
        bool isSeen = group.Exists(request => request is not RecordRequest);

        // Twice as fast as rows come in, so that a generation is flushed before the next is full.
        _unflushed += 2 * (session.Index.Set.Active.Count - rows);
        if (_unflushed >= Math.Min(LeastFlushed, _options.GenerationRows))
        {
            session.Flush(_unflushed, wait: false);
            _unflushed = 0;
            isSeen = true;
        }

        _readers.Publish(() => Publish(session, group));
        if (isSeen)
        {
            _readers.Changed();
        }

        int recent = session.Index.Set.Active.Count + (session.Index.Set.Frozen?.Count ?? 0);
        session.Meter.Committed(start, group.Sum(request => request.Weight), recent, session.Connection.LogPages * (long)Schema.PageBytes);
    }

    /// <summary>Makes it durable and tells followers, who must know of it before anybody else.</summary>
    /// <returns>Sequence number up to which they know all.</returns>
    private static long Publish(WriterSession session, List<GroupRequest> group)
    {
        session.Commit();
        foreach (GroupRequest request in group)
        {
            if (request.Versions is { Count: > 0 } versions)
            {
                session.Tell(versions);
            }
        }

        return session.State.Sequence;
    }

    private void NoticeLog(WriterSession session)
    {
        try
        {
            _checkpointer.Notice(session.Connection);
        }
        catch (Exception exception)
        {
            // What was committed stays so; the log is longer than it should be.
            Abandon(exception);
        }
    }

    private void RunAlone(WriteRequest request, IAlone work)
    {
        try
        {
            work.Run(_session ??= _open());
        }
        catch (Exception exception)
        {
            Abandon(exception);
            Answer(request, exception);
            return;
        }

        Volatile.Write(ref _failure, null);
        _readers.Changed();
        _changes.Advance(_session.State.Sequence);
        NoticeLog(_session);
    }

    private void Idle(WriterSession session)
    {
        try
        {
            if (session.Index.IsEmpty)
            {
                // While the log holds anything that is not copied, readers look for every page in it first.
                _checkpointer.Finish();
                _readers.LetGo(() => _isAtRest = session.Connection.Checkpoint(CheckpointMode.Passive));
                return;
            }

            if (session.Index.Set.Frozen is null)
            {
                session.Index.Freeze(session.State.Sequence);
            }

            session.Sql.Begin.Run();
            session.Flush(FlushedWhenIdle, wait: true);
            session.Commit();
        }
        catch (Exception exception)
        {
            Abandon(exception);
            return;
        }

        NoticeLog(session);
    }

    private void Close()
    {
        try
        {
            _checkpointer.Finish();
            _session?.Drain();
            _readers.LetGo(() => _session?.Connection.Checkpoint(CheckpointMode.Truncate));
        }
        catch (Exception exception)
        {
            // What was acknowledged is in the log; the next start does the rest.
            Volatile.Write(ref _failure, exception.Message);
        }

        _session?.Dispose();
    }

    /// <summary>Nobody knows what the connection's caches hold now: the next request begins with what the file has.</summary>
    private void Abandon(Exception exception)
    {
        Volatile.Write(ref _failure, exception.Message);
        _readers.Changed();
        _session?.Dispose();
        _session = null;
    }

    private static bool MayPass(Exception exception) =>
        exception is SqliteException { MayPass: true } or (IOException and not (SqliteException or StoreException));

    private static void Answer(WriteRequest request, Exception exception)
    {
        if (MayPass(exception))
        {
            bool isFull = exception is SqliteException { IsFull: true };
            request.Refuse(FhirError.Of(
                ErrorKind.Busy,
                IssueType.Transient,
                isFull ? "The disk is full. Nothing was written." : "The store cannot write at the moment. Nothing was written."));
        }
        else
        {
            request.Fail(exception);
        }
    }
}
