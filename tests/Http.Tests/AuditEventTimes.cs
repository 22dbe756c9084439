using System.Diagnostics;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>
/// How long searches of a log of 100,000 records take, over HTTP. Run by hand, from a Release build:
/// HealthChain.Http.Tests -explicit only -class HealthChain.Http.Tests.AuditEventTimes -showLiveOutput
/// </summary>
public sealed class AuditEventTimes(QuietServerFixture server) : AuditEventTest(server)
{
    private const int Records = 100_000;
    private const int Patients = 500;

    [Fact(Explicit = true)]
    public async Task Searches_of_a_large_log()
    {
        (string Id, long Sequence)[] patients = await Task.WhenAll(Enumerable.Range(0, Patients).Select(_ => PatientAsync()));
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Records, new ParallelOptions { MaxDegreeOfParallelism = 512, CancellationToken = Cancel }, async (number, _) =>
        {
            // Half of them concern one patient, the other half all.
            (string id, long sequence) = patients[number % 2 == 0 ? 0 : number % Patients];
            await Server.RecordAsync(number % 10 == 9 ? Searching("Patient", "name=x") : Reading($"Patient/{id}"), [id], sequence);
        });
        TestContext.Current.TestOutputHelper!.WriteLine($"{Records} records appended in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        string few = patients[1].Id;
        string many = patients[0].Id;
        foreach (string search in new[]
        {
            $"AuditEvent?patient={few}&_count=20",
            $"AuditEvent?patient={few}&_count=20&_total=none",
            $"AuditEvent?patient={few}&action=E",
            $"AuditEvent?patient={few}&subtype=disclose&date=ge2020-01-01",
            $"AuditEvent?patient={few}&_sort=date",
            $"AuditEvent?patient={many}&_count=20",
            $"AuditEvent?patient={many}&_count=20&_total=none",
            "AuditEvent?_count=20",
            "AuditEvent?_count=20&_total=none",
            "AuditEvent?_count=1000&_total=none",
            "AuditEvent?agent=Practitioner/nobody&_total=none",
            "AuditEvent?subtype=vread&_total=none",
        })
        {
            await MeasureAsync(search);
        }
    }

    private async Task MeasureAsync(string search)
    {
        const int Rounds = 15;
        var times = new List<double>();
        Answer answer = await GetAsync(search);
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            answer = await GetAsync(search);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{times[Rounds / 2],8:F1} ms (best {times[0]:F1})  {answer.Entries("match").Count()} found, total {answer.Json["total"]?.ToString() ?? "-"}  {search}");
    }
}
