namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>How often each requester may do something within an hour. What is over is forgotten; thread-safe.</summary>
internal sealed class Attempts(int most, TimeProvider time)
{
    /// <summary>Requesters who are kept apart; when there are more at once, all begin anew.</summary>
    private const int MostKept = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Since, int Count)> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts one more; false when they are used up. It is counted before it is known how it ends, so that many at once are no more than one after the other.</summary>
    public bool TryCount(string requester)
    {
        lock (_lock)
        {
            long now = time.GetUtcNow().UtcTicks;
            (long since, int count) = _counts.TryGetValue(requester, out (long Since, int Count) known) && now - known.Since < Window.Ticks ? known : (now, 0);
            if (count >= most)
            {
                return false;
            }

            if (_counts.Count >= MostKept)
            {
                _counts.Clear();
            }

            _counts[requester] = (since, count + 1);
            return true;
        }
    }

    /// <summary>The last one does not count.</summary>
    public void TakeBack(string requester)
    {
        lock (_lock)
        {
            if (_counts.TryGetValue(requester, out (long Since, int Count) known) && known.Count > 0)
            {
                _counts[requester] = (known.Since, known.Count - 1);
            }
        }
    }
}
