namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>
/// Answers the requests of a group from few work items in place of one for each, which would cost more than the answers. Each that comes in calls
/// the next, so there are as many as threads are free, and nobody waits behind whoever goes on for long with an answer.
/// </summary>
internal sealed class Completion(GroupRequest[] requests) : IThreadPoolWorkItem
{
    /// <summary>After so many answers a thread looks whether there is other work.</summary>
    private const int AtOnce = 32;

    private int _next = -1;

    public static void Of(IReadOnlyCollection<GroupRequest> requests)
    {
        if (requests.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Completion([.. requests]), preferLocal: false);
        }
    }

    public void Execute()
    {
        for (int answered = 0; answered < AtOnce && Interlocked.Increment(ref _next) is var place && place < requests.Length; answered++)
        {
            if (answered == 0 && place + 1 < requests.Length)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }

            requests[place].Complete();
        }
    }
}
