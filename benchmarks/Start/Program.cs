using HealthChain.Start;

// dotnet run -c Release --project benchmarks/Start -- [STARTS]
var starts = args is [var text] ? int.Parse(text) : 20;
var patient = Path.Combine(Path.GetTempPath(), $"healthchain-start-{Environment.ProcessId}.json");
File.WriteAllText(patient, """
    {
      "resourceType": "Patient",
      "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Ada Lovelace</div>" },
      "identifier": [{ "system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345" }],
      "active": true,
      "name": [{ "use": "official", "family": "Lovelace", "given": ["Ada"] }],
      "telecom": [{ "system": "phone", "value": "(03) 5555 6473", "use": "work" }],
      "gender": "female",
      "birthDate": "1815-12-10",
      "contact": [{ "relationship": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0131", "code": "N" }] }], "name": { "family": "Byron" } }]
    }
    """);

try
{
    // The first start fills the caches of the file system.
    await Measurement.ValidateAsync(patient);

    var metadata = new List<double>();
    var validation = new List<double>();
    var memory = new List<double>();
    for (var i = 0; i < starts; i++)
    {
        metadata.Add((await Measurement.FirstMetadataAsync()).TotalMilliseconds);
        validation.Add((await Measurement.ValidateAsync(patient)).TotalMilliseconds);
        memory.Add(await Measurement.PeakMegabytesAsync(patient));
    }

    Console.WriteLine($"{starts} starts, alternating; median (least, most)");
    var met = Report("process start to first metadata answer", metadata, 600, "ms")
        & Report("process start to end of validating one Patient", validation, 500, "ms")
        & Report("peak resident memory after validating it", memory, 100, "MB");
    return met ? 0 : 1;
}
finally
{
    File.Delete(patient);
}

static bool Report(string what, List<double> figures, double bar, string unit)
{
    figures.Sort();
    var median = figures[figures.Count / 2];
    Console.WriteLine($"{what,-48} {median,5:F0} {unit} ({figures[0]:F0}, {figures[^1]:F0}); bar {bar} {unit}: {(median <= bar ? "met" : "MISSED")}");
    return median <= bar;
}
