using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HealthChain.Storage.Sqlite;

/// <summary>What the store tells of its work, for whoever listens to the meter <see cref="Name"/>; costs a comparison while nobody does.</summary>
internal sealed class StoreMeter : IDisposable
{
    public const string Name = "HealthChain.Storage";

    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _commitResources;
    private readonly Histogram<int> _examined;
    private readonly Histogram<int> _opened;
    private readonly Histogram<int> _returned;
    private long _logBytes;
    private int _recentRows;
    private Func<int> _queued = static () => 0;

    public StoreMeter()
    {
        _commitDuration = _meter.CreateHistogram<double>("healthchain.store.commit.duration", "s", "Time of one commit, waiting for the disk included.");
        _commitResources = _meter.CreateHistogram<int>("healthchain.store.commit.resources", "{resource}", "Resources that were committed together.");
        _examined = _meter.CreateHistogram<int>("healthchain.store.search.examined", "{resource}", "Candidates that one search looked at.");
        _opened = _meter.CreateHistogram<int>("healthchain.store.search.opened", "{resource}", "Resources that one search opened to decide or to sort.");
        _returned = _meter.CreateHistogram<int>("healthchain.store.search.returned", "{resource}", "Matches on the page of one search.");
        _meter.CreateObservableUpDownCounter("healthchain.store.queue", () => _queued(), "{resource}", "Resources that wait for the writer.");
        _meter.CreateObservableUpDownCounter("healthchain.store.recent_rows", () => Volatile.Read(ref _recentRows), "{row}", "Index rows in memory.");
        _meter.CreateObservableUpDownCounter("healthchain.store.log", () => Volatile.Read(ref _logBytes), "By", "Size of the write-ahead log since it was last copied.");
    }

    /// <summary>Where the number of resources that wait is found.</summary>
    public void Watch(Func<int> queued) => _queued = queued;

    /// <summary>To be given back to <see cref="Committed"/>.</summary>
    public long Start() => _commitDuration.Enabled ? Stopwatch.GetTimestamp() : 0;

    public void Committed(long start, int resources, int recentRows, long logBytes)
    {
        Volatile.Write(ref _recentRows, recentRows);
        Volatile.Write(ref _logBytes, logBytes);
        if (start != 0)
        {
            _commitDuration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds);
            _commitResources.Record(resources);
        }
    }

    public void Searched(int examined, int opened, int returned)
    {
        if (_examined.Enabled)
        {
            _examined.Record(examined);
            _opened.Record(opened);
            _returned.Record(returned);
        }
    }

    public void Dispose() => _meter.Dispose();
}
