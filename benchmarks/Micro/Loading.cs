using System.Diagnostics;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Micro;

/// <summary>
/// What a process pays before it can read and look things up: the schema of all types, and opening the definitions up to the first one
/// decoded. Only the first call in a process says something, so it runs alone: <c>-- load</c>.
/// </summary>
internal static class Loading
{
    public static void Run()
    {
        long before = Environment.WorkingSet;
        long start = Stopwatch.GetTimestamp();
        int types = FhirSchema.R4.Types.Count;
        double schema = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        int elements = DefinitionSet.R4.Type("Patient")!.Snapshot.Count;
        double both = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double megabytes = (Environment.WorkingSet - before) / 1048576.0;
        Console.WriteLine($"load: schema of {types} types {schema:F1} ms, with definitions and the {elements} elements of Patient {both:F1} ms, {megabytes:F1} MB more resident");
    }
}
