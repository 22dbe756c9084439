using HealthChain.Load.Data;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>What a hospital's day looks like to a server: mostly reads and a patient's lists, some writes.</summary>
internal static class Mixed
{
    public static async Task RunAsync(Bench bench)
    {
        await bench.LoadAsync(bench.Options.Resources ?? 35_000);
        await bench.MeasureAsync("50 % read, 25 % patient search, 20 % create, 5 % update", new Mixture(bench.Clinic, bench.Patients), bench.Options.Connections ?? 32);
    }
}

/// <summary>Twenty requests in turn: ten reads, five searches, four creates, an update.</summary>
internal sealed class Mixture(Clinic clinic, long patients) : Workload
{
    private const int Turn = 20;

    private readonly Workload[] _kinds =
        [new Reads(patients), Searching.PatientAndCode(patients), new Creates(clinic, 1000, firstPatient: 9_000_000), new Updates(clinic, patients)];

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer) => KindOf(number).Write(number, buffer);

    public override void Check(long number, in Response response) => KindOf(number).Check(number, response);

    public override int Resources(long number) => KindOf(number).Resources(number);

    private Workload KindOf(long number) => _kinds[(number % Turn) switch
    {
        0 or 2 or 4 or 6 or 8 or 10 or 12 or 14 or 16 or 18 => 0,
        1 or 5 or 9 or 13 or 17 => 1,
        19 => 3,
        _ => 2,
    }];
}

/// <summary>Observations of the store again, without a condition.</summary>
internal sealed class Updates(Clinic clinic, long patients) : Workload
{
    private readonly byte[] _resource = new byte[1 << 16];

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer)
    {
        var patient = 1 + Scatter(number, patients);
        var index = (int)(number % Clinic.ObservationsPerPatient);
        var length = clinic.Write(_resource, patient, index);
        return Requests.WithBody("PUT", "/fhir/" + Clinic.Path(patient, index), _resource.AsSpan(0, length));
    }

    public override void Check(long number, in Response response) => UnexpectedAnswerException.Unless(response.Status == 200, "200", response);
}
