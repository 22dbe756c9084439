using HealthChain.Storage.Sqlite.Index;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>
/// Walks through a date parameter in the order of its values, some resources at a time: what is not found in the bands so far comes later in the
/// order. So a page of the newest of a million is found among a few hundred.
/// </summary>
internal sealed class DateBands(SearchRun run, ushort parameter, bool descending, long start)
{
    /// <summary>Most rows of one band. Fewer mean more tries to find the right width, more mean more resources that are not on the page.</summary>
    private const int MaxRows = 512;

    private long _next = start;
    private ulong _width = long.MaxValue;
    private bool _isAtEnd;

    /// <summary>Adds the resources of the next band; false when there is none left, or too many share one moment.</summary>
    public bool TryNext(List<long> rids)
    {
        while (!_isAtEnd)
        {
            long last = Last();
            RangeQuery band = descending
                ? new RangeQuery(long.MinValue, long.MaxValue, last, _next)
                : new RangeQuery(_next, last, long.MinValue, long.MaxValue);
            if (run.Snapshot.FindRange(parameter, band, rids, MaxRows))
            {
                _isAtEnd = last == (descending ? long.MinValue : long.MaxValue);
                _next = descending ? last - 1 : last + 1;
                _width = _width > long.MaxValue / 4 ? long.MaxValue : Math.Max(1, _width) * 4;
                return true;
            }

            if (_width == 0)
            {
                return false;
            }

            rids.Clear();
            _width /= 8;
        }

        return false;
    }

    private long Last() => descending
        ? (ulong)(_next - long.MinValue) <= _width ? long.MinValue : _next - (long)_width
        : (ulong)(long.MaxValue - _next) <= _width ? long.MaxValue : _next + (long)_width;
}
