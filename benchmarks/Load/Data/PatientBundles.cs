using System.Buffers;
using System.Text;
using HealthChain.Load.Http;

namespace HealthChain.Load.Data;

/// <summary>A patient's resources as one transaction, with ids chosen by the client: the fast way to fill a store.</summary>
internal sealed class PatientBundles(Clinic clinic)
{
    private const int LongestResource = 1 << 16;

    /// <summary>The request that brings what all patients refer to.</summary>
    public static byte[] Shared()
    {
        var body = Begin();
        for (var number = 1; number <= Clinic.Practitioners; number++)
        {
            body.Advance(Clinic.WritePractitioner(BeginEntry(body, isFirst: number == 1), number));
            EndEntry(body, $"Practitioner/d{number:00}");
        }

        return End(body);
    }

    /// <summary>The request that brings a patient.</summary>
    public byte[] Of(long patient)
    {
        var body = Begin();
        for (var index = 0; index < Clinic.ResourcesPerPatient; index++)
        {
            body.Advance(clinic.Write(BeginEntry(body, isFirst: index == 0), patient, index));
            EndEntry(body, Clinic.Path(patient, index));
        }

        return End(body);
    }

    private static ArrayBufferWriter<byte> Begin()
    {
        var body = new ArrayBufferWriter<byte>(1 << 18);
        body.Write("{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["u8);
        return body;
    }

    private static Span<byte> BeginEntry(ArrayBufferWriter<byte> body, bool isFirst)
    {
        body.Write(isFirst ? "{\"resource\":"u8 : ",{\"resource\":"u8);
        return body.GetSpan(LongestResource);
    }

    private static void EndEntry(ArrayBufferWriter<byte> body, string path)
    {
        body.Write(",\"request\":{\"method\":\"PUT\",\"url\":\""u8);
        Encoding.UTF8.GetBytes(path, body);
        body.Write("\"}}"u8);
    }

    private static byte[] End(ArrayBufferWriter<byte> body)
    {
        body.Write("]}"u8);
        return Requests.WithBody("POST", "/fhir", body.WrittenSpan);
    }
}
