using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Micro;

/// <summary>
/// What the ledger costs in the path of a write: grouped creates in a store with it and in one without, a few thousand in turns, by the
/// processor time of the whole process; and the leaf alone.
/// </summary>
internal static class LedgerPrice
{
    private const int InRound = 2000;
    private const int Warm = 12;
    private const int Counted = 61;
    private const int Patients = 2000;
    private static readonly AccessScope Scope = AccessScope.System("benchmark");

    public static void Run()
    {
        string root = Directory.CreateTempSubdirectory("healthchain-ledger-").FullName;
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
        await using Opened with = await Opened.NewAsync(Path.Combine(root, "with"), hasLedger: true);
        await using Opened without = await Opened.NewAsync(Path.Combine(root, "without"), hasLedger: false);
        Leaf(with.Keys);
        var rounds = new List<(double With, double Without)>();
        for (int round = 0; round < Warm + Counted; round++)
        {
            // Whoever comes second finds the machine in another state.
            double first = await TimeAsync(round % 2 == 0 ? with : without, round);
            double second = await TimeAsync(round % 2 == 0 ? without : with, round);
            if (round >= Warm)
            {
                rounds.Add(round % 2 == 0 ? (first, second) : (second, first));
            }
        }

        (double on, double off) = rounds.OrderBy(pair => pair.Without / pair.With).ElementAt(Counted / 2);
        Console.WriteLine($"create, processor time: {off:F1} us without the ledger, {on:F1} us with it: {off / on:P1} of the throughput");
        foreach (int inFlight in (int[])[32, 512])
        {
            await AppendAsync(with.Store, inFlight);
        }

        await ReadLeavesAsync(with.Store);
    }

    /// <summary>Records of accesses, so many waiting at a time.</summary>
    private static async Task AppendAsync(SqliteStore store, int inFlight)
    {
        const int InBatch = 50_000;
        byte[] body = new byte[300];
        using var process = Process.GetCurrentProcess();
        var rounds = new List<(double PerSecond, double Processor)>();
        for (int round = 0; round < 7; round++)
        {
            process.Refresh();
            TimeSpan processor = process.TotalProcessorTime;
            long start = Stopwatch.GetTimestamp();
            int next = 0;
            await Task.WhenAll(Enumerable.Range(0, inFlight).Select(waiter => Task.Run(async () =>
            {
                for (int number = Interlocked.Increment(ref next); number <= InBatch; number = Interlocked.Increment(ref next))
                {
                    var record = new LedgerRecord(body) { Patients = [store.Hasher.Reference(new ResourceKey("Patient", $"p{number % Patients}"))], Accessed = [1 + number] };
                    _ = (await store.AppendRecordAsync(Scope, record, CancellationToken.None)).Value;
                }
            })));
            process.Refresh();
            rounds.Add((InBatch / Stopwatch.GetElapsedTime(start).TotalSeconds, (process.TotalProcessorTime - processor).TotalMicroseconds / InBatch));
        }

        (double perSecond, double each) = rounds.OrderBy(round => round.Processor).ElementAt(rounds.Count / 2);
        Console.WriteLine($"records, {inFlight} waiting at a time: {perSecond:F0}/s, processor time {each:F1} us each");
    }

    private static async Task ReadLeavesAsync(SqliteStore store)
    {
        byte[] leaves = new byte[store.Newest * Hash256.Bytes];
        double best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long start = Stopwatch.GetTimestamp();
            int count = await store.ReadLeavesAsync(Scope, 0, leaves, CancellationToken.None);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / count);
        }

        Console.WriteLine($"leaves read: {1 / best:F0}/s of {store.Newest}");
    }

    /// <summary>Processor time for each create, in microseconds.</summary>
    private static async Task<double> TimeAsync(Opened opened, int round)
    {
        using var process = Process.GetCurrentProcess();
        TimeSpan start = process.TotalProcessorTime;
        await Storing.WriteAsync(opened.Store, round * InRound, InRound, Patients);
        process.Refresh();
        return (process.TotalProcessorTime - start).TotalMicroseconds / InRound;
    }

    private static void Leaf(KeyStore keys)
    {
        const int Subjects = 1000;
        const int Rounds = 300;
        var leaves = new LeafMaker(keys);
        SubjectId[] subjects = [.. Enumerable.Range(0, Subjects).Select(_ => SubjectId.NewRandom())];
        Array.ForEach(subjects, subject => keys.Ensure(subject));
        Span<byte> leaf = stackalloc byte[Hash256.Bytes];
        double best = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan start = ThreadTime.Now;
            for (int i = 0; i < Subjects; i++)
            {
                var statement = new VersionStatement(
                    "hospital.example/ledger", 1000 + i, 1_700_000_000_000, "Observation", "0198a7c2-5e3d-7000-8f00-000000000000", 2, VersionOperation.Update,
                    TreeHead.Empty.Root, 5, 6);
                leaves.TryCommit(subjects[i], statement, leaf);
            }

            best = Math.Min(best, (ThreadTime.Now - start).TotalMicroseconds / Subjects);
        }

        Console.WriteLine($"statement, salt and commitment of a version: {best:F2} us");
    }

    private sealed class Opened(KeyStore keys, SqliteStore store) : IAsyncDisposable
    {
        private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);

        public KeyStore Keys => keys;

        public SqliteStore Store => store;

        public static async Task<Opened> NewAsync(string root, bool hasLedger)
        {
            KeyStore keys = KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(root, "keys"), TenantKeyFolder = Path.Combine(root, "tenant") });
            var options = new SqliteStoreOptions { Folder = Path.Combine(root, "store"), HasLedger = hasLedger };
            return new Opened(keys, await SqliteStore.OpenAsync(options, keys, Parameters, TimeProvider.System, CancellationToken.None));
        }

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            keys.Dispose();
        }
    }
}
