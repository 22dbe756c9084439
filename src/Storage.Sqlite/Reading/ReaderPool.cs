using System.Collections.Concurrent;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Snapshots to rent: so many at most, each over a connection of its own.</summary>
/// <remarks>
/// A snapshot stays open when it is given back, and is lent again as it is for as long as only records were committed: SQLite drops all pages
/// that a connection knows when it looks at a newer commit, and with the access log there is one for every few reads.
/// </remarks>
internal sealed class ReaderPool(int size, GenerationSource generations, Func<Snapshot> open) : IDisposable
{
    private readonly SemaphoreSlim _free = new(size);
    private readonly ConcurrentStack<Snapshot> _idle = [];
    private readonly Lock _publishing = new();
    private long _changes;
    private long _published;
    private int _lettingGo;
    private volatile bool _isClosed;

    public GenerationSource Generations => generations;

    /// <summary>Waits for a free one and lets it show the newest state of resources; of records it may show an older one.</summary>
    public async ValueTask<Rented> RentAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return Take(withRecords: false);
    }

    /// <summary>Waits for a free one and lets it show the newest state of everything.</summary>
    public async ValueTask<Rented> RentWithRecordsAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return Take(withRecords: true);
    }

    /// <summary>To be called by the writer after each commit that changed more than records, before anybody hears of it.</summary>
    public void Changed() => Interlocked.Increment(ref _changes);

    /// <summary>
    /// Commits, and tells those of it who must know before anybody reads it. For the writer. Whoever comes upon the commit meanwhile waits; others go on with
    /// what was there before.
    /// </summary>
    /// <param name="commit">Gives the sequence number of the newest version or record.</param>
    public void Publish(Func<long> commit)
    {
        lock (_publishing)
        {
            Volatile.Write(ref _published, commit());
        }
    }

    /// <summary>Has nobody hold an old state while the log is copied, so that it can be copied to its end and begin anew.</summary>
    public void LetGo(Action copy)
    {
        Interlocked.Increment(ref _lettingGo);
        try
        {
            EndIdle();
            copy();
        }
        finally
        {
            Interlocked.Decrement(ref _lettingGo);
        }
    }

    /// <summary>As one who rents, so that nobody opens another connection meanwhile.</summary>
    private void EndIdle()
    {
        var ended = new List<Snapshot>();
        int taken = 0;
        try
        {
            while (taken < size && _free.Wait(0))
            {
                taken++;
                if (!_idle.TryPop(out Snapshot? snapshot))
                {
                    break;
                }

                ended.Add(snapshot);
                snapshot.End();
            }
        }
        finally
        {
            ended.ForEach(_idle.Push);
            if (taken > 0)
            {
                _free.Release(taken);
            }
        }
    }

    /// <summary>Who still has a snapshot gives it back to be closed; who waits for one is told that there is none any more.</summary>
    public void Dispose()
    {
        _isClosed = true;
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryPop(out Snapshot? snapshot))
        {
            snapshot.Dispose();
        }
    }

    private Rented Take(bool withRecords)
    {
        Snapshot? snapshot = null;
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_idle.TryPop(out snapshot))
            {
                snapshot = open();
            }

            snapshot.Begin(generations, Volatile.Read(ref _changes), withRecords);
            if (snapshot.Newest > Volatile.Read(ref _published))
            {
                AwaitPublication(snapshot.Newest);
            }

            return new Rented(this, snapshot);
        }
        catch
        {
            // Nobody knows what state it is in.
            snapshot?.Dispose();
            _free.Release();
            throw;
        }
    }

    /// <summary>A database shows a commit a moment before its writer has told of it.</summary>
    private void AwaitPublication(long seen)
    {
        lock (_publishing)
        {
            // Who has the lock has told of all that can be seen. At the start there was nobody to be told.
            Volatile.Write(ref _published, Math.Max(_published, seen));
        }
    }

    private void Return(Snapshot snapshot)
    {
        try
        {
            if (Volatile.Read(ref _lettingGo) > 0)
            {
                snapshot.End();
            }

            _idle.Push(snapshot);
            if (_isClosed)
            {
                CloseIdle();
            }
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>A snapshot for the time of a <c>using</c>.</summary>
    public readonly struct Rented(ReaderPool pool, Snapshot snapshot) : IDisposable
    {
        public Snapshot Snapshot => snapshot;

        public void Dispose() => pool.Return(snapshot);
    }
}
