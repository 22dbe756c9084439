using HealthChain.Fhir;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Interactions;

/// <summary>One thing that a FHIR server is asked to do: https://hl7.org/fhir/R4/http.html. Without state; shared by all requests.</summary>
internal interface IInteraction
{
    ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken);
}
