namespace HealthChain.Load.Scenarios;

/// <summary>What the access log costs: the same requests to a server with it and to one without, which take turns.</summary>
internal static class Logging
{
    private static readonly int[] DefaultConnections = [32, 256];

    public static async Task RunAsync(Bench bench)
    {
        await using var silent = await Bench.StartAsync(bench.Options with { Server = [.. bench.Options.Server, "--access-log", "false"] }, bench.Table);
        var resources = bench.Options.Resources ?? 20_000;
        await bench.LoadAsync(resources);
        await silent.LoadAsync(resources);
        foreach (var connections in bench.Options.Connections is { } chosen ? [chosen] : DefaultConnections)
        {
            await bench.CompareAsync("read: log on", new Reads(bench.Patients), silent, "read: log off", new Reads(silent.Patients), connections);
            await bench.CompareAsync("search: log on", Searching.PatientAndCode(bench.Patients), silent, "search: log off", Searching.PatientAndCode(silent.Patients), connections);
            await bench.CompareAsync(
                "create: log on", new Creates(bench.Clinic, bench.Patients), silent, "create: log off", new Creates(silent.Clinic, silent.Patients), connections);
        }
    }
}
