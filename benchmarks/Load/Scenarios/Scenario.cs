namespace HealthChain.Load.Scenarios;

/// <summary>One thing that is measured, on a server with a fresh data folder.</summary>
internal sealed record Scenario(string Name, string Summary, Func<Bench, Task> RunAsync)
{
    public static Scenario[] All { get; } =
    [
        new("reference", "the bare endpoints alone: what this machine can do now", ReferenceAsync),
        new("read", "resources of 2 KB by id, beside a bare endpoint that answers the same bytes", Reading.RunAsync),
        new("create", "Observations of 2 KB for different patients, beside a bare endpoint that answers 201", Creating.RunAsync),
        new("bundles", "whole patients as transactions, four in flight", Bundles.RunAsync),
        new("patient-search", "20 results for a patient and a code, sorted by date", Searching.PatientAsync),
        new("include", "searches with _include", Searching.IncludeAsync),
        new("revinclude", "searches with _revinclude", Searching.RevIncludeAsync),
        new("has", "searches with _has", Searching.HasAsync),
        new("chain", "chained searches", Searching.ChainAsync),
        new("mixed", "reads, searches, creates and updates together", Mixed.RunAsync),
        new("access-log", "reads, searches and creates with the access log and without it", Logging.RunAsync),
        new("subscriptions", "creates with 1,000 Subscriptions on the type and without any", Notifying.RunAsync),
        new("growth", "creates and patient searches at 10,000 to 1,000,000 resources", Growing.RunAsync),
        new("memory", "resident memory after loading 1,000,000 resources", Growing.MemoryAsync),
        new("update", "check: 1,000 parallel updates with If-Match have one winner per version", Races.UpdateAsync),
        new("conditional", "check: 50 parallel conditional creates of one identifier make one resource", Races.ConditionalAsync),
    ];

    private static async Task ReferenceAsync(Bench bench)
    {
        var connections = bench.Options.Connections ?? 32;
        await bench.MeasureBareAsync("read", new Reads(patients: 100), connections);
        await bench.MeasureBareAsync("create", new Creates(bench.Clinic, patients: 100, isBare: true), connections);
    }
}
