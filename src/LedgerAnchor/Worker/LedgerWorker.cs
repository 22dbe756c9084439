using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// Makes a log of leaves: hashes them into the tree, publishes signed checkpoints and anchors them. What it finds wrong stops the signing and
/// becomes an alarm; what does not work is tried again. Whoever writes leaves never waits for it.
/// </summary>
public sealed class LedgerWorker : IDisposable
{
    private readonly LedgerParts _parts;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource<CheckpointWriter> _writer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _targetChecked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly LagClock _publishing;
    private readonly LagClock _anchoring;
    private volatile LedgerAlarm? _alarm;
    private volatile string? _writeProblem;
    private volatile string? _anchorProblem;
    private volatile Anchorer? _anchorer;
    private volatile AnchorJournal? _anchors;
    private volatile IAnchorTarget? _target;

    public LedgerWorker(LedgerParts parts)
    {
        _parts = parts;
        _time = parts.Time;
        _publishing = new LagClock(parts.Time);
        _anchoring = new LagClock(parts.Time);
        if (parts.Target is null)
        {
            _targetChecked.SetResult();
        }
    }

    public string Origin => _parts.Signer.Verifier.Name;

    public NoteVerifier Key => _parts.Signer.Verifier;

    /// <summary>The newest checkpoint; null before the first.</summary>
    public PublishedCheckpoint? Published => Writer?.Published;

    /// <summary>Proofs for every published size; null until the log was opened.</summary>
    public TileTree? Tree => Writer?.Tree;

    /// <summary>Name of the target; null without one, or before it was reached first.</summary>
    public string? TargetName => _target?.Name;

    /// <summary>Where heads are anchored; null without one, or before it was reached first.</summary>
    public IAnchorTarget? Target => _target;

    public LedgerStatus Status
    {
        get
        {
            CheckpointWriter? writer = Writer;
            Anchorer? anchorer = _anchorer;
            TreeHead published = writer?.Published?.Head ?? TreeHead.Empty;
            long leaves = _parts.Leaves.Count;
            return new LedgerStatus
            {
                Alarm = _alarm,
                IsSigning = _alarm is null && writer is not null && _targetChecked.Task.IsCompleted,
                Problem = _writeProblem ?? _anchorProblem ?? writer?.WitnessProblem,
                Leaves = leaves,
                Published = published,
                LagTime = _publishing.Behind(published.Size, leaves),
                Anchored = anchorer?.Head,
                AnchorLagTime = _parts.Target is null ? TimeSpan.Zero : _anchoring.Behind(anchorer?.Head?.Size ?? 0, published.Size),
                Spent = anchorer?.Spent ?? 0,
                IsOverBudget = anchorer?.IsOverBudget ?? false,
            };
        }
    }

    private CheckpointWriter? Writer => _writer.Task.IsCompletedSuccessfully ? _writer.Task.Result : null;

    /// <summary>Anchors that prove a leaf of that index or any before it, the earliest first: at most one that is final and one on its way.</summary>
    public IReadOnlyList<AnchorStatus> AnchorsCovering(long index)
    {
        if (_anchors is not { } journal)
        {
            return [];
        }

        AnchorStatus? final = journal.FirstCovering(index + 1);
        AnchorStatus? mined = final is null
            ? journal.Pending().FirstOrDefault(anchor => anchor.State == AnchorState.Mined && anchor.Submission.Next.Size > index)
            : null;
        return final is not null ? [final] : mined is not null ? [mined] : [];
    }

    /// <summary>The newest anchors: the last that is final, and those on their way.</summary>
    public IReadOnlyList<AnchorStatus> NewestAnchors() =>
        _anchors is not { } journal ? [] : [.. journal.Count > 0 ? [journal[journal.Count - 1]] : Array.Empty<AnchorStatus>(), .. journal.Pending()];

    /// <summary>Works until it is cancelled, or until an alarm.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await Task.WhenAll(GuardAsync(WriteAsync, either.Token), _parts.Target is null ? Task.CompletedTask : GuardAsync(AnchorAsync, either.Token));
    }

    public void Dispose()
    {
        Writer?.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<CheckpointWriter> OpenAsync(CancellationToken cancellationToken)
    {
        CheckpointWriter writer = await CheckpointWriter.OpenAsync(_parts, cancellationToken);
        while (await writer.IntegrateAsync(cancellationToken) > 0)
        {
            // One batch after another, until heads that others hold can be compared.
        }

        _writer.SetResult(writer);
        return writer;
    }

    /// <summary>A loop ends by cancellation or by an alarm, which ends the other too.</summary>
    private async Task GuardAsync(Func<CancellationToken, Task> loop, CancellationToken cancellationToken)
    {
        try
        {
            await loop(cancellationToken);
        }
        catch (LedgerFaultException fault)
        {
            Raise(fault.Finding);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process stops, or the other loop has found something; everything that was begun can be begun again.
        }
    }

    private void Raise(LedgerFinding finding)
    {
        var alarm = new LedgerAlarm(finding, _time.GetUtcNow());
        if (Interlocked.CompareExchange(ref _alarm, alarm, null) is null)
        {
            _stop.Cancel();
            _parts.OnAlarm?.Invoke(alarm);
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        CheckpointWriter writer = await RetryAsync(OpenAsync, problem => _writeProblem = problem, cancellationToken);
        await _targetChecked.Task.WaitAsync(cancellationToken);
        DateTimeOffset due = default;
        while (true)
        {
            due = await RetryAsync(token => WriteOnceAsync(writer, due, token), problem => _writeProblem = problem, cancellationToken);
        }
    }

    /// <summary>Waits for leaves, integrates them, and publishes when that is due.</summary>
    /// <returns>When the next checkpoint is due.</returns>
    private async ValueTask<DateTimeOffset> WriteOnceAsync(CheckpointWriter writer, DateTimeOffset due, CancellationToken cancellationToken)
    {
        long published = writer.Published?.Head.Size ?? 0;
        if (writer.Integrated == published)
        {
            await _parts.Leaves.WaitForMoreAsync(published, cancellationToken);
        }

        _publishing.Behind(published, _parts.Leaves.Count);
        if (_parts.Leaves.Count - writer.Integrated < _parts.Options.IntegrateLeaves)
        {
            await Task.Delay(_parts.Options.IntegrateInterval, _time, cancellationToken);
        }

        await writer.IntegrateAsync(cancellationToken);
        DateTimeOffset now = _time.GetUtcNow();
        if (now < due && writer.Integrated - published < _parts.Options.MaxBatch)
        {
            return due;
        }

        if (await writer.PublishAsync(cancellationToken))
        {
            _anchoring.Behind(_anchorer?.Head?.Size ?? 0, writer.Integrated);
        }

        return now + _parts.Options.CheckpointInterval;
    }

    private async Task AnchorAsync(CancellationToken cancellationToken)
    {
        CheckpointWriter writer = await _writer.Task.WaitAsync(cancellationToken);
        Anchorer anchorer = await RetryAsync(MakeAnchorerAsync, problem => _anchorProblem = problem, cancellationToken);
        async ValueTask CheckAsync(TreeHead head)
        {
            await writer.CheckAsync(head, _target!.Name, cancellationToken);
            _targetChecked.TrySetResult();
        }

        while (true)
        {
            await RetryAsync(
                async token =>
                {
                    await anchorer.StepAsync(writer.Published?.Head ?? TreeHead.Empty, CheckAsync, token);
                    return true;
                },
                problem => _anchorProblem = problem,
                cancellationToken);
            await Task.Delay(_parts.Options.WatchInterval, _time, cancellationToken);
        }
    }

    private async ValueTask<Anchorer> MakeAnchorerAsync(CancellationToken cancellationToken)
    {
        _target ??= await _parts.Target!(cancellationToken);
        try
        {
            _anchors = AnchorJournal.Open(_parts.Disk, _parts.Folder, _target.Name);
        }
        catch (JournalDamagedException damage)
        {
            throw new LedgerFaultException(LedgerFault.JournalDamaged, damage.Message);
        }

        return _anchorer = new Anchorer(_target, _anchors, _parts.Options, _time);
    }

    /// <summary>Until it succeeds, with longer and longer waits: disks fill, chains and witnesses go away and come back.</summary>
    private async ValueTask<T> RetryAsync<T>(Func<CancellationToken, ValueTask<T>> step, Action<string?> report, CancellationToken cancellationToken)
    {
        TimeSpan wait = _parts.Options.FirstRetry;
        for (; ; )
        {
            try
            {
                T result = await step(cancellationToken);
                report(null);
                return result;
            }
            catch (Exception failure) when (failure is not LedgerFaultException && !cancellationToken.IsCancellationRequested)
            {
                report(failure.Message);
                _parts.OnFailure?.Invoke(failure);
            }

            await Task.Delay(wait, _time, cancellationToken);
            wait = wait * 2 < _parts.Options.LongestRetry ? wait * 2 : _parts.Options.LongestRetry;
        }
    }
}
