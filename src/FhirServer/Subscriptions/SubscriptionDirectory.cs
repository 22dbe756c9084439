using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>All Subscriptions of this server with what waits for them, in memory; kept up with every commit before its answer leaves.</summary>
/// <remarks>Thread-safe. Commits may tell of their versions in whatever order: of each Subscription the newest version counts.</remarks>
internal sealed class SubscriptionDirectory(SubscriptionReader reader, SubscriptionBook book, IndexHasher hasher, ServerOptions options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subscriber> _all = new(StringComparer.Ordinal);
    private readonly CriteriaIndex _index = new(hasher);
    private readonly List<Subscriber> _found = [];
    private readonly int _mostWaiting = options.Subscriptions.Waiting;
    private int _live;
    private long _position;
    private long _taken;

    /// <summary>Is called for a Subscription that has something to do and nobody who does it; on whatever thread, under the directory's lock.</summary>
    public Action<Subscriber> OnWork { get; set; } = _ => { };

    /// <summary>Up to which sequence number versions were looked at.</summary>
    public long Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    /// <summary>How many are not off.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>How many notifications wait in memory.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _all.Values.Sum(subscriber => subscriber.Waiting.Count);
            }
        }
    }

    public Subscriber? Find(string id)
    {
        lock (_gate)
        {
            return _all.GetValueOrDefault(id);
        }
    }

    public IReadOnlyList<Subscriber> All()
    {
        lock (_gate)
        {
            return [.. _all.Values];
        }
    }

    /// <summary>Starts where the process before ended.</summary>
    public void Begin(long position)
    {
        lock (_gate)
        {
            _position = position;
        }
    }

    /// <summary>
    /// Versions up to this sequence number are about to be looked at, or passed over because nobody wants them. A Subscription that comes in the midst of that
    /// may come too late for some of them, and reads them by itself.
    /// </summary>
    public void Take(long through)
    {
        lock (_gate)
        {
            _taken = Math.Max(_taken, through);
        }
    }

    /// <summary>Takes note of a version of a Subscription.</summary>
    /// <param name="cursor">Up to where it was told of everything before; null for what this version says.</param>
    public void Apply(StoredVersion version, long? cursor = null)
    {
        SubscriptionState now = StateOf(version);
        lock (_gate)
        {
            if (!_all.TryGetValue(version.Key.Id, out Subscriber? subscriber))
            {
                _all[version.Key.Id] = subscriber = new Subscriber(version.Key);
            }

            SubscriptionState before = subscriber.State;
            if (before.Sequence >= now.Sequence)
            {
                return;
            }

            if (before.IsLive)
            {
                _index.Remove(subscriber, before.Terms!);
                _live--;
            }

            subscriber.State = now;
            if (!now.IsLive)
            {
                subscriber.Waiting.Clear();
                subscriber.ResumeFrom = null;
                return;
            }

            _index.Add(subscriber, now.Terms!);
            _live++;
            if (!before.IsLive)
            {
                Start(subscriber, cursor ?? now.Sequence);
            }

            if (now.Status == SubscriptionStatus.Requested)
            {
                subscriber.Failures = 0;
            }

            Wake(subscriber);
        }
    }

    /// <summary>Whether versions of a type have to be looked at.</summary>
    public bool IsWanted(string type)
    {
        lock (_gate)
        {
            return _index.Has(type);
        }
    }

    /// <summary>Queues a version for those whose criteria it may meet. Versions come in their order.</summary>
    public void Consider(StoredVersion version, VersionValues values)
    {
        lock (_gate)
        {
            _position = version.Sequence;
            _found.Clear();
            _index.Find(version.Key.Type, values, _found);
            foreach (Subscriber subscriber in _found)
            {
                if (subscriber.ResumeFrom is null && version.Sequence > subscriber.QueuedThrough)
                {
                    Queue(subscriber, new SubscriptionEvent(version.Sequence, version.Key));
                    Wake(subscriber);
                }
            }
        }
    }

    /// <summary>There was nothing else up to this sequence number.</summary>
    public void Pass(long position)
    {
        lock (_gate)
        {
            _position = Math.Max(_position, position);
        }
    }

    /// <summary>What is next for a Subscription; with Nothing it is not served any more.</summary>
    public SubscriberTask Next(Subscriber subscriber, out SubscriptionEvent next)
    {
        lock (_gate)
        {
            SubscriberTask task = NextOf(subscriber);
            next = task == SubscriberTask.Notify ? subscriber.Waiting.Peek() : default;
            subscriber.IsServed = task != SubscriberTask.Nothing;
            return task;
        }
    }

    /// <summary>A version was told of, or need not be.</summary>
    public void Complete(Subscriber subscriber, SubscriptionEvent told)
    {
        lock (_gate)
        {
            if (subscriber.Waiting.TryPeek(out SubscriptionEvent first) && first == told)
            {
                subscriber.Waiting.Dequeue();
                subscriber.Done = told.Sequence;
            }
        }
    }

    /// <summary>Queues a version for one that catches up; false when there is no room any more.</summary>
    public bool CatchUp(Subscriber subscriber, StoredVersion version, VersionValues values)
    {
        lock (_gate)
        {
            if (subscriber.State is not { IsLive: true, Terms: { } terms } || subscriber.Waiting.Count >= _mostWaiting)
            {
                return false;
            }

            if (terms.Of.Name == version.Key.Type && CriteriaIndex.MayMeet(values.Values, terms.Criterion))
            {
                subscriber.Waiting.Enqueue(new SubscriptionEvent(version.Sequence, version.Key));
                subscriber.QueuedThrough = version.Sequence;
            }

            subscriber.ResumeFrom = version.Sequence;
            return true;
        }
    }

    /// <summary>One that caught up has seen everything up to a sequence number; from there on it goes with all others, if those are not further already.</summary>
    public void EndCatchUp(Subscriber subscriber, long through)
    {
        lock (_gate)
        {
            subscriber.QueuedThrough = Math.Max(subscriber.QueuedThrough, through);
            subscriber.ResumeFrom = subscriber.State.IsLive && _position > through ? through : null;
        }
    }

    public SubscriptionCursors Cursors()
    {
        lock (_gate)
        {
            return new SubscriptionCursors(_position, _all.Values.Where(subscriber => subscriber.State.IsLive && IsBehind(subscriber)).ToDictionary(subscriber => subscriber.Key.Id, subscriber => subscriber.Done));
        }
    }

    private static bool IsBehind(Subscriber subscriber) => subscriber.Waiting.Count > 0 || subscriber.ResumeFrom is not null || subscriber.State.Status == SubscriptionStatus.Requested;

    private void Start(Subscriber subscriber, long cursor)
    {
        subscriber.Done = cursor;
        subscriber.QueuedThrough = cursor;
        subscriber.ResumeFrom = Math.Max(_taken, _position) > cursor ? cursor : null;
        subscriber.Failures = 0;
    }

    private void Queue(Subscriber subscriber, SubscriptionEvent happened)
    {
        if (subscriber.Waiting.Count >= _mostWaiting)
        {
            subscriber.ResumeFrom = subscriber.QueuedThrough;
            return;
        }

        subscriber.Waiting.Enqueue(happened);
        subscriber.QueuedThrough = happened.Sequence;
    }

    private void Wake(Subscriber subscriber)
    {
        if (!subscriber.IsServed && NextOf(subscriber) != SubscriberTask.Nothing)
        {
            subscriber.IsServed = true;
            OnWork(subscriber);
        }
    }

    private static SubscriberTask NextOf(Subscriber subscriber) => subscriber.State switch
    {
        { IsLive: false } => SubscriberTask.Nothing,
        { Status: SubscriptionStatus.Requested } => SubscriberTask.Check,
        _ when subscriber.Waiting.Count > 0 => SubscriberTask.Notify,
        _ when subscriber.ResumeFrom is not null => SubscriberTask.CatchUp,
        _ => SubscriberTask.Nothing,
    };

    /// <summary>One whose terms cannot be read any more, or that nobody is known to own, is told of nothing.</summary>
    private SubscriptionState StateOf(StoredVersion version)
    {
        if (version.IsDeleted)
        {
            return new SubscriptionState(version.Sequence, SubscriptionStatus.Off, null);
        }

        Element subscription = FhirJson.Read(version.Json).Root;
        SubscriptionStatus status = SubscriptionStatuses.Find(subscription.TextOf("status")) ?? SubscriptionStatus.Off;
        Result<SubscriptionTerms> terms = reader.Read(subscription);
        return new SubscriptionState(version.Sequence, status, terms.IsOk && book.Find(version.Key.Id) is not null ? terms.Value : null);
    }
}
