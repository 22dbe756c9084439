using System.Diagnostics;
using System.Text.Json;

namespace HealthChain.Micro;

/// <summary>
/// Times work over a corpus against <see cref="JsonDocument.Parse(ReadOnlyMemory{byte}, JsonDocumentOptions)"/> over the same bytes,
/// in alternating rounds of one process: machines are shared and noisy, so only the ratio of neighbours in time says something.
/// </summary>
internal sealed class Rounds(Corpus corpus)
{
    // The JIT replaces precompiled and instrumented code in the background, in several steps: give it time, not only rounds.
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(4);

    private const int Counted = 15;

    /// <summary>Runs the work on every body (by index) and reports.</summary>
    public Measured Run(Action<int> work)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Warm;)
        {
            Time(Reference);
            Time(work);
        }

        var ratios = new List<(double Reference, double Work)>();
        for (int round = 0; round < Counted; round++)
        {
            ratios.Add((Time(Reference), Time(work)));
        }

        (double reference, double median) = ratios.OrderBy(pair => pair.Work / pair.Reference).ElementAt(Counted / 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Time(work);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return new Measured(corpus, reference, median, allocated, Latencies(work));
    }

    private void Reference(int index)
    {
        using JsonDocument document = JsonDocument.Parse(corpus.Bodies[index]);
    }

    private double Time(Action<int> work)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < corpus.Bodies.Count; i++)
        {
            work(i);
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    // The best of five for each body: a pause of the machine is not the body's latency.
    private double[] Latencies(Action<int> work)
    {
        double[] best = [.. Enumerable.Repeat(double.MaxValue, corpus.Bodies.Count)];
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < best.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                work(i);
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        Array.Sort(best);
        return best;
    }
}

/// <summary>One row of a report.</summary>
internal sealed record Measured(Corpus Corpus, double ReferenceMs, double WorkMs, long Allocated, double[] LatenciesUs)
{
    public double PerSecond => Corpus.Bodies.Count / WorkMs * 1000;

    public void Print(string what)
    {
        double p50 = LatenciesUs[LatenciesUs.Length / 2];
        double p99 = LatenciesUs[LatenciesUs.Length * 99 / 100];
        Console.WriteLine(
            $"{what,-34} {Corpus.Name,-22} {PerSecond,9:F0}/s  {WorkMs / ReferenceMs,6:F2} x JsonDocument.Parse  "
            + $"{(double)Allocated / Corpus.Bytes,6:F2} B/B  {Allocated / 1024.0 / Corpus.Bodies.Count,7:F1} KB each  p50 {p50,7:F1} us  p99 {p99,8:F1} us");
    }
}
