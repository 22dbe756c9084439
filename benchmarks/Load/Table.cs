namespace HealthChain.Load;

/// <summary>Results as rows of a markdown table, printed as they come.</summary>
internal sealed class Table(TextWriter output)
{
    private bool _hasHead;

    public void Add(string row, int connections, Measured measured, Ratios? ratios = null)
    {
        if (!_hasHead)
        {
            output.WriteLine("| | connections | requests/s | of reference | resources/s | p50 ms | p99 ms | p99.9 ms | server CPU µs | of reference | driver CPU µs | RSS MB |");
            output.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
            _hasHead = true;
        }

        var rate = ratios is null ? "" : $"{ratios.Rate:P0}";
        var time = ratios is null ? "" : $"{ratios.ServerTime:F1} ×";
        var latencies = measured.Latencies;
        output.WriteLine(
            $"| {row} | {connections} | {measured.PerSecond:N0} | {rate} | {measured.ResourcesPerSecond:N0} "
            + $"| {latencies.Milliseconds(0.5):F2} | {latencies.Milliseconds(0.99):F2} | {latencies.Milliseconds(0.999):F2} "
            + $"| {measured.ServerMicroseconds:F0} | {time} | {measured.DriverMicroseconds:F0} | {measured.ResidentMegabytes:F0} |");
    }

    /// <summary>A line after the table; the next row begins another.</summary>
    public void Say(string text)
    {
        output.WriteLine();
        output.WriteLine(text);
        output.WriteLine();
        _hasHead = false;
    }
}
