using System.Diagnostics;
using HealthChain.Load.Http;

namespace HealthChain.Load;

/// <summary>Runs a workload in a closed loop: each connection sends its next request when it has the answer to the last.</summary>
internal sealed class Driver(ServerChild server, Workload workload, int connections)
{
    private const int RequestBytes = 1 << 16;

    private readonly List<Loop> _loops = [];
    private volatile bool _isCounting;
    private volatile bool _isOver;
    private long _remaining = long.MaxValue;

    /// <summary>Counts for the given time, after a warm-up that is not counted.</summary>
    public async Task<Measured> MeasureAsync(TimeSpan warmUp, TimeSpan duration)
    {
        var all = await StartAsync();
        // A loop ends before the time only by failing.
        await Task.WhenAny(all, Task.Delay(warmUp));
        var before = Clocks.Take(server);
        _isCounting = true;
        await Task.WhenAny(all, Task.Delay(duration));
        _isCounting = false;
        var after = Clocks.Take(server);
        _isOver = true;
        await all;
        return Sum(after.Since(before));
    }

    /// <summary>Sends a number of requests, as fast as the connections can.</summary>
    public async Task<Measured> CompleteAsync(long requests)
    {
        _remaining = requests;
        _isCounting = true;
        var before = Clocks.Take(server);
        await await StartAsync();
        return Sum(Clocks.Take(server).Since(before));
    }

    private async Task<Task> StartAsync()
    {
        var open = new Connection[connections];
        for (var i = 0; i < connections; i++)
        {
            open[i] = await Connection.OpenAsync(server.Address);
        }

        _loops.AddRange(open.Select(_ => new Loop()));
        return Task.WhenAll(open.Zip(_loops, RunAsync));
    }

    private async Task RunAsync(Connection connection, Loop loop)
    {
        try
        {
            var buffer = new byte[RequestBytes];
            while (!_isOver && Interlocked.Decrement(ref _remaining) >= 0)
            {
                var number = workload.TakeNumber();
                var request = workload.Write(number, buffer);
                var start = Stopwatch.GetTimestamp();
                var response = await connection.ExchangeAsync(request);
                var elapsed = Stopwatch.GetTimestamp() - start;
                workload.Check(number, response);
                if (_isCounting)
                {
                    loop.Latencies.Add(elapsed);
                    loop.Resources += workload.Resources(number);
                }
            }
        }
        finally
        {
            // One failure ends the run: what the others would still measure is worth nothing.
            _isOver |= _remaining > 0;
            connection.Dispose();
        }
    }

    private Measured Sum(Clocks time)
    {
        var latencies = new Histogram();
        foreach (var loop in _loops)
        {
            latencies.Add(loop.Latencies);
        }

        return new Measured(latencies, _loops.Sum(loop => loop.Resources), time, server.ResidentMegabytes);
    }

    private sealed class Loop
    {
        public Histogram Latencies { get; } = new();

        public long Resources { get; set; }
    }
}

/// <summary>Clocks at one moment, or the difference of two.</summary>
internal readonly record struct Clocks(TimeSpan Elapsed, TimeSpan Server, TimeSpan Driver)
{
    public static Clocks Take(ServerChild server)
    {
        using var self = Process.GetCurrentProcess();
        return new Clocks(Stopwatch.GetElapsedTime(0), server.Processor, self.TotalProcessorTime);
    }

    public Clocks Since(Clocks before) => new(Elapsed - before.Elapsed, Server - before.Server, Driver - before.Driver);
}

/// <summary>One run of a workload.</summary>
internal sealed record Measured(Histogram Latencies, long Resources, Clocks Time, double ResidentMegabytes)
{
    public long Requests => Latencies.Count;

    public double PerSecond => Requests / Time.Elapsed.TotalSeconds;

    public double ResourcesPerSecond => Resources / Time.Elapsed.TotalSeconds;

    /// <summary>Processor time of the server for a request.</summary>
    public double ServerMicroseconds => Time.Server.TotalMicroseconds / Math.Max(1, Requests);

    /// <summary>Processor time of the driver for a request.</summary>
    public double DriverMicroseconds => Time.Driver.TotalMicroseconds / Math.Max(1, Requests);

    /// <summary>The run with the median rate.</summary>
    public static Measured MedianOf(IReadOnlyCollection<Measured> runs) => runs.OrderBy(run => run.PerSecond).ElementAt(runs.Count / 2);
}

/// <summary>Medians over pairs of runs that are neighbours in time.</summary>
/// <param name="Rate">Of requests, theirs being 1.</param>
/// <param name="ServerTime">Processor time of the server for a request, theirs being 1.</param>
internal sealed record Ratios(double Rate, double ServerTime)
{
    public static Ratios Of(IReadOnlyCollection<Measured> ours, IReadOnlyCollection<Measured> theirs) => new(
        Median(ours.Zip(theirs, (our, their) => our.PerSecond / their.PerSecond)),
        Median(ours.Zip(theirs, (our, their) => our.ServerMicroseconds / their.ServerMicroseconds)));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
