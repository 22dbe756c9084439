using System.Text;
using System.Text.Json;
using HealthChain.Load.Data;
using HealthChain.Load.Http;
using HealthChain.Load.Scenarios;
using HealthChain.TestKit;

namespace HealthChain.Load;

/// <summary>A server on a fresh data folder and the reference beside it, for one scenario.</summary>
internal sealed class Bench : IAsyncDisposable
{
    /// <summary>In flight while loading.</summary>
    private const int LoadConnections = 4;

    private readonly DirectoryInfo _folder;

    private Bench(LoadOptions options, Table table, DirectoryInfo folder, ServerChild server, ServerChild bare)
    {
        (Options, Table, Server, Bare, _folder) = (options, table, server, bare, folder);
        Clinic = new Clinic(options.Bytes);
    }

    public LoadOptions Options { get; }

    public Table Table { get; }

    public ServerChild Server { get; }

    /// <summary>The reference.</summary>
    public ServerChild Bare { get; }

    public Clinic Clinic { get; }

    /// <summary>Patients that are in the store, with all that is theirs.</summary>
    public long Patients { get; private set; }

    public static async Task<Bench> StartAsync(LoadOptions options, Table table)
    {
        var folder = Directory.CreateDirectory(Path.Combine(options.Folder, $"healthchain-load-{Environment.ProcessId}-{Path.GetRandomFileName()}"));
        // The reference answers a resource as the server gives it back: with meta, some eighty bytes more than was sent.
        var buffer = new byte[options.Bytes + 4096];
        var length = new Clinic(options.Bytes + 80).Write(buffer, patient: 1, index: 0);
        var sample = Path.Combine(folder.FullName, "sample.json");
        await File.WriteAllBytesAsync(sample, buffer.AsMemory(0, length));
        var server = await ServerChild.StartAsync(
            Repository.PathOf("artifacts/bin/HealthChain.FhirServer/release/healthchain"),
            ["serve", "--development", "--urls", "http://127.0.0.1:0", "--data", options.Kept ?? Path.Combine(folder.FullName, "data"), .. options.Server]);
        var bare = await ServerChild.StartAsync(Environment.ProcessPath!, "bare", sample);
        return new Bench(options, table, folder, server, bare) { Patients = options.Kept is null ? 0 : await CountPatientsAsync(server) };
    }

    /// <summary>How many patients a kept folder has.</summary>
    private static async Task<long> CountPatientsAsync(ServerChild server)
    {
        using var connection = await Connection.OpenAsync(server.Address);
        var response = await connection.ExchangeAsync(Encoding.UTF8.GetBytes(Requests.Get("/fhir/Patient?_summary=count")));
        UnexpectedAnswerException.Unless(response.Status == 200, "200", response);
        using var bundle = JsonDocument.Parse(response.Body);
        return bundle.RootElement.GetProperty("total").GetInt64();
    }

    /// <summary>Loads whole patients until there are so many resources.</summary>
    /// <returns>How loading went; null if there was nothing to do.</returns>
    public async Task<Measured?> LoadAsync(long resources)
    {
        var missing = (resources / Clinic.ResourcesPerPatient) - Patients;
        if (missing <= 0)
        {
            return null;
        }

        if (Patients == 0)
        {
            using var connection = await Connection.OpenAsync(Server.Address);
            var response = await connection.ExchangeAsync(PatientBundles.Shared());
            UnexpectedAnswerException.Unless(response.Status == 200, "200 for what patients share", response);
        }

        var measured = await new Driver(Server, new Loading(Clinic, firstPatient: Patients + 1), LoadConnections).CompleteAsync(missing);
        Patients += missing;
        return measured;
    }

    /// <summary>
    /// Server and reference take turns, so that what else the machine does meets both; each round is compared with its neighbour, and the
    /// median of the ratios is given.
    /// </summary>
    public async Task CompareAsync(string row, Workload workload, Workload reference, int connections)
    {
        if (Options.IsAlone)
        {
            await MeasureAsync(row, workload, connections);
            return;
        }

        var (ours, theirs) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Options.Rounds; round++)
        {
            theirs.Add(await MeasureAsync(Bare, reference, connections, round));
            ours.Add(await MeasureAsync(Server, workload, connections, round));
        }

        Table.Add($"{row}: bare Kestrel", connections, Measured.MedianOf(theirs));
        Table.Add(row, connections, Measured.MedianOf(ours), Ratios.Of(ours, theirs));
    }

    /// <summary>The same with another server of ours as the reference: what a setting costs.</summary>
    /// <returns>What this server reaches of the other's rate.</returns>
    public async Task<Ratios> CompareAsync(string row, Workload workload, Bench other, string otherRow, Workload reference, int connections)
    {
        var (ours, theirs) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < Options.Rounds; round++)
        {
            theirs.Add(await MeasureAsync(other.Server, reference, connections, round));
            ours.Add(await MeasureAsync(Server, workload, connections, round));
        }

        var ratios = Ratios.Of(ours, theirs);
        Table.Add(otherRow, connections, Measured.MedianOf(theirs));
        Table.Add(row, connections, Measured.MedianOf(ours), ratios);
        return ratios;
    }

    /// <summary>Measures without a reference.</summary>
    public async Task<Measured> MeasureAsync(string row, Workload workload, int connections)
    {
        var runs = new List<Measured>();
        for (var round = 0; round < Options.Rounds; round++)
        {
            runs.Add(await MeasureAsync(Server, workload, connections, round));
        }

        var median = Measured.MedianOf(runs);
        Table.Add(row, connections, median);
        return median;
    }

    /// <summary>Measures the reference alone.</summary>
    public async Task MeasureBareAsync(string row, Workload reference, int connections)
    {
        var runs = new List<Measured>();
        for (var round = 0; round < Options.Rounds; round++)
        {
            runs.Add(await MeasureAsync(Bare, reference, connections, round));
        }

        Table.Add($"{row}: bare Kestrel", connections, Measured.MedianOf(runs));
    }

    private Task<Measured> MeasureAsync(ServerChild child, Workload workload, int connections, int round) =>
        // Compilers and caches need the long warm-up once.
        new Driver(child, workload, connections).MeasureAsync(round == 0 ? Options.WarmUp : TimeSpan.FromSeconds(0.5), Options.Duration);

    public async ValueTask DisposeAsync()
    {
        if (Options.Kept is not null)
        {
            await Server.StopAsync();
        }

        await Server.DisposeAsync();
        await Bare.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
