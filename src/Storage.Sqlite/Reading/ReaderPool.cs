using System.Collections.Concurrent;
using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Snapshots to rent: so many at most, each over a connection of its own.</summary>
internal sealed class ReaderPool(int size, GenerationSource generations, Func<Snapshot> open) : IDisposable
{
    private readonly SemaphoreSlim _free = new(size);
    private readonly ConcurrentStack<Snapshot> _idle = [];

    public GenerationSource Generations => generations;

    /// <summary>Waits for a free one and lets it show the newest state.</summary>
    public async ValueTask<Rented> RentAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return Take();
    }

    public void Dispose()
    {
        while (_idle.TryPop(out Snapshot? snapshot))
        {
            snapshot.Dispose();
        }

        _free.Dispose();
    }

    private Rented Take()
    {
        Snapshot? snapshot = null;
        try
        {
            if (!_idle.TryPop(out snapshot))
            {
                snapshot = open();
            }

            snapshot.Begin(generations);
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

    private void Return(Snapshot snapshot)
    {
        try
        {
            snapshot.End();
            _idle.Push(snapshot);
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
