using System.Diagnostics;
using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.Micro;

/// <summary>How long a server takes to learn the consents of very many patients, and how much memory: each has signed one of twenty forms. Reading them from the store comes on top.</summary>
internal static class ConsentFilling
{
    private const int Batch = 1000;

    // Who starts a server does not want to wait longer, and neither does who runs this.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public static void Run(IResourceStore store)
    {
        if (Fill(store, 200_000) * 5 < Longest)
        {
            Fill(store, 1_000_000);
        }
    }

    private static TimeSpan Fill(IResourceStore store, int patients)
    {
        var directory = new ConsentDirectory(store, new Vocabulary(new TerminologyService(DefinitionSet.R4)), new IndexHasher(new byte[IndexHasher.KeyBytes]), new ServerOptions());
        long before = GC.GetTotalMemory(forceFullCollection: true);
        TimeSpan processor = TimeSpan.Zero;
        TimeSpan clock = TimeSpan.Zero;
        for (int first = 0; first < patients; first += Batch)
        {
            StoredVersion[] versions = [.. Enumerable.Range(first, Batch).SelectMany(patient => Of(patient, patient * 2L))];
            long start = Stopwatch.GetTimestamp();
            TimeSpan used = ThreadTime.Now;
            directory.Note(versions, _ => null);
            processor += ThreadTime.Now - used;
            clock += Stopwatch.GetElapsedTime(start);
        }

        long bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(directory);
        Console.WriteLine($"{patients} patients with a consent each: {processor.TotalSeconds:F1} s of processor time ({clock.TotalSeconds:F1} s by the clock), {bytes / (double)patients:F0} bytes each");
        return clock;
    }

    private static StoredVersion[] Of(int patient, long sequence) =>
    [
        Version("Patient", $"p{patient}", sequence + 1, $$"""{"resourceType":"Patient","id":"p{{patient}}","gender":"female","managingOrganization":{"reference":"{{ConsentMix.Hospital}}"} }"""),
        Version("Consent", $"s{patient}", sequence + 2, $$"""{"resourceType":"Consent","id":"s{{patient}}",{{ConsentMix.Form(patient, patient % 20)}}"""),
    ];

    private static StoredVersion Version(string type, string id, long sequence, string json) =>
        new(new ResourceKey(type, id), 1, DateTimeOffset.UnixEpoch, sequence, ChangeKind.Create, Encoding.UTF8.GetBytes(json));
}
