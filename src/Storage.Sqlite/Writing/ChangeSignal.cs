namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Tells followers that there are new commits.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newest;

    /// <summary>Sequence number of the newest version that is durable.</summary>
    public long Newest => Volatile.Read(ref _newest);

    public void Advance(long newest)
    {
        TaskCompletionSource reached;
        lock (_lock)
        {
            if (newest == _newest)
            {
                return;
            }

            _newest = newest;
            reached = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.SetResult();
    }

    public async ValueTask WaitAsync(long after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_newest > after)
                {
                    return;
                }

                next = _next.Task;
            }

            await next.WaitAsync(cancellationToken);
        }
    }
}
