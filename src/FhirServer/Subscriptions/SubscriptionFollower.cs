using System.Collections.Concurrent;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>
/// Follows the commits of the store, in their order, and queues what Subscriptions may have to be told of; from time to time it writes down how far they are,
/// so that a restart repeats little and loses nothing.
/// </summary>
internal sealed class SubscriptionFollower(
    IResourceStore store,
    SubscriptionDirectory directory,
    SubscriptionBook book,
    RecentCommits recent,
    SubscriptionSender sender,
    SubscriptionStatusWriter statuses,
    SearchParameterSet parameters,
    IndexHasher hasher,
    ServerOptions options,
    TimeProvider time,
    ILogger<SubscriptionFollower> logger) : BackgroundService
{
    private const int PageSize = 1000;
    private const int ReadAtOnce = 256;
    private const int MostWaits = 4;

    private static readonly AccessScope Scope = AccessScope.System("subscriptions");

    /// <summary>Commits that come together are looked at together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan CursorInterval = TimeSpan.FromSeconds(2);

    /// <summary>How long it may take until a Subscription that nothing happens to says that it has ended.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, byte> _serving = [];
    private CancellationToken _stop;
    private SubscriptionCursors? _written;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (book.IsDamaged)
        {
            SubscriptionLog.Damaged(logger);
        }

        // A store that was put back from a backup is behind what was written down. Where nothing was, nothing is known to have been told.
        SubscriptionCursors? cursors = book.ReadCursors();
        long position = Math.Min(cursors?.Position ?? long.MaxValue, store.Newest);
        directory.Begin(position);
        _stop = _stopping.Token;
        directory.OnWork = Serve;
        var search = new SearchRequest { Types = [ResourceTypes.Find(SubscriptionTerms.Type)!], Count = PageSize };
        do
        {
            SearchPage page = (await store.SearchAsync(Scope, search, cancellationToken)).Value;
            foreach (StoredVersion version in page.Matches)
            {
                long done = cursors is null ? 0 : Math.Min(cursors.Behind.GetValueOrDefault(version.Key.Id, position), position);
                directory.Apply(version, Math.Max(done, book.Find(version.Key.Id)?.Since ?? 0));
            }

            search = search with { After = page.Next };
        }
        while (search.After is not null);

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_serving.Keys).WaitAsync(cancellationToken);
        WriteCursors();
    }

    /// <summary>Ends the work and no more, as the base class does: a host may be stopped once more while it is disposed.</summary>
    public override void Dispose()
    {
        _stopping.Cancel();
        base.Dispose();
    }

    /// <summary>Under the directory's lock, and so once for each Subscription at a time.</summary>
    private void Serve(Subscriber subscriber)
    {
        Task serving = Task.Run(() => sender.ServeAsync(subscriber, _stop), CancellationToken.None);
        _serving.TryAdd(serving, 0);
        _ = serving.ContinueWith(ended => _serving.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        RepeatAsync(FollowAsync, TimeSpan.Zero, stoppingToken),
        RepeatAsync(WriteCursorsAsync, CursorInterval, stoppingToken),
        RepeatAsync(SweepAsync, SweepInterval, stoppingToken));

    private async Task RepeatAsync(Func<CancellationToken, Task> work, TimeSpan interval, CancellationToken cancellationToken)
    {
        bool hasFailed = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (hasFailed)
                {
                    await Task.Delay(PauseAfterFailure, time, cancellationToken);
                }

                await work(cancellationToken);
                hasFailed = false;
                await Task.Delay(interval, time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                SubscriptionLog.Behind(logger, failure);
                hasFailed = true;
            }
        }
    }

    /// <summary>Looks at all that was committed until now, and waits for more.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var values = new VersionValues(parameters, hasher, options.BaseUrl);
        while (true)
        {
            long newest = store.Newest;
            directory.Take(newest);
            int waits = 0;
            while (directory.Live > 0 && directory.Position + 1 is var next && next <= newest)
            {
                if (recent.TryTake(next, out RecentCommit commit))
                {
                    Consider(next, commit, values);
                }
                else if (waits++ < MostWaits)
                {
                    // Whoever committed it may be about to say so.
                    await Task.Delay(Gathering, time, cancellationToken);
                }
                else
                {
                    await ReadAsync(next, newest, values, cancellationToken);
                }
            }

            directory.Pass(newest);
            await store.WaitForChangeAsync(directory.Position, cancellationToken);
            await Task.Delay(Gathering, time, cancellationToken);
        }
    }

    /// <summary>Reads from the store what nobody told of: most of it records, or what was committed before a start.</summary>
    private async Task ReadAsync(long from, long newest, VersionValues values, CancellationToken cancellationToken)
    {
        long to = from;
        while (to < newest && to - from < ReadAtOnce && !recent.Has(to + 1))
        {
            to++;
        }

        long[] sequences = [.. Enumerable.Range(0, (int)(to - from) + 1).Select(number => from + number)];
        foreach (VersionIdentity identity in await store.IdentifyAsync(Scope, sequences, cancellationToken))
        {
            if (directory.IsWanted(identity.Key.Type) && await store.ReadVersionAsync(Scope, identity.Key, identity.Version, cancellationToken) is { } version)
            {
                Consider(identity.Sequence, new RecentCommit(version, default), values);
            }
        }

        directory.Pass(to);
    }

    private void Consider(long sequence, in RecentCommit commit, VersionValues values)
    {
        if (commit.Version is not { IsDeleted: false } version || !directory.IsWanted(version.Key.Type))
        {
            directory.Pass(sequence);
            return;
        }

        if (commit.Resource.Exists)
        {
            values.Read(commit.Resource);
        }
        else
        {
            values.Read(version);
        }

        directory.Consider(version, values);
    }

    private Task WriteCursorsAsync(CancellationToken cancellationToken)
    {
        WriteCursors();
        return Task.CompletedTask;
    }

    private void WriteCursors()
    {
        SubscriptionCursors now = directory.Cursors();
        bool isSame = _written is { } before && before.Position == now.Position && before.Behind.Count == now.Behind.Count && !before.Behind.Except(now.Behind).Any();

        // Nobody to tell: at the next start everything from then on counts.
        if (!isSame && directory.Live > 0)
        {
            book.WriteCursors(now);
            _written = now;
        }
    }

    /// <summary>Subscriptions that have ended say so, even if nothing happens that they would be told of.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (Subscriber subscriber in directory.All())
        {
            SubscriptionState state = subscriber.State;
            if (state.IsLive)
            {
                await sender.EndIfOverAsync(subscriber, state, cancellationToken);
            }
            else if (state is { Terms: null, Status: SubscriptionStatus.Requested or SubscriptionStatus.Active })
            {
                await statuses.WriteAsync(subscriber, state, SubscriptionStatus.Error, "This Subscription cannot be served any more: it is not known whose it is, or its criteria or endpoint are not allowed here.", cancellationToken);
            }
        }
    }
}
