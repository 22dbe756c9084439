using System.Collections.Concurrent;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>How often each requester may do something within an hour. What is over is forgotten; thread-safe.</summary>
internal sealed class Attempts(int most, TimeProvider time)
{
    /// <summary>Requesters who are kept apart; when there are more at once, all begin anew.</summary>
    private const int MostKept = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (long Since, int Count)> _counts = new(StringComparer.Ordinal);

    public bool AreUsedUp(string requester) => _counts.TryGetValue(requester, out (long Since, int Count) known) && IsRecent(known.Since) && known.Count >= most;

    public void Count(string requester)
    {
        if (_counts.Count >= MostKept)
        {
            _counts.Clear();
        }

        long now = time.GetUtcNow().UtcTicks;
        _counts.AddOrUpdate(requester, _ => (now, 1), (_, known) => IsRecent(known.Since) ? (known.Since, known.Count + 1) : (now, 1));
    }

    private bool IsRecent(long since) => time.GetUtcNow().UtcTicks - since < Window.Ticks;
}
