namespace HealthChain.LedgerAnchor.Worker;

/// <summary>For how long the oldest of those that wait has been waiting. Thread-safe.</summary>
internal sealed class LagClock(TimeProvider time)
{
    // In an outage of days the marks get coarser, not more.
    private const int MaxMarks = 1024;

    private readonly Lock _lock = new();
    private readonly List<(long Size, DateTimeOffset At)> _marks = [];

    /// <param name="reached">How many are done with.</param>
    /// <param name="size">How many there are.</param>
    public TimeSpan Behind(long reached, long size)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            _marks.RemoveAll(mark => mark.Size <= reached);
            if (size > reached && (_marks.Count == 0 || size > _marks[^1].Size))
            {
                if (_marks.Count == MaxMarks)
                {
                    Thin();
                }

                _marks.Add((size, now));
            }

            return _marks.Count > 0 ? now - _marks[0].At : TimeSpan.Zero;
        }
    }

    /// <summary>Makes one of two neighbours, with the earlier time and the larger size, so that it never says less than is true.</summary>
    private void Thin()
    {
        for (int i = 0; i < MaxMarks / 2; i++)
        {
            _marks[i] = (_marks[(2 * i) + 1].Size, _marks[2 * i].At);
        }

        _marks.RemoveRange(MaxMarks / 2, MaxMarks / 2);
    }
}
