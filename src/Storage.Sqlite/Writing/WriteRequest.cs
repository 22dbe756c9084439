using System.Threading.Tasks.Sources;
using HealthChain.Fhir;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Something that waits for the writer. Completed exactly once; who awaits it goes on on another thread than the writer's.</summary>
internal abstract class WriteRequest
{
    /// <summary>About how many resources it writes.</summary>
    public abstract int Weight { get; }

    public abstract void Refuse(FhirError error);

    public abstract void Fail(Exception exception);
}

/// <summary>
/// Something that is committed together with others that wait: one transaction of the database, one synchronisation. What comes of it is noted by
/// the writer, and told by <see cref="Complete"/>.
/// </summary>
internal abstract class GroupRequest : WriteRequest
{
    /// <summary>Does it, unless whoever asked gave up before the writer came to it.</summary>
    public abstract void Apply(Committer committer);

    /// <summary>What it wrote, once it was applied.</summary>
    public virtual IReadOnlyList<StoredVersion?> Versions => [];

    /// <summary>To be called when what was applied is durable, or it was refused or failed: whoever awaits it goes on within the call.</summary>
    public abstract void Complete();
}

/// <summary>Awaited once by whoever made it.</summary>
internal abstract class GroupRequest<T>(CancellationToken cancellationToken) : GroupRequest, IValueTaskSource<Result<T>>
{
    private ManualResetValueTaskSourceCore<Result<T>> _source;
    private Result<T> _result;
    private Exception? _failure;

    public ValueTask<Result<T>> Done => new(this, _source.Version);

    /// <summary>What came of it; null when it failed.</summary>
    protected Result<T>? Known => _failure is null ? _result : default(Result<T>?);

    public sealed override void Apply(Committer committer)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Fail(new OperationCanceledException(cancellationToken));
            return;
        }

        _result = Outcome(committer);
    }

    public sealed override void Complete()
    {
        if (_failure is not null)
        {
            _source.SetException(_failure);
            return;
        }

        _source.SetResult(_result);
    }

    public sealed override void Refuse(FhirError error) => _result = error;

    public sealed override void Fail(Exception exception) => _failure = exception;

    Result<T> IValueTaskSource<Result<T>>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Result<T>>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<Result<T>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    protected abstract Result<T> Outcome(Committer committer);
}

/// <summary>A transaction.</summary>
internal sealed class CommitRequest(PreparedTransaction transaction, CancellationToken cancellationToken) : GroupRequest<CommitResult>(cancellationToken)
{
    public override int Weight => Math.Max(1, transaction.Writes.Count);

    public override IReadOnlyList<StoredVersion?> Versions => Known is { IsOk: true, Value: Committed committed } ? committed.Versions : [];

    protected override Result<CommitResult> Outcome(Committer committer) => committer.Apply(transaction);
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
