using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Crash;

/// <summary>The process that is killed: writes as fast as it can and says what was acknowledged, a line for each version.</summary>
internal static class Load
{
    public const string Ready = "ready";
    /// <summary>How names of transactions begin that have a record.</summary>
    public const string Told = "told-";

    public const string TransactionSystem = "urn:transaction";

    private const int Writers = 6;
    public const int Patients = 40;
    private static readonly AccessScope Scope = AccessScope.System("crash test");

    /// <summary>Small generations, groups and logs, so that a second sees all of their life.</summary>
    public static async Task<SqliteStore> OpenAsync(string folder, KeyStore keys, CancellationToken cancellationToken)
    {
        var options = new SqliteStoreOptions { Folder = Path.Combine(folder, "store"), GenerationRows = 1500, MaxGroup = 24, CheckpointBytes = 1 << 20 };
        return await SqliteStore.OpenAsync(options, keys, new SearchParameterSet(DefinitionSet.R4), TimeProvider.System, cancellationToken);
    }

    public static KeyStore OpenKeys(string folder) =>
        KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(folder, "keys"), TenantKeyFolder = Path.Combine(folder, "tenant") });

    /// <summary>Ends only by being killed.</summary>
    public static async Task RunAsync(string folder, int seed)
    {
        using KeyStore keys = OpenKeys(folder);
        await using SqliteStore store = await OpenAsync(folder, keys, CancellationToken.None);
        Say(Ready);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store, new Random((seed * Writers) + writer), $"{seed}-{writer}"))));
    }

    private static async Task WriteAsync(SqliteStore store, Random random, string name)
    {
        for (int number = 0; ; number++)
        {
            string transaction = $"{name}-{number}";
            if (random.Next(3) == 0)
            {
                await AppendAsync(store, random, transaction);
                continue;
            }

            if (random.Next(60) == 0)
            {
                await EraseAsync(store, transaction);
                continue;
            }

            // Every other one has its record, and its name tells so.
            bool isTold = random.Next(2) == 0;
            transaction = isTold ? Told + transaction : transaction;
            Write[] writes = AnyWrites(random, transaction);
            LedgerRecord? record = isTold ? new LedgerRecord(Encoding.UTF8.GetBytes($"{transaction}/{writes.Count(write => write is Put)}")) : null;
            Result<CommitResult> result = await store.CommitAsync(Scope, new Transaction(writes, []) { Record = record }, CancellationToken.None);
            var committed = (Committed)result.Value;
            var lines = new StringBuilder();
            if (record is not null)
            {
                lines.Append("logged ").Append(committed.Record).Append(' ').Append(Convert.ToHexString(SHA256.HashData(record.Body.Span))).Append('\n');
            }

            foreach (StoredVersion version in committed.Versions.OfType<StoredVersion>())
            {
                lines.Append("kept ").Append(version.Sequence).Append(' ').Append(version.Key).Append(' ').Append(version.Version).Append(' ')
                    .Append(Convert.ToHexString(SHA256.HashData(version.Json.Span))).Append('\n');
            }

            Say(lines.ToString().TrimEnd('\n'));
        }
    }

    /// <summary>A record of the ledger about up to three patients, some of whom may not be there yet.</summary>
    private static async Task AppendAsync(SqliteStore store, Random random, string transaction)
    {
        var record = new LedgerRecord(Encoding.UTF8.GetBytes("record " + transaction))
        {
            Patients = [.. Enumerable.Range(0, random.Next(4)).Select(_ => store.Hasher.Reference(new ResourceKey("Patient", "p" + random.Next(Patients))))],
            Accessed = store.Newest == 0 ? [] : [1 + random.NextInt64(store.Newest)],
        };
        long sequence = (await store.AppendRecordAsync(Scope, record, CancellationToken.None)).Value;
        Say($"logged {sequence} {Convert.ToHexString(SHA256.HashData(record.Body.Span))}");
    }

    /// <summary>A patient of its own comes and goes.</summary>
    private static async Task EraseAsync(SqliteStore store, string transaction)
    {
        string id = "x" + transaction;
        await store.CommitAsync(Scope, new Transaction([PatientOf(id, transaction, 2), ObservationOf("x" + transaction, id, 1, transaction, 2)], []), CancellationToken.None);
        await store.AppendRecordAsync(
            Scope, new LedgerRecord(Encoding.UTF8.GetBytes("of " + id)) { Patients = [store.Hasher.Reference(new ResourceKey("Patient", id))] }, CancellationToken.None);
        _ = (await store.EraseAsync(Scope, new ResourceKey("Patient", id), "test"u8.ToArray(), CancellationToken.None)).Value;
        Say("gone " + id);
    }

    /// <summary>Each resource that is put says how many of them belong together. A deletion may come to nothing and does not count.</summary>
    private static Write[] AnyWrites(Random random, string transaction)
    {
        ResourceKey[] keys =
        [
            .. Enumerable.Range(0, 1 + random.Next(6))
                .Select(_ => random.Next(8) == 0 ? new ResourceKey("Patient", "p" + random.Next(Patients)) : new ResourceKey("Observation", "o" + random.Next(Patients * 10)))
                .Distinct(),
        ];
        ResourceKey[] deleted = [.. keys.Where(key => key.Type == "Observation" && random.Next(8) == 0)];
        int puts = keys.Length - deleted.Length;
        return
        [
            .. deleted.Select(key => new Delete(key)),
            .. keys.Except(deleted).Select(key => key.Type == "Patient"
                ? PatientOf(key.Id, transaction, puts)
                : ObservationOf(key.Id, "p" + random.Next(Patients), random.Next(100), transaction, puts)),
        ];
    }

    private static Put PatientOf(string id, string transaction, int count) => PutOf(
        $$"""{"resourceType":"Patient","id":"{{id}}",{{Tag(transaction, count)}},"gender":"other","birthDate":"1980-02-03"}""");

    private static Put ObservationOf(string id, string patient, int value, string transaction, int count) => PutOf(
        $$"""{"resourceType":"Observation","id":"{{id}}",{{Tag(transaction, count)}},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/{{patient}}"},"valueQuantity":{"value":{{value}},"unit":"mmHg"} }""");

    private static string Tag(string transaction, int count) =>
        $$"""
        "identifier":[{"system":"{{TransactionSystem}}","value":"{{transaction}}/{{count}}"}]
        """;

    private static Put PutOf(string json)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        return new Put(new ResourceKey(resource.Type.Name, resource.Child("id").Text!), resource);
    }

    // One call, so that lines of several writers do not mix, and at once, so that the parent has it when this process dies.
    private static void Say(string lines)
    {
        lock (Scope)
        {
            Console.Out.WriteLine(lines);
            Console.Out.Flush();
        }
    }
}
