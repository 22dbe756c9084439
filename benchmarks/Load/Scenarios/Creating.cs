using HealthChain.Load.Data;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>Creates, each durable before it is answered: https://hl7.org/fhir/R4/http.html#create</summary>
internal static class Creating
{
    public static async Task RunAsync(Bench bench)
    {
        await bench.LoadAsync(bench.Options.Resources ?? 10_000);
        await bench.CompareAsync("create", new Creates(bench.Clinic, bench.Patients), new Creates(bench.Clinic, bench.Patients, isBare: true), bench.Options.Connections ?? 32);
    }
}

/// <summary>New Observations, neighbours in time for different patients.</summary>
/// <param name="isBare">The reference answers nothing but 201.</param>
internal sealed class Creates(Clinic clinic, long patients, long firstPatient = 1, bool isBare = false) : Workload
{
    private readonly Template[] _heads =
        [.. Enumerable.Range(0, Clinic.Codes).Select(code => new Template(Requests.HeadWithBody("POST", "/fhir/Observation", clinic.LengthOfNew(code))))];

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer)
    {
        var index = (int)(number % Clinic.ObservationsPerPatient);
        var length = _heads[index % Clinic.Codes].Write(buffer);
        // Identifiers are beyond those of what was loaded.
        length += clinic.WriteNew(buffer.AsSpan(length), firstPatient + Scatter(number, patients), index, 100_000_000_000 + number);
        return buffer.AsMemory(0, length);
    }

    public override void Check(long number, in Response response)
    {
        UnexpectedAnswerException.Unless(response.Status == 201, "201", response);
        if (!isBare && IsSample(number))
        {
            UnexpectedAnswerException.Unless(
                !response.Header("Location"u8).IsEmpty && response.Header("ETag"u8).SequenceEqual("W/\"1\""u8), "Location and the ETag of version 1", response);
        }
    }
}
