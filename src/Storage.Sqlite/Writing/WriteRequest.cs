using HealthChain.Fhir;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Something that waits for the writer. Completed exactly once; who awaits it goes on on another thread.</summary>
internal abstract class WriteRequest
{
    /// <summary>About how many resources it writes.</summary>
    public abstract int Weight { get; }

    public abstract void Refuse(FhirError error);

    public abstract void Fail(Exception exception);
}

/// <summary>Something that is committed together with others that wait: one transaction of the database, one synchronisation.</summary>
internal abstract class GroupRequest : WriteRequest
{
    /// <summary>Whoever gave up before the writer came to it gets nothing written.</summary>
    public abstract bool IsCancelled { get; }

    public abstract void Apply(Committer committer);

    /// <summary>To be called when what was applied is durable.</summary>
    public abstract void Complete();
}

/// <summary>A transaction.</summary>
internal sealed class CommitRequest(PreparedTransaction transaction, CancellationToken cancellationToken) : GroupRequest
{
    private readonly TaskCompletionSource<Result<CommitResult>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Result<CommitResult> _result;

    public override int Weight => Math.Max(1, transaction.Writes.Count);

    public Task<Result<CommitResult>> Done => _done.Task;

    public override bool IsCancelled => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

    public override void Apply(Committer committer) => _result = committer.Apply(transaction);

    public override void Complete() => _done.TrySetResult(_result);

    public override void Refuse(FhirError error) => _done.TrySetResult(error);

    public override void Fail(Exception exception) => _done.TrySetException(exception);
}

/// <summary>Work that has the writer for itself and makes its own transactions.</summary>
internal sealed class AloneRequest<T>(Func<WriterSession, T> work) : WriteRequest, IAlone
{
    private readonly TaskCompletionSource<Result<T>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override int Weight => 1;

    public Task<Result<T>> Done => _done.Task;

    public void Run(WriterSession session) => _done.TrySetResult(work(session));

    public override void Refuse(FhirError error) => _done.TrySetResult(error);

    public override void Fail(Exception exception) => _done.TrySetException(exception);
}

internal interface IAlone
{
    void Run(WriterSession session);
}
