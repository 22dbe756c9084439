namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Who is told of commits. Thread-safe.</summary>
internal sealed class CommitFollowers
{
    private readonly Lock _adding = new();
    private ICommitFollower[] _followers = [];

    public void Add(ICommitFollower follower)
    {
        lock (_adding)
        {
            Volatile.Write(ref _followers, [.. _followers, follower]);
        }
    }

    public void Note(IReadOnlyList<StoredVersion?> versions, Func<ResourceKey, StoredVersion?> newest)
    {
        try
        {
            foreach (ICommitFollower follower in Volatile.Read(ref _followers))
            {
                follower.Note(versions, newest);
            }
        }
        catch (Exception exception)
        {
            End(exception);
        }
    }

    public void Forget(IReadOnlySet<long> resources)
    {
        try
        {
            foreach (ICommitFollower follower in Volatile.Read(ref _followers))
            {
                follower.Forget(resources);
            }
        }
        catch (Exception exception)
        {
            End(exception);
        }
    }

    /// <summary>What was committed cannot be taken back, and nobody may read it who is judged by less. The message of an exception could tell of a patient.</summary>
    private static void End(Exception exception) =>
        Environment.FailFast($"What was committed could not be taken note of: {exception.GetType()}\n{exception.StackTrace}");
}
