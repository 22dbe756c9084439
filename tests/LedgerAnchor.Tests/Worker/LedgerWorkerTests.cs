using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

/// <summary>The loops, in real time with short intervals. What they wait for is named when it does not come.</summary>
public sealed class LedgerWorkerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LedgerWorld _world = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public LedgerWorkerTests() => _world.Options = new LedgerOptions
    {
        IntegrateInterval = TimeSpan.FromMilliseconds(1),
        CheckpointInterval = TimeSpan.FromMilliseconds(2),
        AnchorInterval = TimeSpan.FromMilliseconds(5),
        FirstRetry = TimeSpan.FromMilliseconds(1),
        LongestRetry = TimeSpan.FromMilliseconds(10),
    };

    [Fact]
    public async Task Leaves_are_published_and_anchored_as_they_come()
    {
        using LedgerWorker worker = Start(out Task running);
        for (int i = 0; i < 5; i++)
        {
            _world.Leaves.AddMany(100);
            long size = _world.Leaves.Count;
            await UntilAsync(worker, status => status.Published.Size == size, "checkpoint");
            await UntilAsync(worker, status => status.Anchored?.Size == size, "anchor");
        }

        Assert.Equal(_world.Leaves.RootOf(500), worker.Status.Published.Root);
        Assert.Equal((0L, 0L), (worker.Status.Lag, worker.Status.AnchorLag));
        Assert.Null(worker.Status.Alarm);
        await StopAsync(running);
    }

    [Fact]
    public async Task While_the_chain_was_never_reached_nothing_is_signed_and_then_everything_is()
    {
        _world.Chain.IsAway = true;
        using LedgerWorker worker = Start(out Task running);
        _world.Leaves.AddMany(10);
        await UntilAsync(worker, status => status.Problem is not null, "report of the problem");
        Assert.False(worker.Status.IsSigning);
        Assert.Null(_world.Checkpoint);
        Assert.Equal(10, worker.Status.Lag);

        _world.Chain.IsAway = false;
        await UntilAsync(worker, status => status.Anchored?.Size == 10 && status.Problem is null, "anchor");
        await StopAsync(running);
    }

    [Fact]
    public async Task An_outage_of_the_chain_holds_up_anchors_and_nothing_else()
    {
        using LedgerWorker worker = Start(out Task running);
        _world.Leaves.AddMany(10);
        await UntilAsync(worker, status => status.Anchored?.Size == 10, "first anchor");

        _world.Chain.IsAway = true;
        _world.Leaves.AddMany(10);
        await UntilAsync(worker, status => status.Published.Size == 20 && status.Problem is not null, "checkpoint");
        Assert.Equal(10, worker.Status.AnchorLag);
        _world.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.True(worker.Status.AnchorLagTime >= TimeSpan.FromMinutes(3));

        _world.Chain.IsAway = false;
        await UntilAsync(worker, status => status.Anchored?.Size == 20, "second anchor");
        Assert.Equal(TimeSpan.Zero, worker.Status.AnchorLagTime);
        await StopAsync(running);
    }

    [Fact]
    public async Task An_alarm_stops_the_signing_and_says_why()
    {
        LedgerAlarm? told = null;
        using LedgerWorker worker = Start(out Task running, alarm => told = alarm);
        _world.Leaves.AddMany(10);
        await UntilAsync(worker, status => status.Anchored?.Size == 10, "first anchor");
        _world.Chain.Usurp(new TreeHead(11, Hash256.Of("another server"u8)));

        await UntilAsync(worker, status => status.Alarm is not null, "alarm");
        await running.WaitAsync(Patience, TestContext.Current.CancellationToken);

        byte[] last = _world.Checkpoint!;
        _world.Leaves.AddMany(10);
        Assert.Equal(LedgerFault.AnchorAhead, told!.Finding.Fault);
        Assert.False(worker.Status.IsSigning);
        Assert.Equal(last, _world.Checkpoint);
        Assert.Equal(10, worker.Status.Lag);
    }

    public void Dispose() => _stop.Dispose();

    private LedgerWorker Start(out Task running, Action<LedgerAlarm>? onAlarm = null)
    {
        // The tests' clock stands still, and waiting on it would too.
        var worker = new LedgerWorker(_world.Parts with
        {
            Time = new WaitingClock(_world.Clock),
            Target = _ => _world.Chain.IsAway ? throw new AnchorUnavailableException("away") : new(_world.Chain),
            OnAlarm = onAlarm,
        });
        running = Task.Run(() => worker.RunAsync(_stop.Token), CancellationToken.None);
        return worker;
    }

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await running.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private async Task UntilAsync(LedgerWorker worker, Func<LedgerStatus, bool> has, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!has(worker.Status))
        {
            _world.Chain.Mine();
            _world.Clock.Advance(TimeSpan.FromMilliseconds(10));
            Assert.False(patience.IsCancellationRequested, $"The {what} did not come: {worker.Status}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Shows the tests' time, and waits in real time.</summary>
    private sealed class WaitingClock(TimeProvider shown) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => shown.GetUtcNow();
    }
}
