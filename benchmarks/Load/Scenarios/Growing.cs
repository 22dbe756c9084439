namespace HealthChain.Load.Scenarios;

/// <summary>What becomes of rates and memory as the store fills.</summary>
internal static class Growing
{
    private static readonly long[] Steps = [10_000, 100_000, 300_000, 1_000_000];

    public static async Task RunAsync(Bench bench)
    {
        var connections = bench.Options.Connections ?? 32;
        foreach (var step in Steps.TakeWhile(step => step <= (bench.Options.Resources ?? long.MaxValue)))
        {
            Report(bench, step, await bench.LoadAsync(step));
            await bench.MeasureAsync($"{step:N0}: patient search", Searching.PatientAndCode(bench.Patients), connections);
            // Each patient keeps 24 of each code for the search: what creates add goes to patients whom no search asks for.
            await bench.CompareAsync($"{step:N0} and more: create", new Creates(bench.Clinic, 1000, firstPatient: 9_000_000), new Creates(bench.Clinic, 1000, isBare: true), connections);
        }

        bench.Table.Say("Loss from the first step to the last: compare the columns 'of bare' for creates and 'server CPU' for searches.");
    }

    public static async Task MemoryAsync(Bench bench)
    {
        var resources = bench.Options.Resources ?? Steps[^1];
        Report(bench, resources, await bench.LoadAsync(resources));
        bench.Table.Say($"Resident after loading {resources:N0} resources: {bench.Server.ResidentMegabytes:F0} MB; at most: {bench.Server.PeakMegabytes:F0} MB");
    }

    private static void Report(Bench bench, long resources, Measured? loaded)
    {
        if (loaded is not null)
        {
            bench.Table.Add($"loading to {resources:N0}", 4, loaded);
        }
    }
}
