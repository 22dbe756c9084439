using HealthChain.Load.Data;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>Reads by id: https://hl7.org/fhir/R4/http.html#read</summary>
internal static class Reading
{
    public static async Task RunAsync(Bench bench)
    {
        await bench.LoadAsync(bench.Options.Resources ?? 20_000);
        await bench.CompareAsync("read", new Reads(bench.Patients), new Reads(bench.Patients), bench.Options.Connections ?? 32);
    }
}

/// <summary>Observations all over the store, in no order.</summary>
internal sealed class Reads(long patients) : Workload
{
    private static readonly Template Request = new(Requests.Get("/fhir/Observation/o#########"));

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer) => buffer.AsMemory(0, Request.Write(buffer, Id(number)));

    public override void Check(long number, in Response response)
    {
        UnexpectedAnswerException.Unless(response.Status == 200 && response.Body.Length > 0, "200 with a body", response);
        if (IsSample(number))
        {
            UnexpectedAnswerException.Unless(
                response.Count("\"resourceType\":\"Observation\""u8) == 1 && response.Body.Span.EndsWith("}]}"u8), "a whole Observation", response);
        }
    }

    private long Id(long number)
    {
        var scattered = Scatter(number, patients * Clinic.ObservationsPerPatient);
        return Clinic.ObservationId(1 + scattered / Clinic.ObservationsPerPatient, (int)(scattered % Clinic.ObservationsPerPatient));
    }
}
