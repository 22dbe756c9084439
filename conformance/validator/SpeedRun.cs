using System.Diagnostics;
using System.Text.Json;
using HealthChain.Fhir.Model;

namespace HealthChain.ValidatorSuite;

/// <summary>Measures validation of the examples against <see cref="JsonDocument"/> parsing the same bytes in alternating rounds.</summary>
public static class SpeedRun
{
    private const int Rounds = 7;

    public static void Report(TextWriter output)
    {
        Fhir.Validation.Validator validator = ExampleRun.NewValidator();
        List<(byte[] Json, Element Root)> corpus = [];
        foreach (ExampleFile file in ExampleCorpus.Instances)
        {
            if (FhirJson.Read(file.Json).Tree is { } tree)
            {
                corpus.Add((file.Json, tree.Root));
            }
        }

        double best = double.MaxValue;
        double floor = double.MaxValue;
        double[] times = new double[corpus.Count];
        long allocated = 0;
        for (int round = 0; round < Rounds; round++)
        {
            floor = Math.Min(floor, Time(() =>
            {
                foreach ((byte[] json, _) in corpus)
                {
                    JsonDocument.Parse(json).Dispose();
                }
            }));
            long before = GC.GetAllocatedBytesForCurrentThread();
            best = Math.Min(best, Time(() =>
            {
                for (int i = 0; i < corpus.Count; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    validator.Validate(corpus[i].Root);
                    double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                    times[i] = times[i] == 0 ? elapsed : Math.Min(times[i], elapsed);
                }
            }));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Array.Sort(times);
        long bytes = corpus.Sum(item => (long)item.Json.Length);
        output.WriteLine($"{corpus.Count} resources, {bytes / 1e6:F2} MB");
        output.WriteLine($"JsonDocument.Parse  {floor:F1} ms");
        output.WriteLine($"validation          {best:F1} ms = {best / floor:F2} x, {corpus.Count / best * 1000:F0} resources/s");
        output.WriteLine($"per resource        p50 {times[times.Length / 2]:F3} ms, p99 {times[times.Length * 99 / 100]:F3} ms, max {times[^1]:F3} ms");
        output.WriteLine($"allocated           {allocated / 1024.0 / corpus.Count:F1} KB per resource");
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
