using System.Text;
using System.Text.Json;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;

namespace HealthChain.FhirServer.Consents;

/// <summary>Which organisation holds a patient's record: <c>Patient.managingOrganization</c>, https://hl7.org/fhir/R4/patient.html#resource.</summary>
internal static class RecordHolder
{
    private const string Member = "managingOrganization";

    /// <summary>
    /// A new patient, held by the organisation on whose behalf the patient is added where nothing else is said: a record that nobody holds would be
    /// nobody's to read.
    /// </summary>
    public static Element Of(Element patient, Requester requester)
    {
        if (requester.Organisation is not { } organisation || patient.Child(Member).Exists)
        {
            return patient;
        }

        ReadOnlySpan<byte> json = patient.Tree.Json.Span;
        byte[] holder = Encoding.UTF8.GetBytes($",\"{Member}\":{{\"reference\":\"{JsonEncodedText.Encode(organisation)}\"}}");
        int end = json.LastIndexOf((byte)'}');
        return FhirJson.Read((byte[])[.. json[..end], .. holder, .. json[end..]]).Root;
    }
}
