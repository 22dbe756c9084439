using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Crash;

/// <summary>What a run of kills found.</summary>
/// <param name="Acknowledged">Versions that the killed processes said were durable.</param>
/// <param name="Logged">Records of the ledger that they said were durable.</param>
public sealed record CrashReport(int Kills, long Acknowledged, long Logged, long Erased, IReadOnlyList<string> Faults)
{
    public override string ToString() => $"{Kills} kills, {Acknowledged} acknowledged versions, {Logged} acknowledged records, {Erased} acknowledged erasures, {Faults.Count} faults";
}

/// <summary>
/// Starts a process that writes, kills it at a random moment, opens what it left and checks: every acknowledged version is there as
/// acknowledged, so is every record, no transaction is there in part, what was erased is gone, the leaves of the ledger that were there are there
/// unchanged, and the store agrees with itself.
/// </summary>
public sealed class CrashRun(int seed, Action<string>? say = null)
{
    /// <summary>After so many kills a new store is begun: each check reads all of it.</summary>
    private const int KillsPerStore = 10;

    private static readonly AccessScope Scope = AccessScope.System("crash test");

    private readonly Random _random = new(seed);
    private readonly List<string> _faults = [];
    private readonly Dictionary<long, string> _kept = [];
    private readonly Dictionary<long, string> _logged = [];
    private readonly HashSet<string> _gone = [];
    private byte[] _leaves = [];
    private long _acknowledged;
    private long _records;
    private long _erased;

    public async Task<CrashReport> RunAsync(int kills, CancellationToken cancellationToken)
    {
        string folder = "";
        try
        {
            for (int kill = 0; kill < kills && _faults.Count == 0; kill++)
            {
                if (kill % KillsPerStore == 0)
                {
                    Remove(folder);
                    folder = Directory.CreateTempSubdirectory("healthchain-crash-").FullName;
                    _kept.Clear();
                    _logged.Clear();
                    _gone.Clear();
                    _leaves = [];
                }

                await LoadAndKillAsync(folder, kill, cancellationToken);
                string found = await CheckAsync(folder, kill, cancellationToken);
                say?.Invoke($"kill {kill + 1}: {found}");
            }
        }
        finally
        {
            // What shows a fault is kept.
            if (_faults.Count == 0)
            {
                Remove(folder);
            }
        }

        return new CrashReport(kills, _acknowledged, _records, _erased, _faults);
    }

    private static void Remove(string folder)
    {
        if (folder.Length > 0)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task LoadAndKillAsync(string folder, int kill, CancellationToken cancellationToken)
    {
        string program = typeof(CrashRun).Assembly.Location;
        using Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", program, "load", folder, $"{seed + kill}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;

        // Most are killed under load, some while they start, which is when they repair what the one before left.
        bool whileStarting = _random.Next(5) == 0;
        var underLoad = new TaskCompletionSource();
        Task reading = ReadAsync(process.StandardOutput, underLoad, cancellationToken);
        if (!whileStarting)
        {
            await Task.WhenAny(underLoad.Task, reading);
        }

        await Task.Delay(_random.Next(whileStarting ? 1000 : 1500), cancellationToken);
        if (process.HasExited)
        {
            _faults.Add($"Kill {kill + 1}: the process ended by itself.");
        }

        process.Kill();
        await reading;
        await process.WaitForExitAsync(cancellationToken);
    }

    private async Task ReadAsync(StreamReader output, TaskCompletionSource underLoad, CancellationToken cancellationToken)
    {
        while (await output.ReadLineAsync(cancellationToken) is { } line)
        {
            Note(line);
            if (line != Load.Ready)
            {
                underLoad.TrySetResult();
            }
        }
    }

    private void Note(string line)
    {
        string[] words = line.Split(' ');
        if (words is ["kept", var sequence, var key, var version, { Length: 64 } hash])
        {
            _acknowledged++;
            _kept.Add(long.Parse(sequence, CultureInfo.InvariantCulture), $"{key} {version} {hash}");
        }
        else if (words is ["logged", var place, { Length: 64 } body])
        {
            _records++;
            _logged.Add(long.Parse(place, CultureInfo.InvariantCulture), body);
        }
        else if (words is ["gone", var id])
        {
            _erased++;
            _gone.Add(id);
        }
    }

    private async Task<string> CheckAsync(string folder, int kill, CancellationToken cancellationToken)
    {
        using KeyStore keys = Load.OpenKeys(folder);
        await using SqliteStore store = await Load.OpenAsync(folder, keys, cancellationToken);
        var found = new Dictionary<long, string>();
        var transactions = new Dictionary<string, int>();
        await foreach (StoredVersion version in store.ChangesAsync(Scope, 0, cancellationToken))
        {
            found.Add(version.Sequence, $"{version.Key} {version.Version} {Convert.ToHexString(SHA256.HashData(version.Json.Span))}");
            if (!version.IsDeleted)
            {
                string tag = TagOf(version);
                transactions[tag] = transactions.GetValueOrDefault(tag) + 1;
            }

            if (_gone.Contains(version.Key.Id))
            {
                _faults.Add($"Kill {kill + 1}: version {version.Sequence} was erased and is there.");
            }
        }

        foreach ((long sequence, string what) in _kept)
        {
            if (found.GetValueOrDefault(sequence) != what)
            {
                _faults.Add($"Kill {kill + 1}: version {sequence} was acknowledged as {what} and is {found.GetValueOrDefault(sequence) ?? "not there"}.");
            }
        }

        foreach ((string tag, int count) in transactions)
        {
            if (count.ToString(CultureInfo.InvariantCulture) != tag[(tag.IndexOf('/', StringComparison.Ordinal) + 1)..])
            {
                _faults.Add($"Kill {kill + 1}: of transaction {tag} there are {count}.");
            }
        }

        await CheckLedgerAsync(store, kill, cancellationToken);
        await CheckRecordsAsync(store, [.. transactions.Keys], kill, cancellationToken);
        VerifyReport report = await store.VerifyAsync(VerifyLevel.Full, null, cancellationToken);
        _faults.AddRange(report.Faults.Select(fault => $"Kill {kill + 1}: {fault}"));
        return $"{_kept.Count} acknowledged, {report.Versions} there, {_logged.Count} records acknowledged, {report.Records} there, {report.IndexRows} index rows, {_gone.Count} erased";
    }

    private async Task CheckLedgerAsync(SqliteStore store, int kill, CancellationToken cancellationToken)
    {
        foreach ((long sequence, string body) in _logged)
        {
            if (await store.ReadRecordAsync(Scope, sequence, cancellationToken) is not { } record || Convert.ToHexString(SHA256.HashData(record.Body.Span)) != body)
            {
                _faults.Add($"Kill {kill + 1}: record {sequence} was acknowledged and is not there.");
            }
        }

        byte[] leaves = new byte[store.Newest * Hash256.Bytes];
        int count = await store.ReadLeavesAsync(Scope, 0, leaves, cancellationToken);
        if (count != store.Newest || !leaves.AsSpan().StartsWith(_leaves))
        {
            _faults.Add($"Kill {kill + 1}: the ledger has {count} leaves of {store.Newest}, and should begin with the {_leaves.Length / Hash256.Bytes} of before.");
        }

        // Who reads this may have signed it: it never changes from here on.
        _leaves = leaves;
    }

    /// <summary>A transaction and its record are both there or neither, and the chain of a patient leads to exactly that patient's records.</summary>
    private async Task CheckRecordsAsync(SqliteStore store, HashSet<string> transactions, int kill, CancellationToken cancellationToken)
    {
        RecordPage all = await store.RecordsAsync(Scope, new RecordQuery { Count = int.MaxValue }, cancellationToken);
        var told = all.Records.Select(record => Encoding.UTF8.GetString(record.Body.Span)).Where(body => body.StartsWith(Load.Told, StringComparison.Ordinal)).ToHashSet();
        foreach (string tag in transactions.Where(tag => tag.StartsWith(Load.Told, StringComparison.Ordinal)).Except(told))
        {
            _faults.Add($"Kill {kill + 1}: transaction {tag} is there without its record.");
        }

        // One that only deletes leaves no version that tells its name.
        foreach (string tag in told.Where(tag => !tag.EndsWith("/0", StringComparison.Ordinal)).Except(transactions))
        {
            _faults.Add($"Kill {kill + 1}: the record of transaction {tag} is there without it.");
        }

        for (int number = 0; number < Load.Patients; number += 7)
        {
            var patient = new ResourceKey("Patient", "p" + number);
            RecordPage page = await store.RecordsAsync(Scope, new RecordQuery { Patient = patient, Count = int.MaxValue }, cancellationToken);
            long[] expected = [.. all.Records.Where(record => record.Patients.Contains(patient)).Select(record => record.Sequence)];

            // Of whom there is no resource yet, records do not tell the name.
            if (expected.Length > 0 && !expected.SequenceEqual(page.Records.Select(record => record.Sequence)))
            {
                _faults.Add($"Kill {kill + 1}: the chain of {patient} does not lead to all of its records.");
            }
        }
    }

    private static string TagOf(StoredVersion version)
    {
        using var resource = JsonDocument.Parse(version.Json);
        return resource.RootElement.GetProperty("identifier")[0].GetProperty("value").GetString()!;
    }
}
