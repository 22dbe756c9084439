using System.Net;

namespace HealthChain.Smart.Accounts;

/// <summary>How often logins may fail before they must wait.</summary>
public sealed record LockoutOptions
{
    /// <summary>Failed logins to one account before the next must wait.</summary>
    public int FreeFailures { get; init; } = 5;

    /// <summary>How long the first wait is; each further failure doubles it.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait: nobody can lock a user out for longer than this after the last attempt.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>After a time without failures nothing of them counts any more.</summary>
    public TimeSpan Memory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Failed logins from one address at once, to whatever accounts.</summary>
    public int FailuresOfAddress { get; init; } = 30;

    /// <summary>In which time an address may fail once more.</summary>
    public TimeSpan AddressInterval { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// Slows down who guesses. What is counted are names as they were typed, so that it tells nothing about which of them exist. In memory only: a
/// write to disk for each wrong password would be a gift to attackers, and a restart gives them a handful of guesses.
/// </summary>
/// <remarks>
/// Thread-safe. An attempt counts as failed from its begin until it has succeeded: many at once gain nothing. A browser in which somebody
/// logged in to an account before has a count of its own (<see cref="KnownBrowsers"/>), so that strangers who try that account do not lock
/// out its owner; nor does it wait for what others behind the same address did.
/// </remarks>
internal sealed class LoginGuard(LockoutOptions options, TimeProvider time)
{
    private const int MostRemembered = 100_000;

    private readonly Lock _gate = new();
    private readonly FadingTable<Failures> _failures = new(MostRemembered);
    private readonly AddressRate _addresses = new(options.FailuresOfAddress, options.AddressInterval, time);

    /// <summary>Begins an attempt; how long it must wait, or null when it may be made now.</summary>
    public TimeSpan? Begin(LoginOrigin origin)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_gate)
        {
            Failures before = _failures.TryGet(origin.Counted, out Failures found) && now - found.Last <= options.Memory ? found : default;
            if (before.Until > now)
            {
                return before.Until - now;
            }

            if (!origin.IsKnownBrowser && _addresses.Take(origin.Address) is { } wait)
            {
                return wait;
            }

            int count = before.Count + 1;
            DateTimeOffset until = count < options.FreeFailures ? DateTimeOffset.MinValue : now + DelayAfter(count - options.FreeFailures);
            _failures.Put(origin.Counted, new Failures(count, until, now));
            return null;
        }
    }

    /// <summary>The attempt was no failure: the account starts anew. The address does not, or one account of one's own would open all others.</summary>
    public void Succeeded(LoginOrigin origin)
    {
        lock (_gate)
        {
            _failures.Remove(origin.Counted);
        }

        if (!origin.IsKnownBrowser)
        {
            _addresses.GiveBack(origin.Address);
        }
    }

    /// <summary>The attempt was not made, so that it says nothing: it does not count.</summary>
    public void NotMade(LoginOrigin origin)
    {
        lock (_gate)
        {
            if (_failures.TryGet(origin.Counted, out Failures found))
            {
                _failures.Put(origin.Counted, found with { Count = found.Count - 1, Until = DateTimeOffset.MinValue });
            }
        }

        if (!origin.IsKnownBrowser)
        {
            _addresses.GiveBack(origin.Address);
        }
    }

    private TimeSpan DelayAfter(int doublings)
    {
        const int Enough = 30;
        double seconds = options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(doublings, Enough));
        return TimeSpan.FromSeconds(Math.Min(seconds, options.LongestDelay.TotalSeconds));
    }

    private readonly record struct Failures(int Count, DateTimeOffset Until, DateTimeOffset Last);
}

/// <summary>From where somebody tries to log in.</summary>
/// <param name="Counted">The name that was typed, or the browser that is known to belong to it.</param>
internal readonly record struct LoginOrigin(string Counted, bool IsKnownBrowser, IPAddress? Address);
