using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>
/// Hands heads to the target and watches them until they are final. Each head covers all before it, so after an outage one anchor of the newest is
/// enough. Rounds run one after another.
/// </summary>
internal sealed class Anchorer
{
    // With a block a second and finality after a quarter of an hour there are a hundred.
    private const int MaxPending = 256;

    private const long NotHandedIn = long.MinValue;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly IAnchorTarget _target;
    private readonly AnchorJournal _journal;
    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly Queue<(DateTimeOffset At, UInt128 Fee)> _fees = [];
    private DateTimeOffset _due;

    public Anchorer(IAnchorTarget target, AnchorJournal journal, LedgerOptions options, TimeProvider time)
    {
        _target = target;
        _journal = journal;
        _options = options;
        _time = time;
        LoadFees();
    }

    /// <summary>What the target had when it was last asked; null when it never answered.</summary>
    public TreeHead? Head { get; private set; }

    /// <summary>The newest final anchor; null when there is none.</summary>
    public AnchorStatus? NewestFinal => _journal.Count > 0 ? _journal[_journal.Count - 1] : null;

    public bool IsOverBudget { get; private set; }

    /// <summary>What was paid in the last 24 hours for anchors that are final.</summary>
    public UInt128 Spent
    {
        get
        {
            UInt128 spent = 0;
            foreach ((_, UInt128 fee) in _fees)
            {
                spent += fee;
            }

            return spent;
        }
    }

    /// <summary>Asks for the target's head, which has to be one of this log.</summary>
    /// <exception cref="AnchorUnavailableException">It does not answer.</exception>
    public async ValueTask<TreeHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        TreeHead head = await _target.ReadHeadAsync(cancellationToken);
        Head = head;
        return head;
    }

    /// <summary>One round: sees what became of earlier anchors, and hands in the published head when it is time.</summary>
    /// <param name="published">The newest checkpoint.</param>
    /// <param name="check">Throws when a head is not one of this log.</param>
    /// <exception cref="AnchorUnavailableException">The target does not answer; what was done is kept.</exception>
    public async ValueTask StepAsync(TreeHead published, Func<TreeHead, ValueTask> check, CancellationToken cancellationToken)
    {
        TreeHead head = await ReadHeadAsync(cancellationToken);
        await check(head);
        foreach (AnchorStatus anchor in _journal.Pending())
        {
            await WatchAsync(anchor, cancellationToken);
        }

        IReadOnlyList<AnchorStatus> pending = _journal.Pending();
        long covered = Math.Max(head.Size, pending.Count > 0 ? pending[^1].Submission.Next.Size : 0);
        DateTimeOffset now = _time.GetUtcNow();
        if (published.Size > covered && pending.Count < MaxPending && !pending.Any(anchor => anchor.State == AnchorState.Pending) && now >= _due && IsAffordable(now))
        {
            _due = now + _options.AnchorInterval;
            await HandInAsync(new AnchorSubmission(head, published, "", NotHandedIn, now), cancellationToken);
        }
    }

    private async ValueTask WatchAsync(AnchorStatus anchor, CancellationToken cancellationToken)
    {
        if (anchor.Submission is { Transaction: "", Nonce: NotHandedIn })
        {
            // A crash came between the decision and its record: the same again, which the target does not take twice.
            await HandInAsync(anchor.Submission, cancellationToken);
            return;
        }

        AnchorStatus now = await _target.StatusOfAsync(anchor.Submission, cancellationToken);
        switch (now.State)
        {
            case AnchorState.Final:
                _journal.Finalise(now);
                _fees.Enqueue((now.Submission.SubmittedAt, now.Fee));
                break;
            case AnchorState.Refused:
                _journal.Drop(now);
                break;
            case AnchorState.Pending or AnchorState.Mined when now != anchor:
                _journal.Store(now);
                break;
        }
    }

    private async ValueTask HandInAsync(AnchorSubmission intent, CancellationToken cancellationToken)
    {
        _journal.Store(new AnchorStatus(AnchorState.Pending, intent, 0, null, 0));
        AnchorSubmission submission = await _target.SubmitAsync(intent.Previous, intent.Next, cancellationToken);
        _journal.Store(new AnchorStatus(AnchorState.Pending, submission, 0, null, 0));
    }

    private bool IsAffordable(DateTimeOffset now)
    {
        while (_fees.TryPeek(out (DateTimeOffset At, UInt128) oldest) && now - oldest.At > Day)
        {
            _fees.Dequeue();
        }

        UInt128 pending = 0;
        foreach (AnchorStatus anchor in _journal.Pending())
        {
            pending += anchor.Fee;
        }

        IsOverBudget = _options.FeePerDay is { } cap && Spent + pending >= cap;
        return !IsOverBudget;
    }

    private void LoadFees()
    {
        DateTimeOffset since = _time.GetUtcNow() - Day;
        var recent = new Stack<(DateTimeOffset, UInt128)>();
        for (long number = _journal.Count - 1; number >= 0 && _journal[number] is var anchor && anchor.Submission.SubmittedAt >= since; number--)
        {
            recent.Push((anchor.Submission.SubmittedAt, anchor.Fee));
        }

        foreach ((DateTimeOffset, UInt128) fee in recent)
        {
            _fees.Enqueue(fee);
        }
    }
}
