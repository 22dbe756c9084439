using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Micro;

/// <summary>What an access record costs, by the processor time of the whole process: alone, beside a create, and with so many that wait at a time.</summary>
internal static class Records
{
    private const int Patients = 2000;
    private const int BodyBytes = 200;
    private const int InRound = 40_000;
    private const int Rounds = 9;
    private static readonly AccessScope Scope = AccessScope.System("benchmark");

    public static void Run()
    {
        string root = Directory.CreateTempSubdirectory("healthchain-records-").FullName;
        try
        {
            RunAsync(root).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task RunAsync(string root)
    {
        using KeyStore keys = KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(root, "keys"), TenantKeyFolder = Path.Combine(root, "tenant") });
        var options = new SqliteStoreOptions { Folder = Path.Combine(root, "store") };
        await using SqliteStore store = await SqliteStore.OpenAsync(options, keys, new SearchParameterSet(DefinitionSet.R4), TimeProvider.System, CancellationToken.None);
        await Storing.WriteAsync(store, 0, 4 * Patients, Patients);
        foreach (int waiting in (int[])[32, 64, 128, 256, 512])
        {
            await AppendAsync(store, waiting);
        }
    }

    private static async Task AppendAsync(SqliteStore store, int waiting)
    {
        byte[] body = new byte[BodyBytes];
        long[] patients = [.. Enumerable.Range(0, Patients).Select(number => store.Hasher.Reference(new ResourceKey("Patient", $"p{number}")))];
        using var process = Process.GetCurrentProcess();
        var rounds = new List<(double PerSecond, double Processor)>();
        for (int round = 0; round < Rounds; round++)
        {
            process.Refresh();
            TimeSpan processor = process.TotalProcessorTime;
            long start = Stopwatch.GetTimestamp();
            int next = 0;
            await Task.WhenAll(Enumerable.Range(0, waiting).Select(waiter => Task.Run(async () =>
            {
                for (int number = Interlocked.Increment(ref next); number <= InRound; number = Interlocked.Increment(ref next))
                {
                    var record = new LedgerRecord(body) { Patients = [patients[number * 7 % Patients]], Accessed = [1 + (number % 1000)] };
                    _ = (await store.AppendRecordAsync(Scope, record, CancellationToken.None)).Value;
                }
            })));
            process.Refresh();
            rounds.Add((InRound / Stopwatch.GetElapsedTime(start).TotalSeconds, (process.TotalProcessorTime - processor).TotalMicroseconds / InRound));
        }

        (double perSecond, double each) = rounds.OrderBy(round => round.Processor).ElementAt(rounds.Count / 2);
        Console.WriteLine($"records, {waiting} waiting at a time: {perSecond:F0}/s, processor time {each:F1} us each");
    }
}
