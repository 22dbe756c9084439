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
        if (IsAsked("append"))
        {
            foreach (int waiting in (int[])[32, 64, 128, 256, 512])
            {
                await AppendAsync(store, waiting);
            }
        }

        if (IsAsked("create"))
        {
            await CreateAsync(store);
        }

        if (IsAsked("query"))
        {
            await QueryAsync(store);
        }
    }

    private static bool IsAsked(string part) => Environment.GetEnvironmentVariable("MICRO_ONLY") is not { } only || only == part;

    /// <summary>Single creates with a record in their transaction and without, a few thousand in turns.</summary>
    private static async Task CreateAsync(SqliteStore store)
    {
        const int Creates = 2000;
        const int Waiting = 64;
        var rounds = new List<(double With, double Without)>();
        using var process = Process.GetCurrentProcess();
        for (int round = 0; round < 34; round++)
        {
            double with = await TimeAsync((4 * round) + 100, tells: round % 2 == 0);
            double without = await TimeAsync((4 * round) + 102, tells: round % 2 != 0);
            if (round >= 8)
            {
                rounds.Add(round % 2 == 0 ? (with, without) : (without, with));
            }
        }

        (double told, double untold) = rounds.OrderBy(pair => pair.With - pair.Without).ElementAt(rounds.Count / 2);
        Console.WriteLine($"create, {Waiting} waiting at a time: {untold:F1} us of processor time without a record, {told:F1} us with: {untold / told:P1} of the throughput");

        async Task<double> TimeAsync(int part, bool tells)
        {
            process.Refresh();
            TimeSpan processor = process.TotalProcessorTime;
            int next = part * Creates;
            await Task.WhenAll(Enumerable.Range(0, Waiting).Select(waiter => Task.Run(async () =>
            {
                for (int number = Interlocked.Increment(ref next); number <= (part + 1) * Creates; number = Interlocked.Increment(ref next))
                {
                    Transaction transaction = Transaction.Of(Storing.PutOf(number, Patients)) with { Record = tells ? new LedgerRecord(new byte[BodyBytes]) : null };
                    _ = (await store.CommitAsync(Scope, transaction, CancellationToken.None)).Value;
                }
            })));
            process.Refresh();
            return (process.TotalProcessorTime - processor).TotalMicroseconds / Creates;
        }
    }

    /// <summary>Pages of the records of one patient with 100,000 of them among a million.</summary>
    private static async Task QueryAsync(SqliteStore store)
    {
        const int Among = 1_000_000;
        const int OneOf = 10;
        const int Waiting = 512;
        long[] patients = [.. Enumerable.Range(0, Patients).Select(number => store.Hasher.Reference(new ResourceKey("Patient", $"p{number}")))];
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Waiting).Select(waiter => Task.Run(async () =>
        {
            for (int number = Interlocked.Increment(ref next); number <= Among; number = Interlocked.Increment(ref next))
            {
                long patient = patients[number % OneOf == 0 ? 0 : 1 + (number * 7 % (Patients - 1))];
                _ = (await store.AppendRecordAsync(Scope, new LedgerRecord(new byte[BodyBytes]) { Patients = [patient], Accessed = [1 + (number % 1000)] }, CancellationToken.None)).Value;
            }
        })));
        foreach ((int count, bool opens) in ((int, bool)[])[(20, true), (10_000, true), (10_000, false)])
        {
            foreach (ResourceKey? patient in (ResourceKey?[])[new ResourceKey("Patient", "p0"), null])
            {
                var query = new RecordQuery { Patient = patient, Count = count };
                double[] times = new double[count == 20 ? 200 : 15];
                for (int round = 0; round < times.Length; round++)
                {
                    TimeSpan clock = ThreadTime.Now;
                    int found = opens
                        ? (await store.RecordsAsync(Scope, query, CancellationToken.None)).Records.Count
                        : await store.CountRecordsAsync(Scope, query, CancellationToken.None);
                    times[round] = (ThreadTime.Now - clock).TotalMilliseconds;
                    if (found != count)
                    {
                        throw new InvalidOperationException($"{found} records are not {count}.");
                    }
                }

                Array.Sort(times);
                Console.WriteLine($"{(opens ? "read" : "count")} the newest {count} of {(patient is null ? "all" : "a patient")} among {Among}: median {times[times.Length / 2]:F2} ms of processor time, best {times[0]:F2} ms");
            }
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
