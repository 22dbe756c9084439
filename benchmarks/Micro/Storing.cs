using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Micro;

/// <summary>
/// The embedded store with observations of 2 KB, 100 for each patient in random order: creating them (parsed, indexed, sealed, hashed,
/// durable), reading them by id, and searching one patient's by code and date. Beside it, in the same minute, the same bytes appended to a plain
/// file with a synchronisation for every 256. The number of resources may follow the name: <c>store 1000000</c>.
/// </summary>
internal static class Storing
{
    private const int InTransaction = 32;
    private const int InFlight = 16;
    private const int PerPatient = 100;
    private static readonly AccessScope Scope = AccessScope.System("benchmark");

    public static void Run()
    {
        string? last = Environment.GetCommandLineArgs()[^1];
        int resources = int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : 100_000;
        string root = Path.Combine(Environment.GetEnvironmentVariable("HEALTHCHAIN_BENCH") ?? Path.GetTempPath(), "healthchain-store-" + Environment.ProcessId);
        Directory.CreateDirectory(root);
        try
        {
            RunAsync(root, resources).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task RunAsync(string root, int resources)
    {
        Append(root, Math.Min(resources, 100_000));
        var parameters = new SearchParameterSet(DefinitionSet.R4);
        using KeyStore keys = KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(root, "keys"), TenantKeyFolder = Path.Combine(root, "tenant") });
        var options = new SqliteStoreOptions { Folder = Path.Combine(root, "store") };
        await using (SqliteStore store = await SqliteStore.OpenAsync(options, keys, parameters, TimeProvider.System, CancellationToken.None))
        {
            int step = Math.Max(1, resources / 10);
            for (int first = 0; first < resources; first += step)
            {
                await CreateAsync(store, first, Math.Min(step, resources - first), resources / PerPatient);
            }

            Report("idle", await ReadAsync(store, resources, 1), "reads/s, 1 thread");
            Report("idle", await ReadAsync(store, resources, 2), "reads/s, 2 threads");
            Report("idle", await SearchAsync(store, parameters, resources / PerPatient, 1), "searches/s (patient, code, by date, 20), 1 thread");
            Report("idle", await SearchAsync(store, parameters, resources / PerPatient, 2), "searches/s, 2 threads");
        }

        Console.WriteLine($"files: {new DirectoryInfo(options.Folder).GetFiles().Sum(file => file.Length) / (double)resources:F0} bytes/resource");
        long start = Stopwatch.GetTimestamp();
        await using SqliteStore again = await SqliteStore.OpenAsync(options, keys, parameters, TimeProvider.System, CancellationToken.None);
        Console.WriteLine($"open again: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        if (Environment.GetEnvironmentVariable("HEALTHCHAIN_VERIFY") is not null)
        {
            start = Stopwatch.GetTimestamp();
            VerifyReport report = await again.VerifyAsync(VerifyLevel.Full, null, CancellationToken.None);
            Console.WriteLine($"verify: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s, {report.IndexRows / (double)report.Resources:F1} rows/resource, {report.Faults.Count} faults");
        }
    }

    private static void Append(string root, int resources)
    {
        byte[] body = Observation(1, 1);
        using var file = new FileStream(Path.Combine(root, "plain"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        long start = Stopwatch.GetTimestamp();
        byte[] group = new byte[body.Length * 256];
        for (int written = 0; written < resources; written += 256)
        {
            file.Write(group);
            file.Flush(flushToDisk: true);
        }

        Console.WriteLine($"plain file, {body.Length} bytes each, synchronised for every 256: {resources / Stopwatch.GetElapsedTime(start).TotalSeconds:F0}/s");
    }

    private static async Task CreateAsync(SqliteStore store, int first, int count, int patients)
    {
        Counters before = Counters.Now();
        long start = Stopwatch.GetTimestamp();
        await WriteAsync(store, first, count, patients);
        Report($"{first + count}", count / Stopwatch.GetElapsedTime(start).TotalSeconds, $"creates/s, {Counters.Now() - before} {count}");
    }

    /// <summary>An observation of one of so many patients.</summary>
    internal static Put PutOf(int number, int patients) =>
        new(new ResourceKey("Observation", IdOf(number)), FhirJson.Read(Observation(number, PatientOf(number, patients))).Root);

    /// <summary>Creates resources, many transactions in flight.</summary>
    internal static async Task WriteAsync(SqliteStore store, int first, int count, int patients)
    {
        var numbers = new ConcurrentQueue<int>(Enumerable.Range(0, (count + InTransaction - 1) / InTransaction));
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            while (numbers.TryDequeue(out int number))
            {
                var puts = new List<Write>(InTransaction);
                for (int i = number * InTransaction; i < Math.Min(count, (number + 1) * InTransaction); i++)
                {
                    Element resource = FhirJson.Read(Observation(first + i, PatientOf(first + i, patients))).Root;
                    puts.Add(new Put(new ResourceKey("Observation", IdOf(first + i)), resource));
                }

                if ((await store.CommitAsync(Scope, new Transaction(puts, []), CancellationToken.None)).Error is { } error)
                {
                    throw new InvalidOperationException(error.ToString());
                }
            }
        })));
    }

    private static async Task<double> ReadAsync(SqliteStore store, int resources, int threads) => await RateAsync(threads, async random =>
    {
        int number = random.Next(resources);
        if (await store.ReadAsync(Scope, new ResourceKey("Observation", IdOf(number)), CancellationToken.None) is null)
        {
            throw new InvalidOperationException($"{number} is not there.");
        }
    });

    private static async Task<double> SearchAsync(SqliteStore store, SearchParameterSet parameters, int patients, int threads)
    {
        TypeSchema type = FhirSchema.R4.Type("Observation")!;
        IndexedParameter subject = parameters.Find(type, "subject")!;
        IndexedParameter code = parameters.Find(type, "code")!;
        IndexedParameter date = parameters.Find(type, "date")!;
        var options = new SearchQueryOptions { Now = DateTimeOffset.UnixEpoch };
        HasValue Of(IndexedParameter parameter, string value) =>
            new(parameter, SearchModifier.None, SearchQueryReader.Read(parameter, SearchModifier.None, null, value, options).Value);
        return await RateAsync(threads, async random =>
        {
            var request = new SearchRequest
            {
                Types = [type],
                Criterion = new AllOf([Of(subject, $"Patient/p{random.Next(patients)}"), Of(code, $"http://loinc.org|{CodeOf(random.Next(8))}")]),
                Sort = [new HealthChain.Storage.SortKey(date, true)],
                Count = 20,
            };
            Result<SearchPage> page = await store.SearchAsync(Scope, request, CancellationToken.None);
            if (!page.IsOk)
            {
                throw new InvalidOperationException(page.Error.ToString());
            }
        });
    }

    private static async Task<double> RateAsync(int threads, Func<Random, Task> work)
    {
        TimeSpan time = TimeSpan.FromSeconds(4);
        double rate = 0;

        // The second time counts: the first warms the code.
        for (int round = 0; round < 2; round++)
        {
            long start = Stopwatch.GetTimestamp();
            long[] counts = await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(async () =>
            {
                var random = new Random(thread);
                long count = 0;
                for (; Stopwatch.GetElapsedTime(start) < time; count++)
                {
                    await work(random);
                }

                return count;
            })));
            rate = counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return rate;
    }

    private static void Report(string at, double rate, string what) =>
        Console.WriteLine($"{at,9}: {rate,9:F0} {what}  rss {Environment.WorkingSet >> 20} MB, heap {GC.GetTotalMemory(false) >> 20} MB, gen2 {GC.CollectionCount(2)}");

    private static string IdOf(int number) => $"0198a7c2-5e3d-7{(uint)(number * 2654435761L) % 4096:x3}-8f00-{number * 7919L % 281474976710656:x12}";

    private static int PatientOf(int number, int patients) => (int)((number * 2654435761L) % Math.Max(1, patients));

    private static string CodeOf(int number) => $"{8000 + (number * 37)}-{number % 10}";

    private static byte[] Observation(int number, int patient)
    {
        DateTime at = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(number * 7919L % 2_000_000);
        string code = CodeOf((int)(number * 40503L % 97 % (number % 3 == 0 ? 97 : 8)));
        return Encoding.UTF8.GetBytes($$"""
            {"resourceType":"Observation","id":"{{IdOf(number)}}","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-vital-signs"] },
            "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{{Convert.ToHexString(BitConverter.GetBytes(number * 7919L))}} {{new string('n', 900)}}</p></div>"},
            "status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital signs"}]}],
            "code":{"coding":[{"system":"http://loinc.org","code":"{{code}}","display":"Something measured"}],"text":"Something measured"},
            "subject":{"reference":"Patient/p{{patient}}"},"encounter":{"reference":"Encounter/e{{patient}}-{{number % 10}}"},
            "effectiveDateTime":"{{at:yyyy-MM-dd'T'HH:mm:ss'Z'}}","issued":"{{at:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}",
            "performer":[{"reference":"Practitioner/d{{number % 500}}"}],
            "valueQuantity":{"value":{{number % 2000 / 10.0:F1}},"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},
            "referenceRange":[{"low":{"value":10,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},"high":{"value":100,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"} }]}
            """);
    }

    /// <summary>What the process has used.</summary>
    private readonly record struct Counters(TimeSpan Cpu, long Written)
    {
        public static Counters Now()
        {
            string? line = File.Exists("/proc/self/io") ? File.ReadLines("/proc/self/io").FirstOrDefault(text => text.StartsWith("wchar:", StringComparison.Ordinal)) : null;
            return new Counters(Process.GetCurrentProcess().TotalProcessorTime, line is null ? 0 : long.Parse(line[6..], CultureInfo.InvariantCulture));
        }

        public static Used operator -(Counters after, Counters before) => new(after.Cpu - before.Cpu, after.Written - before.Written);
    }

    private readonly record struct Used(TimeSpan Cpu, long Written)
    {
        public override string ToString() => $"cpu {Cpu.TotalSeconds:F1} s, written {Written >> 20} MB, for";
    }
}
