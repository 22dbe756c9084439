using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// What waits for the writer, in order. The writer takes all that is there at once and sleeps when there is nothing: spinning, as ready-made
/// queues do, took a third of the processor while many waited for little.
/// </summary>
internal sealed class WriteQueue
{
    private readonly object _gate = new();
    private Queue<WriteRequest> _arriving = new();
    private Queue<WriteRequest> _taken = new();

    // How many must wait before the writer, who sleeps, is woken; 0 while it does not.
    private int _awaited;
    private bool _isClosed;

    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Add(WriteRequest request)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _arriving.Enqueue(request);
            if (_awaited > 0 && _arriving.Count >= _awaited)
            {
                _awaited = 0;
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>No more is added; what is there can be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes the next; false when there was none for so long, or never will be. For one thread.</summary>
    public bool TryTake(TimeSpan patience, [NotNullWhen(true)] out WriteRequest? request)
    {
        if (_taken.TryDequeue(out request))
        {
            return true;
        }

        lock (_gate)
        {
            if (_arriving.Count == 0 && !_isClosed && patience != TimeSpan.Zero)
            {
                Sleep(1, patience);
            }

            (_arriving, _taken) = (_taken, _arriving);
        }

        return _taken.TryDequeue(out request);
    }

    /// <summary>Sleeps until so many wait, or for so long. For the thread that takes.</summary>
    public void Await(int count, TimeSpan patience)
    {
        count -= _taken.Count;
        lock (_gate)
        {
            if (_arriving.Count < count && !_isClosed)
            {
                Sleep(count, patience);
            }
        }
    }

    private void Sleep(int count, TimeSpan patience)
    {
        _awaited = count;
        Monitor.Wait(_gate, patience);
        _awaited = 0;
    }
}
