using System.Runtime.CompilerServices;
using HealthChain.FhirServer.Access;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>A version that may have to be told of.</summary>
internal readonly record struct SubscriptionEvent(long Sequence, ResourceKey Key);

/// <summary>What is next for a Subscription.</summary>
internal enum SubscriberTask
{
    Nothing,

    /// <summary>To see whether notifications can be sent.</summary>
    Check,
    Notify,

    /// <summary>To read what did not find room in memory.</summary>
    CatchUp,
}

/// <summary>A Subscription and what waits for it.</summary>
/// <remarks><see cref="State"/> and <see cref="Becoming"/> may be read by anybody; the queue belongs to <see cref="SubscriptionDirectory"/>, all else to the one task that serves it.</remarks>
internal sealed class Subscriber(ResourceKey key)
{
    private volatile SubscriptionState _state = new(0, SubscriptionStatus.Off, null);
    private StrongBox<SubscriptionStatus>? _becoming;
    private int _changing;
    private TaskCompletionSource _changed = NewChange();

    public ResourceKey Key => key;

    public SubscriptionState State
    {
        get => _state;
        set
        {
            _state = value;
            Interlocked.Exchange(ref _changed, NewChange()).SetResult();
        }
    }

    /// <summary>Ends when the state is not that one any more.</summary>
    public Task ChangedFrom(SubscriptionState state)
    {
        // Taken before looking, so that no change is missed in between.
        Task changed = Volatile.Read(ref _changed).Task;
        return ReferenceEquals(State, state) ? changed : Task.CompletedTask;
    }

    /// <summary>What the server is about to say of it, which can be read in the store a moment before <see cref="State"/> says it; null for nothing.</summary>
    public StrongBox<SubscriptionStatus>? Becoming
    {
        get => Volatile.Read(ref _becoming);
        set => Volatile.Write(ref _becoming, value);
    }

    /// <summary>Whether a version was committed that <see cref="State"/> does not say yet, while what is kept beside it may be that version's already.</summary>
    public bool IsChanging => Volatile.Read(ref _changing) > 0;

    public void BeginChange() => Interlocked.Increment(ref _changing);

    public void EndChange() => Interlocked.Decrement(ref _changing);

    /// <summary>Ends what was about to be said, unless somebody else is about to say something.</summary>
    public void Became(StrongBox<SubscriptionStatus> said) => Interlocked.CompareExchange(ref _becoming, null, said);

    public Queue<SubscriptionEvent> Waiting { get; } = [];

    /// <summary>Everything up to this sequence number was told, or need not be.</summary>
    public long Done { get; set; }

    /// <summary>Nothing up to this sequence number is to be queued any more.</summary>
    public long QueuedThrough { get; set; }

    /// <summary>From where on versions were not looked at for this Subscription; null when it keeps up.</summary>
    public long? ResumeFrom { get; set; }

    /// <summary>Whether a task serves it.</summary>
    public bool IsServed { get; set; }

    /// <summary>How often in a row its endpoint took nothing.</summary>
    public int Failures { get; set; }

    /// <summary>How often in a row it could not be served for a reason that lies here.</summary>
    public int Broken { get; set; }

    public DateTimeOffset FailingSince { get; set; }

    /// <summary>Sequence number of the version whose disclosure was put on record last.</summary>
    public long Recorded { get; set; }

    /// <summary>On whose behalf it was served last, as what was given stood then.</summary>
    public KnownRequester? Known { get; set; }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A requester, and what it was made of.</summary>
internal sealed record KnownRequester(AccessGrant Grant, Requester Requester)
{
    public bool IsOf(AccessGrant other) =>
        Grant.Role == other.Role && Grant.Organisation == other.Organisation && Grant.FhirUser == other.FhirUser && Grant.Purpose == other.Purpose
        && Grant.Launch.Patient == other.Launch.Patient && Grant.Scopes.Text == other.Scopes.Text && Grant.Client == other.Client && Grant.Account == other.Account;
}
