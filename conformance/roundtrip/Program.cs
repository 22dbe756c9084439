using System.Diagnostics;
using HealthChain.RoundTrip;

// Usage: [FOLDER-OR-TGZ…] — every resource in them goes from JSON to the model and to XML and back, and must come back unchanged.
string[] sources = args.Length > 0 ? args : [Packages.Examples() ?? ""];
if (sources.Contains(""))
{
    Console.Error.WriteLine("The package hl7.fhir.r4.examples is not there: build src/Fhir first, or name a folder or archive.");
    return 2;
}

var exceptions = Exceptions.Load();
return sources.Sum(source => Report(source, exceptions)) == 0 ? 0 : 1;

static int Report(string source, Exceptions exceptions)
{
    int files = 0;
    int failed = 0;
    int refused = 0;
    long bytes = 0;
    var clock = Stopwatch.StartNew();
    foreach ((string name, byte[] content) in Packages.Resources(source))
    {
        files++;
        bytes += content.Length;
        RoundTripOutcome outcome = RoundTripCheck.Run(name, content, exceptions);
        if (outcome.Failure is { } failure)
        {
            failed++;
            Console.WriteLine($"FAILED  {name}: {failure}");
        }
        else if (outcome.Exception is { } reason)
        {
            refused++;
            Console.WriteLine($"refused {name}: {reason}");
        }
    }

    Console.WriteLine(
        $"{Path.GetFileName(source)}: {files} files, {bytes / 1e6:F1} MB: {files - failed - refused} unchanged, {refused} rightly refused, {failed} failed, in {clock.Elapsed.TotalSeconds:F1} s");
    return failed;
}
