using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>How a step towards the owner ended.</summary>
internal enum SendOutcome
{
    /// <summary>Told, or nothing to tell.</summary>
    Done,

    /// <summary>The endpoint took nothing.</summary>
    Failed,

    /// <summary>The store could not answer; the endpoint is not to blame.</summary>
    Busy,

    /// <summary>The Subscription is another by now, or off: what is next is to be looked at anew.</summary>
    Overtaken,
}

/// <summary>
/// Serves Subscriptions that have something to do, each by a task of its own and its events in their order. Whether an owner is told of a version is decided
/// here, right before it leaves: by what was given to her, and by a search as she would make it. What does not exist for her is passed over as if it had
/// never been there: nothing is sent, counted, delayed or put on record.
/// </summary>
internal sealed class SubscriptionSender(
    IResourceStore store,
    SubscriptionDirectory directory,
    SubscriptionBook book,
    SubscriptionReader reader,
    SubscriptionStandings standings,
    SubscriptionStatusWriter statuses,
    RestHook hook,
    SubscriptionSockets sockets,
    SubscriptionCatchUp catchUp,
    SubscriptionMeter meter,
    AccessLog log,
    IndexHasher hasher,
    ServerOptions options,
    TimeProvider time,
    ILogger<SubscriptionSender> logger)
{
    /// <summary>How often an endpoint is asked whether it is there before it is given up.</summary>
    private const int MostChecks = 3;

    /// <summary>Fewest failures before an endpoint is given up, however long there was nothing to send between them.</summary>
    private const int FewestFailures = 3;

    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);

    private readonly SubscriptionOptions _options = options.Subscriptions;

    /// <summary>Serves a Subscription until there is nothing to do for it.</summary>
    public async Task ServeAsync(Subscriber subscriber, CancellationToken cancellationToken)
    {
        while (directory.Next(subscriber, out SubscriptionEvent next) is var task and not SubscriberTask.Nothing)
        {
            try
            {
                if (subscriber.Broken > 0)
                {
                    await Task.Delay(PauseAfter(subscriber.Broken), time, cancellationToken);
                }

                await ServeAsync(subscriber, task, next, cancellationToken);
                subscriber.Broken = 0;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The process stops; what waits is read again after the next start.
                return;
            }
            catch (Exception failure)
            {
                // A bug or a store that cannot be read: nothing is passed over for that.
                SubscriptionLog.Failed(logger, subscriber.Key.Id, failure);
                subscriber.Broken++;
            }
        }
    }

    /// <summary>Ends a Subscription whose time is over or whose owner has no right to it any more; true when it was ended.</summary>
    public async ValueTask<bool> EndIfOverAsync(Subscriber subscriber, SubscriptionState state, CancellationToken cancellationToken)
    {
        string? reason = state.Terms?.End is { } end && end <= time.GetUtcNow() ? "Its end has come." : (await standings.OfAsync(subscriber, cancellationToken)).Ended;
        if (reason is null)
        {
            return false;
        }

        await SayAsync(subscriber, state, SubscriptionStatus.Off, reason, cancellationToken);
        SubscriptionLog.Ended(logger, subscriber.Key.Id, reason);
        return true;
    }

    private async Task ServeAsync(Subscriber subscriber, SubscriberTask task, SubscriptionEvent next, CancellationToken cancellationToken)
    {
        SubscriptionState state = subscriber.State;
        if (!state.IsLive || await EndIfOverAsync(subscriber, state, cancellationToken))
        {
            return;
        }

        if (task == SubscriberTask.CatchUp)
        {
            await catchUp.RunAsync(subscriber, cancellationToken);
            return;
        }

        SendOutcome outcome = task == SubscriberTask.Check
            ? await CheckAsync(subscriber, state, cancellationToken)
            : await NotifyAsync(subscriber, state, next, cancellationToken);
        switch (outcome)
        {
            case SendOutcome.Done:
                subscriber.Failures = 0;
                if (task == SubscriberTask.Notify)
                {
                    directory.Complete(subscriber, next);
                }

                break;
            case SendOutcome.Failed:
                await FailAsync(subscriber, state, task, cancellationToken);
                break;
            case SendOutcome.Overtaken:
                await ChangeAsync(subscriber, state, BusyPause, cancellationToken);
                break;
            default:
                await Task.Delay(BusyPause, time, cancellationToken);
                break;
        }
    }

    /// <summary>Sees whether notifications can be sent, and says so.</summary>
    private async ValueTask<SendOutcome> CheckAsync(Subscriber subscriber, SubscriptionState state, CancellationToken cancellationToken)
    {
        if (state.Terms!.Endpoint is { } endpoint)
        {
            using RestHook.Slot slot = await hook.EnterAsync(OwnerOf(subscriber), endpoint, cancellationToken);
            if (HeadersOf(subscriber, state) is not { } headers)
            {
                return SendOutcome.Overtaken;
            }

            if (!await hook.NotifyAsync(endpoint, headers, cancellationToken))
            {
                return SendOutcome.Failed;
            }
        }

        return await statuses.WriteAsync(subscriber, state, SubscriptionStatus.Active, null, cancellationToken) ? SendOutcome.Done : SendOutcome.Busy;
    }

    private async ValueTask<SendOutcome> NotifyAsync(Subscriber subscriber, SubscriptionState state, SubscriptionEvent happened, CancellationToken cancellationToken)
    {
        if (state.Terms is not { Endpoint: { } endpoint } terms)
        {
            return await PingAsync(subscriber, state, happened, cancellationToken);
        }

        using RestHook.Slot slot = await hook.EnterAsync(OwnerOf(subscriber), endpoint, cancellationToken);
        Result<(Requester? Requester, StoredVersion? Version)> found = await FindAsync(subscriber, terms, happened, cancellationToken);
        if (!found.IsOk)
        {
            return SendOutcome.Busy;
        }

        if (found.Value is not ({ } requester, { } version))
        {
            return SendOutcome.Done;
        }

        if (terms.Payload is not { } format)
        {
            return HeadersOf(subscriber, state) is { } few
                ? Sent(SubscriptionChannel.RestHook, await hook.NotifyAsync(endpoint, few, cancellationToken))
                : SendOutcome.Overtaken;
        }

        if (!ReferenceEquals(subscriber.State, state))
        {
            return SendOutcome.Overtaken;
        }

        if (subscriber.Recorded != version.Sequence)
        {
            if (!await RecordAsync(subscriber, requester, version))
            {
                return SendOutcome.Busy;
            }

            // Writing that took a while, in which a consent may have been revoked.
            found = await FindAsync(subscriber, terms, happened, cancellationToken);
            if (!found.IsOk || found.Value.Version is null)
            {
                return found.IsOk ? SendOutcome.Done : SendOutcome.Busy;
            }
        }

        return HeadersOf(subscriber, state) is { } headers
            ? Sent(SubscriptionChannel.RestHook, await hook.SendAsync(endpoint, headers, found.Value.Version!, format, cancellationToken))
            : SendOutcome.Overtaken;
    }

    private async ValueTask<SendOutcome> PingAsync(Subscriber subscriber, SubscriptionState state, SubscriptionEvent happened, CancellationToken cancellationToken)
    {
        if (!sockets.AnyBound(subscriber.Key.Id))
        {
            return SendOutcome.Done;
        }

        Result<(Requester? Requester, StoredVersion? Version)> found = await FindAsync(subscriber, state.Terms!, happened, cancellationToken);
        if (!found.IsOk)
        {
            return SendOutcome.Busy;
        }

        if (!ReferenceEquals(subscriber.State, state))
        {
            return SendOutcome.Overtaken;
        }

        if (found.Value.Version is { } version)
        {
            int sent = await sockets.PingAsync(subscriber.Key.Id, version, cancellationToken);
            meter.Sent(SubscriptionChannel.WebSocket, sent);
        }

        return SendOutcome.Done;
    }

    /// <summary>
    /// The version, if it exists for the owner now, is the newest of its resource, and meets the criteria by what exists for the owner; and who that is. If there
    /// is a newer one, that waits behind it.
    /// </summary>
    private async ValueTask<Result<(Requester? Requester, StoredVersion? Version)>> FindAsync(
        Subscriber subscriber, SubscriptionTerms terms, SubscriptionEvent happened, CancellationToken cancellationToken)
    {
        Standing standing = await standings.OfAsync(subscriber, cancellationToken);
        Result<SearchPlan> plan = reader.SearchFor(terms, happened.Key.Id);
        if (standing.Requester is not { } requester || !plan.IsOk)
        {
            return (null, null);
        }

        Result<SearchPage> page = await store.SearchAsync(requester.Scope, plan.Value.Request, cancellationToken);
        return page.IsOk ? (requester, page.Value.Matches.FirstOrDefault(version => version.Sequence == happened.Sequence)) : page.Error;
    }

    /// <summary>What leaves is on record before it does.</summary>
    private async ValueTask<bool> RecordAsync(Subscriber subscriber, Requester requester, StoredVersion version)
    {
        AccessEvent happened = AccessLog.EventOf(requester, new AccessEntry(), AccessAction.Notification, AccessOutcome.Success) with
        {
            Target = $"{version.Key}/_history/{version.Version}",
            Detail = subscriber.Key.ToString(),
        };
        if (!(await log.AppendAsync(happened, version)).IsOk)
        {
            return false;
        }

        subscriber.Recorded = version.Sequence;
        return true;
    }

    private SendOutcome Sent(SubscriptionChannel channel, bool isTaken)
    {
        if (isTaken)
        {
            meter.Sent(channel, 1);
        }

        return isTaken ? SendOutcome.Done : SendOutcome.Failed;
    }

    private async Task FailAsync(Subscriber subscriber, SubscriptionState state, SubscriberTask task, CancellationToken cancellationToken)
    {
        meter.Failed();
        DateTimeOffset now = time.GetUtcNow();
        if (++subscriber.Failures == 1)
        {
            subscriber.FailingSince = now;
        }

        bool isGivenUp = task == SubscriberTask.Check
            ? subscriber.Failures >= MostChecks
            : subscriber.Failures >= FewestFailures && now - subscriber.FailingSince >= _options.GiveUpAfter;
        if (isGivenUp)
        {
            // No more than that: what exactly went wrong would tell of the network that this server is in.
            await SayAsync(subscriber, state, SubscriptionStatus.Error, $"The endpoint did not take the notification, {subscriber.Failures} times in a row.", cancellationToken);
            SubscriptionLog.GivenUp(logger, subscriber.Key.Id, subscriber.Failures);
            return;
        }

        // Who writes the Subscription anew, with an endpoint that works perhaps, does not wait for that.
        await ChangeAsync(subscriber, state, PauseAfter(subscriber.Failures), cancellationToken);
    }

    /// <summary>Waits until the Subscription is another, but no longer than that.</summary>
    private async Task ChangeAsync(Subscriber subscriber, SubscriptionState state, TimeSpan most, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(most, time, over.Token), subscriber.ChangedFrom(state));
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Writes what has become of a Subscription, as soon as the store can.</summary>
    private async Task SayAsync(Subscriber subscriber, SubscriptionState state, SubscriptionStatus status, string reason, CancellationToken cancellationToken)
    {
        while (!await statuses.WriteAsync(subscriber, state, status, reason, cancellationToken))
        {
            await Task.Delay(BusyPause, time, cancellationToken);
        }
    }

    /// <summary>Doubles each time; up to half of it is left to chance, so that those who fail together do not come again together.</summary>
    private TimeSpan PauseAfter(int failures)
    {
        double longest = Math.Min(_options.FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)), _options.LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds((longest / 2) + (longest / 2 * RandomNumberGenerator.GetInt32(1000) / 1000));
    }

    private long OwnerOf(Subscriber subscriber) => book.Find(subscriber.Key.Id)?.Owner.HashOf(hasher) ?? 0;

    /// <summary>What goes with a notification right now; null when the Subscription is not as it was: nothing leaves after it was changed or turned off.</summary>
    private IReadOnlyList<string>? HeadersOf(Subscriber subscriber, SubscriptionState state)
    {
        // In this order: headers that are known before what they belong to are for another endpoint.
        IReadOnlyList<string> headers = book.Find(subscriber.Key.Id)?.Headers ?? [];
        return !subscriber.IsChanging && ReferenceEquals(subscriber.State, state) ? headers : null;
    }
}
