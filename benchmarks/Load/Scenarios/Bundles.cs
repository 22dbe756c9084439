using System.IO.Compression;
using System.Text.Json;
using HealthChain.Load.Data;
using HealthChain.Load.Http;
using HealthChain.TestKit;

namespace HealthChain.Load.Scenarios;

/// <summary>Whole patients as transactions: https://hl7.org/fhir/R4/http.html#transaction</summary>
internal static class Bundles
{
    private const int InFlight = 4;

    public static async Task RunAsync(Bench bench)
    {
        var folder = Path.Combine(Environment.GetEnvironmentVariable("HEALTHCHAIN_SHARED") ?? Repository.PathOf("../shared"), "data/synthea");
        if (Directory.Exists(folder))
        {
            await bench.MeasureAsync("Synthea patients as transactions", new SyntheaPatients(folder), bench.Options.Connections ?? InFlight);
        }

        await bench.MeasureAsync("generated patients as transactions", new Loading(bench.Clinic, firstPatient: 1), bench.Options.Connections ?? InFlight);
    }
}

/// <summary>Patients of the clinic, one after another.</summary>
internal sealed class Loading(Clinic clinic, long firstPatient) : Workload
{
    private readonly PatientBundles _bundles = new(clinic);

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer) => _bundles.Of(firstPatient + number);

    public override int Resources(long number) => Clinic.ResourcesPerPatient;

    public override void Check(long number, in Response response) =>
        UnexpectedAnswerException.Unless(response.Status == 200 && response.Count("\"status\":\"201"u8) == Clinic.ResourcesPerPatient, "a transaction of creations", response);
}

/// <summary>Synthetic patients of another maker, over and over: every entry is a POST, so each time new resources come to be.</summary>
internal sealed class SyntheaPatients : Workload
{
    private readonly List<(byte[] Request, int Resources)> _patients = [];

    public SyntheaPatients(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.json.gz").Order(StringComparer.Ordinal))
        {
            using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            var bundle = new MemoryStream();
            file.CopyTo(bundle);
            using var json = JsonDocument.Parse(bundle.ToArray());
            _patients.Add((Requests.WithBody("POST", "/fhir", bundle.ToArray()), json.RootElement.GetProperty("entry").GetArrayLength()));
        }
    }

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer) => Of(number).Request;

    public override int Resources(long number) => Of(number).Resources;

    public override void Check(long number, in Response response) =>
        UnexpectedAnswerException.Unless(response.Status == 200 && response.Count("\"status\":\"201"u8) == Of(number).Resources, "a transaction of creations", response);

    private (byte[] Request, int Resources) Of(long number) => _patients[(int)(number % _patients.Count)];
}
